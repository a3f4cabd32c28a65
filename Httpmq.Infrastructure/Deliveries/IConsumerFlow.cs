using System.Buffers;
using Httpmq.Domain.Errors;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>What a source does otherwise for a push and for a pull consumer.</summary>
internal interface IConsumerFlow
{
    /// <summary>What tells JetStream that a message was not handed over.</summary>
    ReadOnlyMemory<byte> Nak { get; }

    /// <summary>Whether it is worth the request if the consumer still sends here; asked from time to time.</summary>
    bool WantsCheck { get; }

    /// <summary>The subscription was sent to the server.</summary>
    void Start();

    /// <summary>The consumer was seen after the server had the subscription.</summary>
    void OnOpened();

    /// <summary>Called after a reconnect, and every second.</summary>
    void Refresh(bool reconnected);

    /// <summary>A message of the consumer arrived.</summary>
    void OnMessage();

    /// <summary>It is in the queue now.</summary>
    void OnQueued()
    {
    }

    /// <summary>The source ended.</summary>
    void OnFinished()
    {
    }

    /// <summary>The subscriber took some messages.</summary>
    void OnDrained(int count);

    /// <summary>The server said something about the subscription.</summary>
    void OnStatus(int status, string? replyTo, in ReadOnlySequence<byte> headers);

    /// <summary>Something came that is neither the consumer's nor the server's.</summary>
    void OnForeign(in ReadOnlySequence<byte> payload);
}

/// <summary>What a flow sees of its source, and does with it.</summary>
internal interface IFlowSource
{
    /// <summary>Where it listens.</summary>
    string Subject { get; }

    /// <summary>It ended, or nobody will read any more.</summary>
    bool IsOver { get; }

    /// <summary>Whether NATS is connected.</summary>
    bool IsConnected { get; }

    /// <summary>Whether the subscriber has taken enough to be sent more.</summary>
    bool HasRoom { get; }

    /// <inheritdoc cref="BackgroundSender.Send"/>
    void Send(string subject, ReadOnlyMemory<byte> payload, string? replyTo = null);

    /// <summary>Ends it with a reason that the subscriber is told; the first reason stays.</summary>
    void Finish(Error reason);

    /// <summary>
    /// Ends it here and at NATS. Not only when the client notices: it may never read again, and others are waiting.
    /// </summary>
    void FinishAndUnsubscribe(Error reason);

    /// <summary>Checks whether the consumer is still there, and ends the source where it is not.</summary>
    void RequestCheck();
}
