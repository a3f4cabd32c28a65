using Httpmq.Application.Subscriptions;

namespace Httpmq.Api.Pulling;

/// <summary>How the messages of a pull stand in its answer: a start, each message, an end.</summary>
internal interface IPulledAnswer : IDeliverySink
{
    string ContentType { get; }

    /// <summary>Bytes written so far.</summary>
    long Bytes { get; }

    void WriteStart(string requestId);

    /// <param name="warnings">What the request had that nobody knows; null: nothing.</param>
    void WriteEnd(IReadOnlyList<string>? warnings);
}

/// <summary>What the client of a pull asked to have as the answer.</summary>
internal enum PulledForm
{
    /// <summary>All messages, as JSON.</summary>
    Json,

    /// <summary>The bytes of one message.</summary>
    Bytes,

    /// <summary>All messages, as an array of CloudEvents.</summary>
    CloudEvents,

    /// <summary>One message, as a CloudEvent.</summary>
    CloudEvent,
}
