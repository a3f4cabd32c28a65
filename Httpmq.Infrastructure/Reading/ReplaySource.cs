using System.Buffers;
using System.Globalization;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Protocol;
using Httpmq.Infrastructure.Queues;

namespace Httpmq.Infrastructure.Reading;

/// <summary>
/// What one replay sends, whoever reads it from the stream: it takes messages in the order of their sequences, leaves out what was not
/// asked for, and knows when all is sent. A reader asks for more only while there is room, so a client that does not read costs
/// what was asked for last, and no more.
/// </summary>
/// <param name="stream">The stream's name.</param>
/// <param name="options">What was asked for.</param>
/// <param name="first">The sequence to begin with, once the chosen ones are sent.</param>
/// <param name="end">The last sequence when it began.</param>
/// <param name="all">What waits for all replays together.</param>
internal sealed class ReplaySource(string stream, ReplayOptions options, ulong first, ulong end, ByteBudget all) : IReplaySource
{
    // More is asked for when less waits: enough that a round trip to NATS does not show.
    private const long Enough = 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly DeliveryQueue _queue = new(all);
    private readonly CancellationTokenSource _closing = new();
    private TaskCompletionSource _room = NewSignal();
    private IReplayReader? _reader;
    private Func<Task> _stop = static () => Task.CompletedTask;
    private Error? _end;
    private ulong _next = first;
    private ulong _sent;
    private int _closed;

    /// <summary>Guards what it has taken; a reader that guards its own with it needs one lock for each message.</summary>
    public Lock Gate => _gate;

    public string Stream => stream;

    /// <summary>None: nothing is acknowledged.</summary>
    public string Consumer => string.Empty;

    // The last messages of the subjects come first, wherever the rest begins.
    public ulong Position { get; } = options.After ?? (options.LastPerSubject || first == 0 ? 0 : first - 1);

    /// <summary>Only when all is drained: what is sent last and the end may come between two looks of whoever drains.</summary>
    public Error? End => IsOver && _queue.Bytes == 0 ? Volatile.Read(ref _end) : null;

    /// <summary>Nothing more is taken.</summary>
    public bool IsOver => Volatile.Read(ref _end) is not null;

    /// <summary>Cancelled when the client left.</summary>
    public CancellationToken Closing => _closing.Token;

    /// <summary>All before this sequence is taken, or was not asked for.</summary>
    public ulong Next => Volatile.Read(ref _next);

    /// <summary>Whether it goes on with what will be stored.</summary>
    public bool Follows => options.Follow;

    /// <summary>Whether there is nothing left to send, unless it follows.</summary>
    public bool IsBehindEnd => !Follows && Next > end;

    /// <summary>The most messages that are still to be read.</summary>
    public long Left
    {
        get
        {
            var limit = options is { Limit: { } most, Subjects.Count: <= 1 } ? most - (long)Volatile.Read(ref _sent) : long.MaxValue;
            return Follows ? limit : Math.Min(limit, (long)Math.Min(long.MaxValue, end >= Next ? end - Next + 1 : 0));
        }
    }

    /// <summary>Whether to ask for more; where all replays together hold too much, only when nothing waits.</summary>
    public bool HasRoom => _queue.Bytes < (all.IsExceeded ? 1 : Enough);

    /// <summary>Whether all replays together hold more than they should: then a reader asks for one message.</summary>
    public bool IsScarce => all.IsExceeded;

    /// <summary>Starts to read.</summary>
    /// <param name="read">Reads until it is over or <see cref="Closing"/>.</param>
    public void Start(Func<Task> read)
    {
        var reading = read();
        _stop = () => reading;
    }

    public ValueTask WaitAsync(bool held = false) => End is null ? _queue.WaitAsync(held) : ValueTask.CompletedTask;

    public void Wake() => _queue.Wake();

    public int Drain(IDeliverySink sink, int budget)
    {
        var count = _queue.Drain(sink, budget);
        if (count > 0 && HasRoom)
        {
            IReplayReader? reader;
            lock (_gate)
            {
                _room.TrySetResult();
                reader = _reader;
            }

            reader?.OnRoom();
        }

        return count;
    }

    /// <summary>From now on only this reader's messages count.</summary>
    public void Take(IReplayReader? reader)
    {
        lock (_gate)
        {
            _reader = reader;
        }
    }

    /// <summary>Takes a message that is chosen by its sequence, wherever the replay is.</summary>
    public void TakeChosen(StoredMessage message)
    {
        lock (_gate)
        {
            if (_end is null)
            {
                Add(message.Subject, ReplyOf(message), message.Sequence, Bytes(message.Headers.Block), Bytes(message.Payload));
            }
        }
    }

