using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using MediatR;

namespace Httpmq.Application.Settling;

/// <summary>Acknowledges deliveries of one consumer; each has its own fate.</summary>
public sealed record AcknowledgeBatch(
    Caller Caller, string Stream, string Consumer, IReadOnlyList<AckPair> Pairs) : IRequest<IReadOnlyList<AckOutcome>>
{
    /// <summary>The most pairs of one request.</summary>
    public const int MaxPairs = 10_000;

    /// <summary>The refusal of an array of the wrong length; it is not read any further than it takes to know.</summary>
    /// <param name="count">How many were read.</param>
    /// <param name="orMore">Whether the rest was not read.</param>
    public static HttpmqException WrongCount(int count, bool orMore = false) => new(AckErrors.Count(count, orMore, MaxPairs));
}

/// <summary>What became of one delivery of an array.</summary>
/// <param name="Delivery">Its sequences, 0 where one could not be read.</param>
/// <param name="Error">Null where JetStream confirmed it.</param>
public readonly record struct AckOutcome(DeliverySequence Delivery, Error? Error);

internal sealed class AcknowledgeBatchHandler(IMessageAcknowledger acknowledger, TimeProvider time)
    : IRequestHandler<AcknowledgeBatch, IReadOnlyList<AckOutcome>>
{
    // So many are under way at once: enough to keep the connection busy.
    private const int Window = 512;

    // Every route answers within 5 s: what has no fate by then gets one here, so that the others' are told.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4.2);

    public async Task<IReadOnlyList<AckOutcome>> Handle(AcknowledgeBatch request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        var consumer = Rules.Consumer(request.Consumer);
        HttpmqException.ThrowIf(request.Caller.CheckConsume(stream, consumer));
        if (request.Pairs.Count is 0 or > AcknowledgeBatch.MaxPairs)
        {
            throw AcknowledgeBatch.WrongCount(request.Pairs.Count);
        }

        // Where nothing can be read at all, the request is no batch.
        if (request.Pairs.All(static pair => pair.Fault is not null))
        {
            throw new HttpmqException(AckErrors.Malformed(request.Pairs[0].Fault!));
        }

        using var overdue = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(overdue.Token, cancellationToken);
        var run = new Run(acknowledger, stream, consumer, request.Pairs, new AckTimeLimit(time));
        try
        {
            await run.AcknowledgeAllAsync(either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is over; what was confirmed is told.
        }

        return run.Tell();
    }

    /// <summary>The pairs of one request, a window of them at a time. Each is decided on its own.</summary>
    private sealed class Run(
        IMessageAcknowledger acknowledger,
        StreamName stream,
        ConsumerName consumer,
        IReadOnlyList<AckPair> pairs,
        AckTimeLimit timeLimit)
    {
        // What _states holds; the outcome of one that is done does not change any more.
        private const byte Untouched = 0;
        private const byte Sent = 1;
        private const byte Done = 2;
        private const byte Repeated = 3;

        private readonly AckOutcome[] _outcomes = new AckOutcome[pairs.Count];
        private readonly byte[] _states = new byte[pairs.Count];
        private readonly Dictionary<int, int> _firstOf = [];
        private int _next = -1;

        public async Task AcknowledgeAllAsync(CancellationToken cancellationToken)
        {
            var first = new Dictionary<DeliverySequence, int>(pairs.Count);
            for (var index = 0; index < pairs.Count; index++)
            {
                if (pairs[index].TryRead(stream, consumer, out var delivery) is { } error)
                {
                    End(index, new AckOutcome(delivery, error));
                    continue;
                }

                _outcomes[index] = new AckOutcome(delivery, Error: null);

                // A consumer with copies answers one of two acknowledgements of a message that are under way together.
                if (!first.TryAdd(delivery, index))
                {
                    _firstOf[index] = first[delivery];
                    _states[index] = Repeated;
                }
            }

            // Before all others: so that they need not ask, and because nothing of a consumer that does not exist has a fate.
            if (await acknowledger.PrepareAsync(stream, consumer, cancellationToken) is { } refusal)
            {
                if (refusal.Type == JetStreamErrorTypes.ConsumerNotFoundType || refusal.Type == JetStreamErrorTypes.StreamNotFoundType)
                {
                    throw new HttpmqException(refusal);
                }

                for (var index = 0; index < pairs.Count; index++)
                {
                    if (_states[index] is Untouched)
                    {
                        End(index, _outcomes[index] with { Error = refusal });
                    }
                }

                return;
            }

            await Task.WhenAll(Enumerable.Range(0, Math.Min(Window, pairs.Count)).Select(_ => AcknowledgeOneByOneAsync(cancellationToken)));
        }

        /// <summary>The outcomes as they are at this moment.</summary>
        public IReadOnlyList<AckOutcome> Tell()
        {
            var told = new AckOutcome[pairs.Count];
            for (var index = 0; index < told.Length; index++)
            {
                var state = Volatile.Read(ref _states[index]);
                var outcome = _outcomes[index];
                told[index] = state switch
                {
                    Done => outcome,
                    Repeated => told[_firstOf[index]],
                    Sent => outcome with { Error = AckErrors.TimedOut(IMessageAcknowledger.Operation(stream, consumer, outcome.Delivery)) },
                    _ => outcome with { Error = AckErrors.Unsent(IMessageAcknowledger.Operation(stream, consumer, outcome.Delivery)) },
                };
            }

            return told;
        }

        private async Task AcknowledgeOneByOneAsync(CancellationToken cancellationToken)
        {
            int index;
            while ((index = Interlocked.Increment(ref _next)) < pairs.Count)
            {
                if (cancellationToken.IsCancellationRequested)
                {
                    return;
                }

                if (_states[index] is not Untouched)
                {
                    continue;
                }

                var delivery = _outcomes[index].Delivery;
                Volatile.Write(ref _states[index], Sent);
                var error = await acknowledger.AcknowledgeAsync(stream, consumer, delivery, timeLimit, cancellationToken);
                End(index, new AckOutcome(delivery, error));
                if (error?.Kind is ErrorKind.Timeout)
                {
                    // It took the time that there is.
                    return;
                }
            }
        }

        private void End(int index, in AckOutcome outcome)
        {
            _outcomes[index] = outcome;
            Volatile.Write(ref _states[index], Done);
        }
    }
}
