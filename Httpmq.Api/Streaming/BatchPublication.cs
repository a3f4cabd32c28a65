using System.Buffers;
using System.IO.Pipelines;
using Httpmq.Api.Serialization;
using Httpmq.Application.Messages;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;

namespace Httpmq.Api.Streaming;

/// <summary>
/// One batch: reads records from the request while it writes their outcomes to the response, in the same order. Back-pressure
/// goes both ways: a full window stops the reading, a client that does not read stops the window.
/// </summary>
internal sealed class BatchPublication(HttpContext http, PublishBatch batch, BodyBuffers buffers, CancellationToken stopping)
{
    // A client of HTTP/1.1 usually sends all of its request before it reads, so answers wait here for so many bytes, as long as
    // there is room for them.
    private const int Http1Patience = 16 * 1024 * 1024;

    // A batch whose input never ends a read would keep its thread, of which there are as many as processors.
    private const int RecordsPerTurn = 64;

    private static readonly Error TooLong = new(ErrorKind.TooLarge, "Invalid record", "the line is longer than the largest message (the NATS server's max_payload, or limits.max_message_bytes)");

    private readonly BodyBuffers.Lease _unflushed = buffers.Hold();
    private volatile bool _reading = true;
    private long _lines;

    public async Task RunAsync()
    {
        var response = http.Response;
        response.ContentType = "application/x-ndjson";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        var writing = WriteAsync();
        try
        {
            await ReadAsync(http.Request.BodyReader);
        }
        finally
        {
            // What was taken in is finished and told, also when the rest of the request is broken.
            _reading = false;
            batch.Complete();
            await writing;
            _unflushed.Dispose();
        }
    }

    /// <summary>Without a deadline: a batch may stay open for hours, and be quiet in between.</summary>
    private async Task ReadAsync(PipeReader body)
    {
        using var records = new BatchRecordReader(batch.MaxPayload, buffers);
        using var stop = stopping.UnsafeRegister(static state => ((PipeReader)state!).CancelPendingRead(), body);
        using var unfinished = buffers.Hold();
        Error? skipping = null;
        while (true)
        {
            var result = await body.ReadAsync(http.RequestAborted);
            if (stopping.IsCancellationRequested)
            {
                body.AdvanceTo(result.Buffer.Start);
                await batch.RefuseAsync(_lines + 1, new Error(ErrorKind.Unavailable, "Server stopping", "this record and all that follow were not read; send them again"));
                return;
            }

            var rest = result.Buffer;
            while (TryTakeLine(ref rest, out var line))
            {
                await AddAsync(records, line, skipping);
                skipping = null;
                unfinished.Release();
                if (_lines % RecordsPerTurn == 0)
                {
                    await Task.Yield();
                }
            }

            if (result.IsCompleted)
            {
                if (skipping is not null || !rest.IsEmpty)
                {
                    await AddAsync(records, rest, skipping);
                }

                body.AdvanceTo(rest.End);
                return;
            }

            // Not even the start of a line that is too long is kept.
            skipping ??= rest.Length > records.MaxLine ? TooLong : TryHold(unfinished, rest.Length);
            body.AdvanceTo(skipping is null ? rest.Start : rest.End, rest.End);
        }
    }

    private static bool TryTakeLine(ref ReadOnlySequence<byte> rest, out ReadOnlySequence<byte> line)
    {
        if (rest.PositionOf((byte)'\n') is not { } end)
        {
            line = default;
            return false;
        }

        line = rest.Slice(0, end);
        rest = rest.Slice(rest.GetPosition(1, end));
        return true;
    }

    private static Error? TryHold(BodyBuffers.Lease unfinished, long size)
    {
        try
        {
            unfinished.GrowTo(size);
            return null;
        }
        catch (HttpmqException exception)
        {
            return exception.Error;
        }
    }

    private ValueTask AddAsync(BatchRecordReader records, in ReadOnlySequence<byte> line, Error? skipped)
    {
        _lines++;
        if (skipped is not null || line.Length > records.MaxLine)
        {
            return batch.RefuseAsync(_lines, skipped ?? TooLong);
        }

        // Blank lines are no records; they count, so that line numbers are those of the client's text.
        if (IsBlank(line))
        {
            return ValueTask.CompletedTask;
        }

        return records.Read(line, out var subject, out var message) is { } error
            ? batch.RefuseAsync(_lines, error)
            : batch.AddAsync(_lines, subject, message);
    }

    private static bool IsBlank(in ReadOnlySequence<byte> line)
    {
        foreach (var segment in line)
        {
            if (segment.Span.IndexOfAnyExcept(" \t\r"u8) >= 0)
            {
                return false;
            }
        }

        return true;
    }

    private async Task WriteAsync()
    {
        using var writer = new BatchOutcomeWriter(http.Response.BodyWriter);
        var listening = await TryFlushAsync(writer);
        while (true)
        {
            if (listening && writer.Unflushed > 0 && (!batch.IsOutcomeReady || writer.Unflushed > BatchOutcomeWriter.BytesPerFlush))
            {
                listening = await TryFlushAsync(writer);
            }

            var (line, outcome) = await batch.TakeAsync();
            if (line == 0)
            {
                break;
            }

            // When nobody listens any more, every record under way is still taken.
            if (listening)
            {
                writer.Write(line, outcome);
            }

            if (line % RecordsPerTurn == 0)
            {
                await Task.Yield();
            }
        }

        if (listening)
        {
            await TryFlushAsync(writer);
        }

        Hosting.AccessLogMiddleware.CountBytes(http, writer.Bytes);
    }

    /// <summary>False when the client is gone.</summary>
    private async ValueTask<bool> TryFlushAsync(BatchOutcomeWriter writer)
    {
        if (_reading && writer.Bytes is > 0 and < Http1Patience && HttpProtocol.IsHttp11(http.Request.Protocol)
            && TryHold(_unflushed, writer.Bytes) is null)
        {
            return true;
        }

        writer.Flushed();
        try
        {
            return !(await http.Response.BodyWriter.FlushAsync(http.RequestAborted)).IsCompleted;
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            return false;
        }
    }
}
