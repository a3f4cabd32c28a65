using System.Buffers;
using System.Diagnostics;
using System.Text;
using Httpmq.Bench.Http2;
using Httpmq.Bench.Measuring;

namespace Httpmq.Bench.Loads;

/// <summary>
/// Batch publish: one request stays open, a line of JSON for each message goes in and one for each answer comes out, at the
/// same time. What is in flight is left to the gateway's window, up to a bound that a client would have too.
/// </summary>
internal sealed class BatchLoad(Uri server, string subject, byte[] message) : Http2Stream, IDisposable
{
    private const int MaxInflight = 4096;
    private const int PartBytes = 16 * 1024;
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(10);

    private readonly byte[] _record = Encoding.ASCII.GetBytes(
        $$"""{"subject":"{{subject}}","b64_msg":"{{Convert.ToBase64String(message)}}"}""" + "\n");

    private readonly SemaphoreSlim _room = new(MaxInflight);
    private readonly long[] _sent = new long[MaxInflight];
    private readonly LatencyHistogram _latency = new();
    private readonly TaskCompletionSource<int> _answering = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _answered;

    public async Task<Counted> RunAsync(TimeSpan duration)
    {
        await using var connection = await Http2Connection.ConnectAsync(server);
        var perPart = Math.Max(1, PartBytes / _record.Length);
        var part = new ArrayBufferWriter<byte>(PartBytes);
        for (var index = 0; index < perPart; index++)
        {
            part.Write(_record);
        }

        var start = Stopwatch.GetTimestamp();
        connection.Start(this, RequestHead.Post(server, "/v1/data/publish"), [], endOfBody: false);
        long messages = 0;
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            for (var index = 0; index < perPart; index++)
            {
                await _room.WaitAsync();
                _sent[messages++ % MaxInflight] = Stopwatch.GetTimestamp();
            }

            await connection.SendAsync(this, part.WrittenMemory, endOfBody: false);
            if (messages == perPart && await _answering.Task.WaitAsync(TimeLimit) is not 200 and var status)
            {
                throw status is 404 or 405
                    ? new NotAvailableException("POST /v1/data/publish does not exist")
                    : new BenchException($"POST /v1/data/publish was answered with {status}");
            }
        }

        await connection.SendAsync(this, ReadOnlyMemory<byte>.Empty, endOfBody: true);
        await _ended.Task.WaitAsync(TimeLimit);
        return _answered == messages
            ? new Counted(messages, _latency)
            : throw new BenchException($"{messages} records were answered by {_answered} lines");
    }

    public void Dispose() => _room.Dispose();

    public override void OnStatus(int status) => _answering.TrySetResult(status);

    public override void OnData(ReadOnlySpan<byte> data)
    {
        if (data.IndexOf("\"success\":false"u8) >= 0)
        {
            OnFailed($"a record failed: {Encoding.UTF8.GetString(data)}");
            return;
        }

        var lines = data.Count((byte)'\n');
        for (var line = 0; line < lines; line++)
        {
            _latency.RecordSince(_sent[_answered++ % MaxInflight]);
        }

        if (lines > 0)
        {
            _room.Release(lines);
        }
    }

    public override void OnEnd() => _ended.TrySetResult();

    public override void OnFailed(string reason)
    {
        var exception = new BenchException(reason);
        _answering.TrySetException(exception);
        _ended.TrySetException(exception);
        _ = _answering.Task.Exception;
        _ = _ended.Task.Exception;

        // Whoever waits for room goes on, to find the connection or the end at fault.
        _room.Release(MaxInflight);
    }
}
