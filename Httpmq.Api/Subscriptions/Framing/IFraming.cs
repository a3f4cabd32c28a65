using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.Subscriptions.Framing;

/// <summary>
/// How a subscription's deliveries become bytes of its answer. Each member ends where a frame ends, so that the answer may be flushed after
/// any of them; <see cref="IDeliverySink.Write"/> writes one delivery. Held by one suite of tests for all framings.
/// </summary>
internal interface IFraming : IDeliverySink
{
    /// <summary>The answer's content type.</summary>
    string ContentType { get; }

    /// <summary>The answer's <c>Cache-Control</c>.</summary>
    string CacheControl { get; }

    /// <summary>Bytes written so far.</summary>
    long Bytes { get; }

    /// <summary>Written once, before anything else: the client learns that it is subscribed. May write nothing.</summary>
    void WriteOpen();

    /// <summary>Tells the client, between deliveries, that the subscription still lives. May write nothing.</summary>
    /// <param name="now">The time that it tells.</param>
    void WriteKeepAlive(DateTimeOffset now);

    /// <summary>Writes an object that is no delivery: what became of something that the client asked meanwhile.</summary>
    /// <param name="json">The object, without line breaks.</param>
    void WriteEvent(ReadOnlySpan<byte> json);

    /// <summary>Written last: why the answer ends from this side.</summary>
    void WriteEnd(Error error);
}
