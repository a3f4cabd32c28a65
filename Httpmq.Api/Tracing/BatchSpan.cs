using System.Diagnostics;
using Httpmq.Application.Publishing;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Tracing;

/// <summary>
/// The span of a batch of messages, to which it links those that have a trace of their own. The others carry that of the batch.
/// </summary>
internal sealed class BatchSpan : IDisposable
{
    private readonly Activity _span;
    private readonly int _maxPayload;
    private int _links;
    private long _records;
    private long _failed;

    private BatchSpan(Activity span, int maxPayload)
    {
        _span = span;
        _maxPayload = maxPayload;
    }

    /// <summary>Null where the request is not sampled, and while nobody traces.</summary>
    /// <param name="maxPayload">The largest message, in bytes.</param>
    /// <param name="subject">Where all of them are published; null: each has its own.</param>
    public static BatchSpan? Start(int maxPayload, string? subject = null) =>
        Spans.StartPublishBatch(subject) is { } span ? new BatchSpan(span, maxPayload) : null;

    /// <summary>The record as it is sent.</summary>
    public Publication Carry(in Publication publication)
    {
        if (!TraceHeaders.HasParent(publication.Headers))
        {
            return Replace(publication);
        }

        if (_links < Spans.MaxLinks && TraceHeaders.TryReadSampled(publication.Headers, out var context))
        {
            _links++;
            _span.AddLink(new ActivityLink(context));
        }

        return publication;
    }

    /// <summary>The record with the trace of the batch, whatever it had.</summary>
    public Publication Replace(in Publication publication) => publication.WithTrace(_span, _maxPayload);

    /// <summary>What became of one record.</summary>
    public void Count(in PublishOutcome outcome)
    {
        _records++;
        if (outcome.Error is { } error && _failed++ == 0)
        {
            // The first one says what to look for.
            _span.Fail(error);
        }
    }

    /// <summary>What became of all of them together.</summary>
    public void Count(int records, Error? error)
    {
        _records = records;
        _failed = error is null ? 0 : records;
        _span.Fail(error);
    }

    /// <summary>The end of the batch.</summary>
    public void Dispose()
    {
        _span.SetTag("messaging.batch.message_count", _records).SetTag("httpmq.failed", _failed);
        _span.Dispose();
    }
}