    /// <inheritdoc cref="Take(IReplayReader, string, string, ulong, in ReadOnlySequence{byte}, in ReadOnlySequence{byte})"/>
    public bool Take(IReplayReader reader, StoredMessage message) => Take(
        reader, message.Subject, ReplyOf(message), message.Sequence, Bytes(message.Headers.Block), Bytes(message.Payload));

    /// <summary>Takes the next message that a reader has found.</summary>
    /// <returns>Whether the reader goes on.</returns>
    public bool Take(
        IReplayReader reader,
        string subject,
        string replyTo,
        ulong sequence,
        in ReadOnlySequence<byte> headers,
        in ReadOnlySequence<byte> payload)
    {
        lock (_gate)
        {
            if (_end is not null || !ReferenceEquals(reader, _reader))
            {
                return false;
            }

            if (sequence < _next)
            {
                return true;
            }

            if (!Follows && sequence > end)
            {
                FinishLocked(Completion);
                return false;
            }

            Volatile.Write(ref _next, sequence == ulong.MaxValue ? sequence : sequence + 1);
            if (options.Subjects.Count <= 1 || Matches(subject))
            {
                Add(subject, replyTo, sequence, headers, payload);
            }

            if (!Follows && sequence == end)
            {
                FinishLocked(Completion);
            }

            return _end is null;
        }
    }

    /// <summary>Up to this sequence the stream has nothing more that was asked for.</summary>
    public void Skip(ulong sequence)
    {
        lock (_gate)
        {
            if (sequence >= _next && sequence < ulong.MaxValue)
            {
                Volatile.Write(ref _next, sequence + 1);
            }
        }
    }

    /// <summary>The stream has nothing more up to the end.</summary>
    public void Complete() => Finish(Completion);

    public void Finish(Error reason)
    {
        lock (_gate)
        {
            FinishLocked(reason);
        }
    }

    /// <summary>Waits until the client has taken enough.</summary>
    public async Task WaitForRoomAsync()
    {
        while (!HasRoom)
        {
            Task room;
            lock (_gate)
            {
                _room = _room.Task.IsCompleted ? NewSignal() : _room;
                room = _room.Task;
            }

            if (!HasRoom)
            {
                await room.WaitAsync(Closing);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            await _closing.CancelAsync();
            _queue.Close();
            await _stop();
            _closing.Dispose();
        }
    }

    /// <summary>A reply subject of a message whose consumer has others pending as well: it does not say how many.</summary>
    public static string WithoutPending(string replyTo, ulong sequence) => ReplyOf(sequence, AckSubjectDetails.Read(replyTo).Time);

    private Error Completion => _sent == 0 ? ReplayErrors.Empty(Passed) : ReplayErrors.Complete(Passed);

    /// <summary>What the stream had when it began; where it was to begin behind that, what lies before is not asked for.</summary>
    private ulong Passed => Math.Max(Position, end);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static ReadOnlySequence<byte> Bytes(ReadOnlyMemory<byte> memory) => new(memory);

    private static string ReplyOf(StoredMessage message) => ReplyOf(
        message.Sequence, (message.Time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * TimeSpan.NanosecondsPerTick);

    /// <summary>
    /// The reply subject that it would have as a delivery: the queue keeps the time in it. It is the delivery of no consumer, so it says 0
    /// deliveries, and nobody knows what is pending.
    /// </summary>
    private static string ReplyOf(ulong sequence, long time) =>
        string.Create(CultureInfo.InvariantCulture, $"{JetStreamSubjects.AckPrefix}_._.0.{sequence}.1.{time}.0");

    private bool Matches(string subject)
    {
        foreach (var filter in options.Subjects)
        {
            if (filter.Covers(subject))
            {
                return true;
            }
        }

        return false;
    }

    private void Add(
        string subject, string replyTo, ulong sequence, in ReadOnlySequence<byte> headers, in ReadOnlySequence<byte> payload)
    {
        _queue.TryAdd(subject, replyTo, new DeliverySequence(sequence, ++_sent), at: 0, headers, payload);
        if ((long)_sent == options.Limit)
        {
            FinishLocked(ReplayErrors.Complete(sequence));
        }
    }

    private void FinishLocked(Error reason)
    {
        if (_end is null)
        {
            Volatile.Write(ref _end, reason);
            _reader?.OnOver();
            _queue.Wake();
        }
    }
}
