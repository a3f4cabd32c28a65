using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using Httpmq.Api.Bodies;
using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Api.RateLimits;
using Httpmq.Api.Tracing;
using Httpmq.Application.Publishing;
using Httpmq.Domain.Errors;
using Microsoft.AspNetCore.Connections.Features;

namespace Httpmq.Api.Publishing;

/// <summary>
/// One batch: reads records from the request while it writes their outcomes to the response, in the same order. Back-pressure
/// goes both ways: a full window stops the reading, a client that does not read stops the window.
/// </summary>
internal sealed class BatchPublication(
    HttpContext http,
    PublishBatch batch,
    BodyBuffers buffers,
    UnknownNames unknown,
    Permits permits,
    TimeProvider time,
    CancellationToken stopping) : IOpenStream
{
    // A client of HTTP/1.1 usually sends all of its request before it reads, so answers wait here for so many bytes, as long as
    // there is room for them.
    private const int Http1BufferLimit = 16 * 1024 * 1024;

    // A batch whose input never ends a read would keep its thread, of which there are as many as processors.
    private const int RecordsPerTurn = 64;

    private readonly MeasuredFlush _flush = new(new ChunkedOutput(http.Response.BodyWriter), time, http.RequestAborted);
    private readonly BodyBuffers.Lease _unflushed = buffers.Hold();
    private readonly CancellationTokenSource _giveUp = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
    private readonly bool _strict = http.Features.Get<RequestNotes>() is { IsStrict: true };
    private readonly ConcurrentQueue<(long Line, IReadOnlyList<string> Warnings)> _warnings = new();
    private volatile bool _reading = true;
    private volatile bool _isWaitingForBody;
    private bool _complete;
    private BatchSpan? _span;
    private long _lines;
    private bool _hasRecords;

    public string RequestId => http.TraceIdentifier;

    public string Principal => CallerMiddleware.CallerOf(http).Name;

    public string Description => "a batch";

    public TimeSpan Stalled => _flush.Stalled;

    public string ConnectionId => http.Connection.Id;

    public bool HoldsBody => !_isWaitingForBody;

    public bool IsEnding => false;

    public void Abort() => http.Abort();

    public async Task RunAsync()
    {
        var response = http.Response;
        response.ContentType = "application/x-ndjson";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        response.Headers["Incremental"] = "?1";
        using var span = _span = BatchSpan.Start(batch.MaxPayload);
        var writing = WriteAsync();
        var stopped = false;
        try
        {
            stopped = !await TryReadAllAsync(http.Request.BodyReader);
            _complete = true;
        }
        finally
        {
            // What was taken in is finished and told, also when the rest of the request is broken.
            _reading = false;
            batch.Complete();
            await writing;
            _unflushed.Dispose();
            _giveUp.Dispose();
            if (!_complete || http.RequestAborted.IsCancellationRequested)
            {
                AccessLogMiddleware.NoteBrokenOff(http);
            }
        }

        if (stopped)
        {
            await OpenRequest.EndAsync(http);
        }
    }

    /// <summary>False: the gateway stops, and the client is told from which record on.</summary>
    private async Task<bool> TryReadAllAsync(PipeReader body)
    {
        try
        {
            if (await TryReadAsync(body))
            {
                return true;
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            // It waited for room or for a permit to publish this record.
            _lines--;
        }
        catch (Exception exception) when (MalformedBody.Describe(exception) is { } detail)
        {
            await RefuseRestAsync(detail);
            return true;
        }

        await batch.RefuseAsync(_lines + 1, HttpErrors.StoppingUnread, http.RequestAborted);
        return false;
    }

    /// <summary>Nothing can be told from a body that is broken, nor what follows it on a connection of HTTP/1.1.</summary>
    private async Task RefuseRestAsync(string detail)
    {
        await batch.RefuseAsync(_lines + 1, HttpErrors.Broken(detail), http.RequestAborted);
        if (HttpProtocol.IsHttp11(http.Request.Protocol))
        {
            http.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        }
    }

    /// <summary>Without a deadline: a batch may stay open for hours, and be quiet in between.</summary>
    private async Task<bool> TryReadAsync(PipeReader body)
    {
        using var records = new BatchRecordReader(batch.MaxPayload, buffers);
        using var stop = stopping.UnsafeRegister(static state => ((PipeReader)state!).CancelPendingRead(), body);
        using var unfinished = buffers.Hold();
        Error? skipping = null;
        while (true)
        {
            _isWaitingForBody = true;
            var result = await body.ReadAsync(http.RequestAborted);
            _isWaitingForBody = false;
            var rest = result.Buffer;
            var unread = rest.Start;
            try
            {
                if (stopping.IsCancellationRequested)
                {
                    return false;
                }

                while (TryTakeLine(ref rest, out var line))
                {
                    _lines++;
                    await TakePermitAsync(line);
                    await AddAsync(records, line, skipping);
                    skipping = null;
                    unfinished.Release();
                    unread = rest.Start;
                    if (_lines % RecordsPerTurn == 0)
                    {
                        await Task.Yield();
                    }
                }

                if (result.IsCompleted)
                {
                    if (skipping is not null || !rest.IsEmpty)
                    {
                        _lines++;
                        await TakePermitAsync(rest);
                        await AddAsync(records, rest, skipping);
                    }

                    unread = rest.End;
                    return await TellEmptyAsync();
                }

                // Not even the start of a line that is too long is kept.
                skipping ??= rest.Length > records.MaxLine ? BatchErrors.TooLong : TryHold(unfinished, rest.Length);
                unread = skipping is null ? rest.Start : rest.End;
            }
            finally
            {
                // Also where it ends early: the rest of the request can only be read when no read is open.
                body.AdvanceTo(unread, rest.End);
            }
        }
    }

    /// <summary>
    /// A batch has no end at which its sender could try again, and its records have an order: it is slowed down. The first record's permit
    /// is that of the request.
    /// </summary>
    private ValueTask TakePermitAsync(in ReadOnlySequence<byte> line) =>
        !_hasRecords || !permits.AreLimited || BatchLine.IsBlank(line)
            ? ValueTask.CompletedTask
            : permits.TakeAsync(1, _giveUp.Token);

    /// <summary>Blank lines are no records, and nothing but them is most likely a mistake of whoever sends them.</summary>
    private async Task<bool> TellEmptyAsync()
    {
        if (!_hasRecords)
        {
            await batch.RefuseAsync(Math.Max(1, _lines), BatchErrors.Empty, _giveUp.Token);
        }

        return true;
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
        if (skipped is not null || line.Length > records.MaxLine)
        {
            _hasRecords = true;
            return batch.RefuseAsync(_lines, skipped ?? BatchErrors.TooLong, _giveUp.Token);
        }

        // Blank lines are no records; they count, so that line numbers are those of the client's text.
        if (BatchLine.IsBlank(line))
        {
            return ValueTask.CompletedTask;
        }

        _hasRecords = true;
        var error = records.Read(line, out var publication);
        if (records.Unknown is { } found)
        {
            error = Warn(found, error);
        }

        return error is null
            ? batch.AddAsync(_lines, _span?.Carry(publication) ?? publication, _giveUp.Token)
            : batch.RefuseAsync(_lines, error, _giveUp.Token);
    }

    /// <summary>Names the unknown fields of a record: in its error where it has one, else beside its outcome.</summary>
    private Error? Warn(FoundNames found, Error? error)
    {
        var warnings = UnknownNames.Describe("field", found, BatchRecordReader.Fields);
        if (error is not null)
        {
            // What is missing is often what was misspelt.
            return error.Kind is ErrorKind.InvalidInput ? error.With("warnings", warnings) : error;
        }

        if (_strict)
        {
            return HttpErrors.Unknown("field", warnings);
        }

        unknown.Log(http.Request.Method, "field", found);
        _warnings.Enqueue((_lines, warnings));
        return null;
    }

    private IReadOnlyList<string>? WarningsOf(long line) =>
        _warnings.TryPeek(out var first) && first.Line == line && _warnings.TryDequeue(out first) ? first.Warnings : null;

    private async Task WriteAsync()
    {
        using var writer = new BatchOutcomeWriter(_flush.Output);
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

            _span?.Count(outcome);

            if (outcome.Error is { Kind: ErrorKind.Unauthenticated or ErrorKind.Forbidden } refusal)
            {
                AuditLog.Refuse(http, refusal, ErrorResponses.StatusOf(refusal.Kind));
            }

            // When nobody listens any more, every record under way is still taken.
            var warnings = WarningsOf(line);
            if (listening)
            {
                writer.Write(line, outcome, warnings);
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

        AccessLogMiddleware.CountBytes(http, writer.Bytes);
    }

    /// <summary>False when the client is gone.</summary>
    private ValueTask<bool> TryFlushAsync(BatchOutcomeWriter writer)
    {
        if (_reading && writer.Bytes is > 0 and < Http1BufferLimit && HttpProtocol.IsHttp11(http.Request.Protocol)
            && TryHold(_unflushed, writer.Bytes) is null)
        {
            return ValueTask.FromResult(true);
        }

        writer.Flushed();
        return _flush.TryAsync();
    }
}
