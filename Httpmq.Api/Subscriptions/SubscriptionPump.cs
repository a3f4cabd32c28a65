using System.IO.Pipelines;
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
internal sealed class SubscriptionPump(HttpContext http, IDeliverySource source, LineOptions lines, TimeProvider time, CancellationToken stopping)
{
    // A flush per so many bytes at most, so that a big backlog neither fills the memory nor keeps the client waiting.
    private const int BytesPerFlush = 64 * 1024;

    private static readonly Error ServerStopping = new(ErrorKind.Unavailable, "Server stopping", "the gateway stops; subscribe again");

    private long _flushStarted;

    public IDeliverySource Source => source;

    public string RequestId => http.TraceIdentifier;

    public long Deliveries { get; private set; }

    /// <summary>How long the current flush has been waiting for the client; zero between flushes.</summary>
    public TimeSpan Stalled => Volatile.Read(ref _flushStarted) is not 0 and var start ? time.GetElapsedTime(start) : TimeSpan.Zero;

    /// <summary>Cuts the client off without a word: it does not read any.</summary>
    public void Abort() => http.Abort();

    public async Task<PumpEnd> RunAsync()
    {
        var response = http.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        var output = response.BodyWriter;
        var writer = new LineFrameWriter(output, RequestId, source.Stream, source.Consumer, lines);
        var aborted = http.RequestAborted;
        using var gone = aborted.UnsafeRegister(static state => ((IDeliverySource)state!).Wake(), source);
        using var stop = stopping.UnsafeRegister(static state => ((IDeliverySource)state!).Wake(), source);
        try
        {
            // The client learns that it is subscribed before there is a message.
            await FlushAsync(output);
            while (true)
            {
                if (aborted.IsCancellationRequested)
                {
                    return PumpEnd.ClientGone;
                }

                if (stopping.IsCancellationRequested)
                {
                    return await EndAsync(output, writer, ServerStopping, PumpEnd.Stopping);
                }

                if (source.Drain(writer, BytesPerFlush) is > 0 and var count)
                {
                    Deliveries += count;
                    if (!await FlushAsync(output))
                    {
                        return PumpEnd.ClientGone;
                    }
                }
                else if (source.End is { } end)
                {
                    return await EndAsync(output, writer, end, PumpEnd.SourceEnded);
                }
                else
                {
                    await source.WaitAsync();
                }
            }
        }
        finally
        {
            AccessLogMiddleware.CountBytes(http, writer.Bytes);
        }
    }

    private async Task<PumpEnd> EndAsync(PipeWriter output, LineFrameWriter writer, Error error, PumpEnd end)
    {
        writer.WriteEnd(error);
        await FlushAsync(output);
        return end;
    }

    private async ValueTask<bool> FlushAsync(PipeWriter output)
    {
        var flush = output.FlushAsync(http.RequestAborted);
        if (flush.IsCompletedSuccessfully)
        {
            return !flush.Result.IsCompleted;
        }

        Volatile.Write(ref _flushStarted, time.GetTimestamp());
        try
        {
            return !(await flush).IsCompleted;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        finally
        {
            Volatile.Write(ref _flushStarted, 0);
        }
    }
}
