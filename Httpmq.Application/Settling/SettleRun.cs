using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Application.Settling;

/// <summary>One delivery, and what JetStream is told about it.</summary>
/// <param name="Pair">The delivery as the client named it.</param>
/// <param name="Settlement">What is said.</param>
public readonly record struct SettleEntry(AckPair Pair, Settlement Settlement);

/// <summary>
/// The deliveries of one request, a window of them at a time. Each is decided on its own: one that is stuck holds up nobody but itself, and
/// those that wait for it because they name the same message.
/// </summary>
internal sealed class SettleRun
{
    // So many are under way at once: enough to keep the connection busy.
    private const int Window = 512;

    // What is refused without a wait would keep its thread, of which there are as many as processors.
    private const int EntriesPerTurn = 64;

    // What _states holds; the outcome of one that is done does not change any more.
    private const byte Untouched = 0;
    private const byte Sent = 1;
    private const byte Done = 2;
    private const byte Repeated = 3;
    private const byte Following = 4;

    // Every route answers within 5 s: what has no outcome by then gets one here, so that the others' are told.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4.2);

    private readonly IMessageAcknowledger _acknowledger;
    private readonly SettleRoom _room;
    private readonly StreamName _stream;
    private readonly ConsumerName _consumer;
    private readonly IReadOnlyList<SettleEntry> _entries;
    private readonly AckTimeLimit _timeLimit;
    private readonly AckOutcome[] _outcomes;
    private readonly byte[] _states;

    // Of an entry that repeats another: which. Of one that names the same message by another delivery: the next of those, sent afterwards.
    private readonly Dictionary<int, int> _firstOf = [];
    private readonly Dictionary<int, int> _nextOf = [];
    private int _next = -1;

    private SettleRun(
        IMessageAcknowledger acknowledger,
        SettleRoom room,
        StreamName stream,
        ConsumerName consumer,
        IReadOnlyList<SettleEntry> entries,
        TimeProvider time)
    {
        _acknowledger = acknowledger;
        _room = room;
        _stream = stream;
        _consumer = consumer;
        _entries = entries;
        _timeLimit = new AckTimeLimit(time);
        _outcomes = new AckOutcome[entries.Count];
        _states = new byte[entries.Count];
    }

