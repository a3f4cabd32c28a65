using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using Httpmq.Bench.Measuring;
using NATS.Client.Core;

namespace Httpmq.Bench.Nats;

/// <summary>
/// The raw side's publisher: many requests in flight, answered on one inbox, as the asynchronous publish of other NATS
/// clients. A slot's reply subject is made once and used again, so that a message allocates nothing here.
/// </summary>
internal sealed class PipelinedRequester : NatsSubBase
{
    private readonly Channel<int> _free = Channel.CreateUnbounded<int>(new UnboundedChannelOptions { SingleReader = true });
    private readonly string _prefix;
    private readonly string[] _replySubjects;
    private readonly long[] _started;
    private readonly NatsConnection _connection;
    private string? _fault;

    private PipelinedRequester(NatsConnection connection, string prefix, int window)
        : base(connection, connection.SubscriptionManager, prefix + "*", queueGroup: null, opts: null, CancellationToken.None)
    {
        _connection = connection;
        _prefix = prefix;
        _started = new long[window];
        _replySubjects = [.. Enumerable.Range(0, window).Select(slot => prefix + slot.ToString(CultureInfo.InvariantCulture))];
        for (var slot = 0; slot < window; slot++)
        {
            _free.Writer.TryWrite(slot);
        }
    }

    /// <summary>From sending to the answer.</summary>
    public LatencyHistogram Latency { get; } = new();

    public static async Task<PipelinedRequester> OpenAsync(NatsConnection connection, int window)
    {
        var requester = new PipelinedRequester(connection, $"_INBOX.{Guid.NewGuid():N}.", window);
        await connection.AddSubAsync(requester);
        return requester;
    }

    /// <summary>Sends as soon as there is room in the window. One caller at a time.</summary>
    public async ValueTask SendAsync(string subject, ReadOnlyMemory<byte> payload)
    {
        if (!_free.Reader.TryRead(out var slot))
        {
            slot = await _free.Reader.ReadAsync();
        }

        _started[slot] = Stopwatch.GetTimestamp();
        await _connection.PublishAsync(
            subject,
            payload,
            replyTo: _replySubjects[slot],
            serializer: NatsRawSerializer<ReadOnlyMemory<byte>>.Default);
    }

    /// <summary>Waits for the answers to everything that was sent.</summary>
    public async Task DrainAsync()
    {
        for (var slot = 0; slot < _started.Length; slot++)
        {
            await _free.Reader.ReadAsync();
        }

        for (var slot = 0; slot < _started.Length; slot++)
        {
            _free.Writer.TryWrite(slot);
        }

        if (_fault is not null)
        {
            throw new BenchException($"JetStream refused a message: {_fault}");
        }
    }

    protected override ValueTask ReceiveInternalAsync(
        string subject,
        string? replyTo,
        ReadOnlySequence<byte>? headersBuffer,
        ReadOnlySequence<byte> payloadBuffer)
    {
        var slot = int.Parse(subject.AsSpan(_prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture);
        Latency.RecordSince(_started[slot]);
        if (headersBuffer is { IsEmpty: false })
        {
            _fault = "nobody listens on the subject";
        }
        else if (IsError(payloadBuffer.FirstSpan))
        {
            _fault = System.Text.Encoding.UTF8.GetString(payloadBuffer.FirstSpan);
        }

        _free.Writer.TryWrite(slot);
        return ValueTask.CompletedTask;
    }

    protected override void TryComplete()
    {
    }

    // A publish's acknowledgement starts with the stream, the confirmation of an acknowledgement is empty.
    private static bool IsError(ReadOnlySpan<byte> answer) => !answer.IsEmpty && answer.StartsWith("{\"error\""u8);
}
