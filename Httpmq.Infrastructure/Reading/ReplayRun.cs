using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Reading;

/// <summary>
/// Keeps a replay going: reads by a consumer where the stream may have one more, else by requests. Where NATS is away, or what it reads
/// by is lost, it waits, and goes on behind the last message that it has.
/// </summary>
/// <param name="context">What the replays share.</param>
/// <param name="cursor">Asks about the stream.</param>
/// <param name="source">Takes what it reads.</param>
/// <param name="chosen">Sequences that come first, in their order; empty: none.</param>
/// <param name="created">When the stream was made: one that was made later is another.</param>
internal sealed class ReplayRun(
    ReplayContext context, StreamCursor cursor, ReplaySource source, IReadOnlyList<ulong> chosen, DateTimeOffset created)
{
    // For fewer messages a consumer costs more than the requests; in a cluster all its servers agree on each.
    private const int Few = 16;

    private const int ChosenAtOnce = 32;

    // Of the consumers that nat-server's default lets a stream have, from 2.15 on.
    private const long MostConsumers = 1000;

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    private OrderedConsumer? _consumer;
    private TimeSpan _pause = ShortestPause;
    private bool _refused;

    /// <summary>Ends the source where there is nothing to send and it does not follow.</summary>
    public async Task TryStartAsync(CancellationToken cancellationToken)
    {
        if (chosen.Count == 0 && !source.Follows
            && (source.IsBehindEnd || await cursor.NextAsync(source.Next, cancellationToken) is null))
        {
            source.Complete();
        }
    }

    /// <summary>Reads until the source is over or closed.</summary>
    public async Task RunAsync()
    {
        try
        {
            for (var index = 0; index < chosen.Count && !source.IsOver; index += ChosenAtOnce)
            {
                await source.WaitForRoomAsync();
                await InsistAsync(async () =>
                {
                    var messages = await cursor.GetAsync(chosen.Skip(index).Take(ChosenAtOnce), source.Closing);
                    foreach (var message in messages)
                    {
                        source.TakeChosen(message);
                    }
                });
            }

            while (!source.IsOver)
            {
                var before = source.Next;
                await InsistAsync(ReadAsync);
                if (source.Next == before && !source.IsOver)
                {
                    // Whatever it reads by is lost as soon as it is there.
                    await PauseAsync();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The client left.
        }
    }

    /// <summary>Called after a reconnect, and every second.</summary>
    public void Refresh(bool reconnected) => Volatile.Read(ref _consumer)?.Refresh(reconnected);

    /// <summary>Tries again until it succeeds, or gets somewhere.</summary>
    private async Task InsistAsync(Func<Task> action)
    {
        while (!source.IsOver)
        {
            var before = source.Next;
            try
            {
                await action();
                return;
            }
            catch (HttpmqException exception) when (exception.Error.Kind is ErrorKind.NotFound)
            {
                source.Finish(SubscriptionErrors.NoStream);
                return;
            }
            catch (HttpmqException)
            {
                // NATS is away, or has no leader for it: the same again is the same.
            }

            if (source.Next != before)
            {
                _pause = ShortestPause;
            }

            await PauseAsync();
        }
    }

    private async Task PauseAsync()
    {
        await Task.Delay(_pause, context.Time, source.Closing);
        _pause = _pause < LongestPause / 2 ? 2 * _pause : LongestPause;
    }

    private async Task ReadAsync()
    {
        if (source.IsBehindEnd)
        {
            source.Complete();
            return;
        }

        var state = await cursor.ReadStateAsync(source.Closing);
        if (state.Created != created)
        {
            source.Finish(SubscriptionErrors.NoStream);
        }
        else if (MayConsume(state))
        {
            await ConsumeAsync(state.State?.LastSeq ?? 0);
        }
        else
        {
            await new RequestReader(context, cursor, source, created).ReadAsync();
        }
    }

    private async Task ConsumeAsync(ulong last)
    {
        var consumer = new OrderedConsumer(context, cursor, source);
        Volatile.Write(ref _consumer, consumer);
        try
        {
            await consumer.OpenAsync(last);

            // A consumer goes with its stream: it is that of the one that is there now.
            if ((await cursor.ReadStateAsync(source.Closing)).Created != created)
            {
                source.Finish(SubscriptionErrors.NoStream);
                return;
            }

            var before = source.Next;
            await consumer.ReadAsync();
            if (source.Next != before)
            {
                _pause = ShortestPause;
            }
        }
        catch (ConsumerRefusedException)
        {
            _refused = true;
        }
        finally
        {
            Volatile.Write(ref _consumer, null);
            await consumer.CloseAsync();
        }
    }

    /// <summary>
    /// Where messages are kept for consumers, one more would keep them, or remove them. Of a stream's limited consumers replays take
    /// no more than half.
    /// </summary>
    private bool MayConsume(StreamInfoWire state)
    {
        var limit = state.Config?.Number("max_consumers") is > 0 and var own ? own : MostConsumers;
        return !_refused
            && state.Config?.Known.Retention is "limits"
            && (source.Follows || source.Left > Few)
            && (state.State?.ConsumerCount ?? 0) < limit / 2;
    }
}