    /// <summary>What became of each, in their order, after 4.2 s at most.</summary>
    /// <exception cref="HttpmqException">The stream or the consumer does not exist.</exception>
    public static async Task<IReadOnlyList<AckOutcome>> RunAsync(
        IMessageAcknowledger acknowledger,
        SettleRoom room,
        StreamName stream,
        ConsumerName consumer,
        IReadOnlyList<SettleEntry> entries,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        using var overdue = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(overdue.Token, cancellationToken);
        var run = new SettleRun(acknowledger, room, stream, consumer, entries, time);
        try
        {
            await run.SettleAllAsync(either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is over; what was confirmed is told.
        }

        return run.Tell();
    }

    private async Task SettleAllAsync(CancellationToken cancellationToken)
    {
        ReadAll();

        // Before all others: so that they need not ask, and because nothing of a consumer that does not exist has an outcome.
        if (await _acknowledger.PrepareAsync(_stream, _consumer, cancellationToken) is { } refusal)
        {
            if (refusal.Type == JetStreamErrorTypes.ConsumerNotFoundType || refusal.Type == JetStreamErrorTypes.StreamNotFoundType)
            {
                throw new HttpmqException(refusal);
            }

            for (var index = 0; index < _entries.Count; index++)
            {
                if (_states[index] is Untouched or Following)
                {
                    End(index, refusal);
                }
            }

            return;
        }

        // One at a time is always under way; the others where there is room for them.
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var lanes = new List<Task>();
        try
        {
            var taken = Volatile.Read(ref _next);
            while (lanes.Count < Math.Min(Window, _entries.Count) - 1 && Volatile.Read(ref _next) < _entries.Count)
            {
                lanes.Add(SettleManyAsync(_room, done.Token, cancellationToken));
                if (Volatile.Read(ref _next) - taken >= EntriesPerTurn)
                {
                    await Task.Yield();
                    taken = Volatile.Read(ref _next);
                }
            }

            await SettleManyAsync(room: null, done.Token, cancellationToken);
        }
        finally
        {
            // Also where it fails: who waits for room would wait for ever.
            await done.CancelAsync();
        }

        await Task.WhenAll(lanes);
    }

    /// <summary>
    /// A consumer with copies answers one of two acknowledgements of a message that are under way together. So of several entries that
    /// name a message the same is sent once, other deliveries of it one after the other, and what contradicts itself not at all.
    /// </summary>
    private void ReadAll()
    {
        var named = new Dictionary<ulong, (int First, int Last)>(_entries.Count);
        for (var index = 0; index < _entries.Count; index++)
        {
            var error = _entries[index].Pair.TryRead(_stream, _consumer, out var delivery);
            _outcomes[index] = new AckOutcome(delivery, Error: null);
            error ??= _entries[index].Settlement.Validate() is { } reason ? AckErrors.Malformed(reason) : null;
            if (error is not null)
            {
                End(index, error);
            }
            else if (!named.TryAdd(delivery.Stream, (index, index)))
            {
                var (first, last) = named[delivery.Stream];
                if (_outcomes[last].Error is { } contradicted)
                {
                    End(index, contradicted);
                }
                else if (_entries[last].Settlement != _entries[index].Settlement)
                {
                    Contradict(first, index, delivery.Stream);
                }
                else if (_outcomes[last].Delivery == delivery)
                {
                    (_firstOf[index], _states[index]) = (last, Repeated);
                }
                else
                {
                    (_nextOf[last], _states[index]) = (index, Following);
                    named[delivery.Stream] = (first, index);
                }
            }
        }
    }

    private void Contradict(int first, int index, ulong message)
    {
        var error = AckErrors.Malformed(
            $"the message with stream sequence {message} is named twice, with two verbs, delays or reasons; nothing was done with it");
        End(index, error);
        End(first, error);
        for (var other = first; _nextOf.TryGetValue(other, out other);)
        {
            End(other, error);
        }
    }

    /// <summary>
    /// Settles one entry after the other until none is left. It is one method, because each asynchronous call of another would cost memory
    /// per entry.
    /// </summary>
    /// <param name="room">Where it needs a place for each; null: it has one.</param>
    /// <param name="done">Nothing is left to begin.</param>
    /// <param name="cancellationToken">The time is over.</param>
    private async Task SettleManyAsync(SettleRoom? room, CancellationToken done, CancellationToken cancellationToken)
    {
        for (var count = 1; true; count++)
        {
            if (count % EntriesPerTurn == 0)
            {
                await Task.Yield();
            }

            if (room is not null && !await TryEnterAsync(room, done))
            {
                return;
            }

            try
            {
                if (!TryTakeNext(out var index))
                {
                    return;
                }

                // It, and those that wait for it.
                do
                {
                    if (cancellationToken.IsCancellationRequested)
                    {
                        return;
                    }

                    Volatile.Write(ref _states[index], Sent);
                    var error = await _acknowledger.SettleAsync(
                        _stream, _consumer, _outcomes[index].Delivery, _entries[index].Settlement, _timeLimit, cancellationToken);
                    End(index, error);
                    if (error?.Kind is ErrorKind.Timeout)
                    {
                        // It took the time that there is.
                        return;
                    }
                }
                while (_nextOf.TryGetValue(index, out index));
            }
            finally
            {
                room?.Leave();
            }
        }
    }

    private static ValueTask<bool> TryEnterAsync(SettleRoom room, CancellationToken done)
    {
        return done.IsCancellationRequested ? ValueTask.FromResult(false)
            : room.TryEnter() ? ValueTask.FromResult(true)
            : WaitAsync();

        async ValueTask<bool> WaitAsync()
        {
            try
            {
                await room.EnterAsync(done);
                return true;
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }
    }

    private bool TryTakeNext(out int index)
    {
        do
        {
            index = Interlocked.Increment(ref _next);
            if (index >= _entries.Count)
            {
                return false;
            }
        }
        while (_states[index] is not Untouched);
        return true;
    }

    /// <summary>The outcomes as they are at this moment.</summary>
    private AckOutcome[] Tell()
    {
        var told = new AckOutcome[_entries.Count];
        for (var index = 0; index < told.Length; index++)
        {
            var state = Volatile.Read(ref _states[index]);
            var outcome = _outcomes[index];
            told[index] = state switch
            {
                Done => outcome,
                Repeated => told[_firstOf[index]],
                Sent => outcome with { Error = AckErrors.TimedOut(IMessageAcknowledger.Operation(_stream, _consumer, outcome.Delivery)) },
                _ => outcome with { Error = AckErrors.Unsent(IMessageAcknowledger.Operation(_stream, _consumer, outcome.Delivery)) },
            };
        }

        return told;
    }

    private void End(int index, Error? error)
    {
        _outcomes[index] = _outcomes[index] with { Error = error };
        Volatile.Write(ref _states[index], Done);
    }
}
