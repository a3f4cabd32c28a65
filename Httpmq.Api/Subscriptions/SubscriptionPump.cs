using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.Subscriptions;

/// <summary>Why a pump ended.</summary>
internal enum PumpEnd
{
    /// <summary>The client closed its side or its connection.</summary>
    ClientGone,

    /// <summary>The gateway stops.</summary>
    Stopping,

    /// <summary>The source ended: consumer gone, client too slow.</summary>
    SourceEnded,
}

/// <summary>
/// Moves messages from one source to one response: one loop, one reader, one writer, no locks. It writes all that is ready,
/// flushes once, and waits; the flush is the back-pressure.
/// </summary>
internal sealed class SubscriptionPump(
    HttpContext http, IDeliverySource source, IFraming framing, TimeProvider time, CancellationToken stopping)
    : IOpenStream
{
    // A flush per so many bytes at most, so that a big backlog neither fills the memory nor keeps the client waiting.
    private const int BytesPerFlush = 64 * 1024;

    private readonly MeasuredFlush _flush = new(http.Response.BodyWriter, time, http.RequestAborted);

    public string RequestId => http.TraceIdentifier;

    public string Description => $"the subscription to {source.Stream}/{source.Consumer}";

    public TimeSpan Stalled => _flush.Stalled;

    public bool IsEnding => source.End is not null;

    public long Deliveries { get; private set; }

    public void Abort() => http.Abort();

    public async Task<PumpEnd> RunAsync()
    {
        var response = http.Response;
        response.ContentType = framing.ContentType;
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        var aborted = http.RequestAborted;
        using var gone = aborted.UnsafeRegister(static state => ((IDeliverySource)state!).Wake(), source);
        using var stop = stopping.UnsafeRegister(static state => ((IDeliverySource)state!).Wake(), source);
        try
        {
            // The client learns that it is subscribed before there is a message.
            framing.WriteOpen();
            await _flush.TryAsync();
            while (true)
            {
                if (aborted.IsCancellationRequested)
                {
                    return PumpEnd.ClientGone;
                }

                if (stopping.IsCancellationRequested)
                {
                    return await EndAsync(HttpErrors.Stopping, PumpEnd.Stopping);
                }

                if (source.Drain(framing, BytesPerFlush) is > 0 and var count)
                {
                    Deliveries += count;
                    if (!await _flush.TryAsync())
                    {
                        return PumpEnd.ClientGone;
                    }
                }
                else if (source.End is { } end)
                {
                    return await EndAsync(end, PumpEnd.SourceEnded);
                }
                else
                {
                    await source.WaitAsync();
                }
            }
        }
        finally
        {
            AccessLogMiddleware.CountBytes(http, framing.Bytes);
        }
    }

    private async Task<PumpEnd> EndAsync(Error error, PumpEnd end)
    {
        framing.WriteEnd(error);
        await _flush.TryAsync();
        return end;
    }
}
