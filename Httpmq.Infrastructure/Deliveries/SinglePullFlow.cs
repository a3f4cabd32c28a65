using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>
/// Asks a pull consumer once, and knows when that is over: all came, JetStream ended it, or it gives no sign any more. What the client did
/// not name itself is adapted to the consumer's limits.
/// </summary>
/// <param name="source">Whose flow it is.</param>
/// <param name="consumer">The consumer.</param>
/// <param name="pull">What is asked for.</param>
/// <param name="maxPayload">The largest message that the server takes, in bytes.</param>
/// <param name="options">The prefix of the API, and the bytes that may wait.</param>
/// <param name="time">The clock.</param>
internal sealed class SinglePullFlow(
    IFlowSource source, ConsumerInfo consumer, PullOptions pull, int maxPayload, NatsOptions options, TimeProvider time) : IConsumerFlow
{
    // What JetStream counts beside headers and payload: subject and reply.
    private const int LongestSubjects = 8 * 1024;

    // What a message that waits costs here beside its bytes.
    private const int Overhead = 256;

    private static readonly byte[] AtOnce = "-NAK"u8.ToArray();
    private static readonly TimeSpan LongestHeartbeat = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestWaitWithHeartbeat = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    // For the answer to arrive, after the server's time is over.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly string _call = options.ApiSubject($"CONSUMER.MSG.NEXT.{consumer.StreamName}.{consumer.Name}");
    private readonly TaskCompletionSource<bool> _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _started = time.GetTimestamp();
    private TimeSpan _wait = pull.Wait;
    private long _maxBytes = Math.Min(
        pull.MaxBytes ?? Math.Max(PullOptions.DefaultBytes, maxPayload + LongestSubjects),
        Math.Max(1, options.MaxPendingBytes - (Overhead * (long)pull.Batch)));
    private ITimer? _hold;
    private long _lastSign = time.GetTimestamp();
    private int _received;

    /// <summary>True when JetStream sends nothing more; false when it may, and enough was waited.</summary>
    public Task<bool> Over => _over.Task;

    /// <summary>Whether it waits for nothing that is not there already.</summary>
    public bool EndsWithWhatIsThere => pull.NoWait && (pull.Expires is null || Volatile.Read(ref _received) > 0);

    public ReadOnlyMemory<byte> Nak => AtOnce;

    public bool WantsCheck => false;

    private bool HasHeartbeat => _wait >= ShortestWaitWithHeartbeat;

    private TimeSpan Heartbeat => TimeSpan.FromTicks(Math.Min(_wait.Ticks / 4, LongestHeartbeat.Ticks));

    public void Start() => Ask();

    public void OnOpened()
    {
    }

    /// <summary>Every second: whether JetStream still knows of the pull.</summary>
    public void Refresh(bool reconnected)
    {
        if (reconnected || !source.IsConnected)
        {
            source.Finish(PullErrors.Broken("the connection to NATS was lost"));
        }
        else if (HasHeartbeat && time.GetElapsedTime(Volatile.Read(ref _lastSign)) > 2.5 * Heartbeat)
        {
            source.Finish(PullErrors.Silent());
        }
        else if (time.GetElapsedTime(_started) > _wait + Grace)
        {
            _over.TrySetResult(false);
        }
    }

    public void OnMessage() => Volatile.Write(ref _lastSign, time.GetTimestamp());

    public void OnQueued()
    {
        var received = Interlocked.Increment(ref _received);
        if (received == pull.Batch)
        {
            End();
        }
        else if (received == 1 && consumer.Config.AckWait is { Nanoseconds: > 0 and var ackWait })
        {
            // The other half is for whoever processes it.
            var hold = TimeSpan.FromTicks(ackWait / TimeSpan.NanosecondsPerTick / 2);
            if (hold < _wait)
            {
                _hold = time.CreateTimer(static over => ((TaskCompletionSource<bool>)over!).TrySetResult(false), _over, hold,
                    Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void OnFinished() => End();

    /// <summary>Whether JetStream has sent nothing for so long.</summary>
    public bool IsSilentFor(TimeSpan silence) => time.GetElapsedTime(Volatile.Read(ref _lastSign)) >= silence;

    public void OnDrained(int count)
    {
    }

    public void OnStatus(int status, string? replyTo, in ReadOnlySequence<byte> headers)
    {
        Volatile.Write(ref _lastSign, time.GetTimestamp());
        switch (status)
        {
            case NatsStatus.Control:
                break;
            case NatsStatus.NotFound or NatsStatus.RequestTimeout:
                End();
                break;
            case NatsStatus.Conflict:
                OnConflict(headers);
                break;
            case NatsStatus.BadRequest:
                source.Finish(PullErrors.BadRequest(StatusHeaders.Text(headers)));
                break;
            case NatsStatus.Locked:
                source.Finish(PullErrors.Pin(StatusHeaders.Text(headers)));
                break;
            case NatsStatus.NoResponders:
                source.Finish(ConsumerErrors.NoLeader(
                    PullErrors.Operation(StreamName.OfExisting(consumer.StreamName), ConsumerName.OfExisting(consumer.Name))));
                break;
            default:
                source.Finish(PullErrors.Broken(StatusHeaders.Text(headers)));
                break;
        }
    }

    public void OnForeign(in ReadOnlySequence<byte> payload)
    {
    }

    private void OnConflict(in ReadOnlySequence<byte> headers)
    {
        var text = StatusHeaders.Text(headers);
        switch (StatusHeaders.ReadConflict(headers))
        {
            case PullConflict.Completed:
                End();
                break;
            case PullConflict.MessageTooLarge:
                source.Finish(PullErrors.Bytes(_maxBytes));
                break;
            case PullConflict.ConsumerDeleted:
                source.Finish(SubscriptionErrors.Deleted);
                break;
            case PullConflict.BecamePush:
                source.Finish(SubscriptionErrors.Pushed);
                break;
            case PullConflict.ExpiresTooLong when pull.Expires is null && _wait / 2 > ShortestWait:
                _wait /= 2;
                Ask();
                break;
            case PullConflict.BytesTooMany when pull.MaxBytes is null && LimitIn(text) is { } limit && limit < _maxBytes:
                _maxBytes = limit;
                Ask();
                break;
            case PullConflict.BatchTooLarge or PullConflict.ExpiresTooLong or PullConflict.BytesTooMany:
                source.Finish(SubscriptionErrors.Refused(text));
                break;
            case PullConflict.TooManyWaiting:
                source.Finish(PullErrors.Waiting(text));
                break;
            default:
                source.Finish(PullErrors.Broken(text));
                break;
        }
    }

    /// <summary>The number at the end of "Exceeded MaxRequestMaxBytes of 1000".</summary>
    private static long? LimitIn(string text) =>
        long.TryParse(text.AsSpan(text.LastIndexOf(' ') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0
            ? limit
            : null;

    private void End()
    {
        _hold?.Dispose();
        _over.TrySetResult(true);
    }

    private void Ask()
    {
        var request = new SinglePullRequest
        {
            Batch = pull.Batch,
            Expires = _wait > TimeSpan.Zero ? Nanoseconds(_wait) : null,

            // Without a time JetStream would keep it for ever.
            NoWait = pull.NoWait || _wait == TimeSpan.Zero ? true : null,
            MaxBytes = _maxBytes,
            IdleHeartbeat = HasHeartbeat ? Nanoseconds(Heartbeat) : null,
            Group = pull.Group,
            Id = pull.Id,
            Priority = pull.Priority,
            MinPending = pull.MinPending,
            MinAckPending = pull.MinAckPending,
        };
        source.Send(_call, JsonSerializer.SerializeToUtf8Bytes(request, BriefJson.Default.SinglePullRequest), replyTo: source.Subject);
    }

    private static long Nanoseconds(TimeSpan time) => time.Ticks * TimeSpan.NanosecondsPerTick;
}
