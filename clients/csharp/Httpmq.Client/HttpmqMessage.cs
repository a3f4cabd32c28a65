namespace Httpmq.Client;

/// <summary>One delivery of a message.</summary>
public sealed class HttpmqMessage
{
    private static readonly Dictionary<string, IReadOnlyList<string>> NoHeaders = [];

    private readonly ISettler _settler;

    internal HttpmqMessage(ISettler settler, DeliveryLine line)
    {
        _settler = settler;
        (Stream, Consumer, Subject, Data) = (line.Stream, line.Consumer, line.MessageSubject ?? line.Subject, line.B64Msg ?? []);
        (StreamSequence, ConsumerSequence, Token) = (line.Sequence.Stream, line.Sequence.Consumer, line.Token);
        (Headers, Deliveries, Pending, Time) = (line.Headers ?? NoHeaders, line.Deliveries, line.Pending, line.Time);
    }

    internal HttpmqMessage(ISettler settler, string stream, string consumer, PulledMessage message)
    {
        _settler = settler;
        (Stream, Consumer, Subject, Data) = (stream, consumer, message.Subject, message.B64Msg ?? []);
        (StreamSequence, ConsumerSequence, Token) = (message.Sequence.Stream, message.Sequence.Consumer, message.Token);
        (Headers, Deliveries, Pending, Time) = (message.Headers ?? NoHeaders, message.Deliveries, message.Pending, message.Time);
    }

    /// <summary>The stream that holds it.</summary>
    public string Stream { get; }

    /// <summary>The consumer that delivered it.</summary>
    public string Consumer { get; }

    /// <summary>The subject that it was published to.</summary>
    public string Subject { get; }

    /// <summary>Its sequence in the stream; a redelivery has the same.</summary>
    public ulong StreamSequence { get; }

    /// <summary>The delivery's sequence in the consumer; a redelivery has another.</summary>
    public ulong ConsumerSequence { get; }

    /// <summary>Identifies the delivery, with a check; null where the gateway gives none.</summary>
    public string? Token { get; }

    /// <summary>The message's headers, each with its values in their order; names differ by case.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Headers { get; }

    /// <summary>How often it has been delivered to the consumer, this time included; null where the gateway does not say.</summary>
    public ulong? Deliveries { get; }

    /// <summary>Messages that the consumer has not been sent yet; null where the gateway does not say.</summary>
    public ulong? Pending { get; }

    /// <summary>When the message was stored; null where the gateway does not say.</summary>
    public DateTimeOffset? Time { get; }

    /// <summary>The message.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>Acknowledges it; returns when JetStream confirmed that. Doing it twice does no harm.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="HttpmqException">
    /// It was refused, or it is not known whether it was confirmed; then it is safe to try again.
    /// </exception>
    public Task AcknowledgeAsync(CancellationToken cancellationToken = default) => _settler.AcknowledgeAsync(this, cancellationToken);

    /// <summary>Says that it was not processed: it is redelivered.</summary>
    /// <param name="delay">After how long; null: the consumer's backoff, or 1 s.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="HttpmqException">JetStream did not confirm it.</exception>
    public Task NakAsync(TimeSpan? delay = null, CancellationToken cancellationToken = default)
    {
        var entry = Name(new NakkedDelivery { Delay = delay?.Nanoseconds() });
        return _settler.SettleAsync(this, new SettleParameters { Nak = [entry] }, cancellationToken);
    }

    /// <summary>Says that it never will be processed: it is not redelivered.</summary>
    /// <param name="reason">For JetStream's advisory; null: none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="HttpmqException">JetStream did not confirm it.</exception>
    public Task TermAsync(string? reason = null, CancellationToken cancellationToken = default)
    {
        var entry = Name(new TermedDelivery { Reason = reason });
        return _settler.SettleAsync(this, new SettleParameters { Term = [entry] }, cancellationToken);
    }

    /// <summary>Says that it is being processed: the consumer's <c>ack_wait</c> begins anew.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="HttpmqException">JetStream did not confirm it.</exception>
    public Task ProgressAsync(CancellationToken cancellationToken = default) =>
        _settler.SettleAsync(this, new SettleParameters { Progress = [Name(new SettledDelivery())] }, cancellationToken);

    internal T Name<T>(T entry)
        where T : SettledDelivery
    {
        if (Token is null)
        {
            (entry.Stream, entry.Consumer) = (StreamSequence, ConsumerSequence);
        }

        entry.Token = Token;
        return entry;
    }
}

/// <summary>Where a delivery is settled: by requests of its own, or on the connection that it came on.</summary>
internal interface ISettler
{
    Task AcknowledgeAsync(HttpmqMessage message, CancellationToken cancellationToken);

    Task SettleAsync(HttpmqMessage message, SettleParameters settlement, CancellationToken cancellationToken);
}

/// <summary>Durations as the API has them.</summary>
internal static class Durations
{
    public static long Nanoseconds(this TimeSpan duration) => duration.Ticks * TimeSpan.NanosecondsPerTick;
}
