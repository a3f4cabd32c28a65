using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Api.Tracing;
using Httpmq.Application.Subscriptions;
using Httpmq.Application.Telemetry;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Api.Pulling;

/// <summary>Runs pulls, with what all of them need.</summary>
internal sealed class Pulls(OpenStreams streams, GatewayMetrics metrics, IHostApplicationLifetime lifetime, TimeProvider time)
{
    // More than a pull may wait.
    private static readonly TimeSpan LongestPull = TimeSpan.FromHours(1);

    /// <summary>Runs one pull, which has its place, to the end of its answer; the pull is disposed and the place given back then.</summary>
    /// <param name="http">The request.</param>
    /// <param name="pull">What it brings.</param>
    /// <param name="form">How the messages stand in the answer.</param>
    /// <param name="encoding">Of the payloads in JSON.</param>
    public async Task RunAsync(HttpContext http, IPull pull, PulledForm form, PayloadEncoding encoding)
    {
        LongRequest.LeaveOutOfDurations(http);
        var counts = new SessionMetrics(metrics, "pull", NameOf(form));
        var open = new OpenPullAnswer(http, pull, counts, time);
        try
        {
            await streams.RunAsync(open, () => AnswerAsync(open, http, pull, form, encoding));
        }
        finally
        {
            streams.LeaveSubscription();
            counts.End(open.IsCutOff ? SessionMetrics.CutOff
                : http.RequestAborted.IsCancellationRequested ? SessionMetrics.ClientGone
                : open.Reason?.Type.Slug ?? SessionMetrics.Complete);
        }
    }

    private static string NameOf(PulledForm form) => form switch
    {
        PulledForm.Bytes => "bytes",
        PulledForm.CloudEvents => "cloudevents",
        PulledForm.CloudEvent => "cloudevent",
        _ => "json",
    };

    private async Task AnswerAsync(OpenPullAnswer open, HttpContext http, IPull pull, PulledForm form, PayloadEncoding encoding)
    {
        await using (pull)
        {
            var stopping = lifetime.ApplicationStopping;
            var caller = CallerMiddleware.CallerOf(http);
            using var ends = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping, caller.Ended);
            if (caller.Expires - time.GetUtcNow() is { } left && left < LongestPull)
            {
                ends.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            }

            var error = await pull.CompleteAsync(ends.Token);
            if (http.RequestAborted.IsCancellationRequested)
            {
                // What came goes back to JetStream.
                return;
            }

            // Who may not any more gets nothing that came: it goes back, too.
            error = caller.CheckEnd(time) ?? error;
            if (error is null && !pull.HasMessages && stopping.IsCancellationRequested)
            {
                var operation = PullErrors.Operation(StreamName.OfExisting(pull.Stream), ConsumerName.OfExisting(pull.Consumer));
                error = HttpErrors.Stopping with { Operation = operation };
            }

            if (error is not null)
            {
                open.Reason = error;
                ErrorResponses.Write(http, error);
                return;
            }

            http.Response.Headers.CacheControl = "no-store";
            VaryByAccept.Note(http.Response);
            await (form switch
            {
                PulledForm.Bytes => open.WriteOneAsync(new PulledBytes(http.Response, pull.Stream, pull.Consumer)),
                PulledForm.CloudEvent => open.WriteEventAsync(),
                _ => open.WriteAllAsync(form, encoding),
            });
        }
    }
}

/// <summary>The answer of one pull.</summary>
internal sealed class OpenPullAnswer(HttpContext http, IPull pull, SessionMetrics counts, TimeProvider time) : IOpenStream
{
    // A flush per so many bytes at most: what the client does not take stays where it can be given back.
    private const int BytesPerFlush = 64 * 1024;

    private readonly DeliverySpans? _spans = DeliverySpans.Create("pull", pull.Stream, pull.Consumer, time);
    private readonly MeasuredFlush _flush = new(new ChunkedOutput(http.Response.BodyWriter), time, http.RequestAborted);

    public string RequestId => http.TraceIdentifier;

    public string Principal => CallerMiddleware.CallerOf(http).Name;

    public string Description => $"the pull from {pull.Stream}/{pull.Consumer}";

    public TimeSpan Stalled => _flush.Stalled;

    public string ConnectionId => http.Connection.Id;

    public bool HoldsBody => false;

    public bool IsEnding => false;

    /// <summary>Why there are no messages; null: there are, or there were none.</summary>
    public Error? Reason { get; set; }

    /// <summary>Whether the gateway cut the client off.</summary>
    public bool IsCutOff { get; private set; }

    public void Abort()
    {
        IsCutOff = true;
        http.Abort();
    }

    public async Task WriteAllAsync(PulledForm form, PayloadEncoding encoding)
    {
        if (form is PulledForm.CloudEvents)
        {
            using var events = new PulledCloudEvents(_flush.Output, pull.Stream, pull.Consumer);
            await WriteAsync(events);
        }
        else
        {
            await WriteAsync(new PulledJson(_flush.Output, pull.Stream, pull.Consumer, encoding));
        }
    }

    public async Task WriteEventAsync()
    {
        http.Response.ContentType = CloudEventJson.ContentType;
        using var one = new PulledCloudEvents(_flush.Output, pull.Stream, pull.Consumer);
        await WriteOneAsync(one);
    }

    /// <summary>Writes one message; 204 where none came.</summary>
    public async Task WriteOneAsync(IDeliverySink sink)
    {
        if (pull.Drain(_spans?.Around(sink) ?? sink, budget: 1) == 0)
        {
            http.Response.ContentType = null;
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        counts.Delivered(1, sink is IPulledAnswer answer ? answer.Bytes : http.Response.ContentLength ?? 0);
        var isTaken = await _flush.TryAsync();
        _spans?.End(count: 1, isTaken);
    }

    private async Task WriteAsync(IPulledAnswer answer)
    {
        http.Response.ContentType = answer.ContentType;
        try
        {
            answer.WriteStart(RequestId);
            var sink = _spans?.Around(answer) ?? answer;
            var before = answer.Bytes;
            while (pull.Drain(sink, BytesPerFlush) is > 0 and var count)
            {
                counts.Delivered(count, answer.Bytes - before);
                before = answer.Bytes;
                var isTaken = await _flush.TryAsync();
                _spans?.End(count, isTaken);
                if (!isTaken)
                {
                    return;
                }
            }

            answer.WriteEnd(http.Features.Get<RequestNotes>()?.AddTo(others: null));
            await _flush.TryAsync();
        }
        finally
        {
            AccessLogMiddleware.CountBytes(http, answer.Bytes);
        }
    }
}
