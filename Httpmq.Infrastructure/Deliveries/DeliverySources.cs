using System.Collections.Concurrent;
using Httpmq.Application.Consumers;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Ledger;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>
/// Opens sources and keeps them true: ends those whose consumer or stream is gone, checks all after a reconnect, and gives
/// each a look from time to time with one timer for all.
/// </summary>
internal sealed class DeliverySources : IDeliverySourceFactory, IAsyncDisposable
{
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CheckRetry = TimeSpan.FromMilliseconds(500);

    // How often it is asked whether a consumer that sends nothing still sends here. No advisory tells of a deliver subject that was replaced.
    private static readonly TimeSpan SilenceInterval = TimeSpan.FromSeconds(5);

    private const int ParallelChecks = 32;

    // Of all that are due: with ten thousand silent subscriptions each has its turn every three minutes.
    private const int ChecksPerSecond = 50;

    private readonly ConcurrentDictionary<DeliverySource, byte> _open = new();
    private readonly ConcurrentQueue<DeliverySource> _leaving = new();
    private readonly ConcurrentQueue<(DeliverySource Source, long CheckedAt)> _silent = new();
    private readonly DeliveryLink _link;
    private readonly IConsumerStore _consumers;
    private readonly SourceContext _context;
    private readonly CancellationTokenSource _disposing = new();
    private readonly CancellationToken _disposed;
    private readonly ITimer _timer;
    private int _disposals;
    private int _checkingSilent;

    public DeliverySources(
        DeliveryLink link,
        NatsOptions options,
        ConsumerLedger ledger,
        IConsumerStore consumers,
        TimeProvider time,
        ILogger<DeliverySources> logger)
    {
        _link = link;
        _consumers = consumers;
        _disposed = _disposing.Token;
        _context = new SourceContext(
            link,
            options,
            ledger,
            time,
            logger,
            source => _open.TryRemove(source, out _),
            _leaving.Enqueue,
            new ByteBudget(options.MaxTotalPendingBytes),
            MakeRoom,
            Look,
            _disposed);
        _timer = time.CreateTimer(static state => ((DeliverySources)state!).OnTick(), this, RefreshInterval, RefreshInterval);
    }

    /// <summary>Sources that are open, and of these the ones that ended by themselves and wait for their subscriber to notice.</summary>
    public int Open => _open.Count;

    /// <inheritdoc cref="Open"/>
    public int Ended => _open.Keys.Count(source => source.End is not null);

    public async Task<IDeliverySource> OpenAsync(ConsumerInfo consumer, int maxInflight, CancellationToken cancellationToken)
    {
        _link.RequireOpen();
        DeliverySource source = consumer.Config.DeliverSubject.Length > 0
            ? new PushSource(_context, consumer)
            : new PullSource(_context, consumer, maxInflight);

        // Registered first: a deletion that comes while it opens must find it.
        _open[source] = 0;
        try
        {
            await source.OpenAsync(cancellationToken);

            // What happened after the consumer was read and before it was listened to was missed. The server answers when it has
            // the subscription, so whoever looks now sees the consumer bound.
            await _link.Connection.PingAsync(cancellationToken);
            await CheckOnceAsync(source, cancellationToken);
            source.OnOpened();
            if (source is PushSource)
            {
                _silent.Enqueue((source, _context.Time.GetTimestamp()));
            }

            return source.End is null ? source : throw new HttpmqException(source.End);
        }
        catch (Exception exception)
        {
            // Not awaited: it says goodbye to NATS, which may be what does not answer.
            source.DisposeAsync().AsTask().Forget();
            throw exception is NatsException or OperationCanceledException && !cancellationToken.IsCancellationRequested
                ? new HttpmqException(_link.NotConnected, exception)
                : exception;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // The container knows it under two names and disposes it for each.
        if (Interlocked.Exchange(ref _disposals, 1) == 0)
        {
            await _disposing.CancelAsync();
            await _timer.DisposeAsync();
            _disposing.Dispose();
        }
    }

    /// <summary>Ends the sources of a consumer, or of all consumers of a stream.</summary>
    public void End(string stream, string? consumer, Error reason)
    {
        foreach (var source in Select(stream, consumer))
        {
            source.Finish(reason);
        }
    }

    /// <summary>Checks whether the consumer is still the one that the sources were opened for.</summary>
    public void Check(string stream, string consumer)
    {
        foreach (var source in Select(stream, consumer))
        {
            CheckAsync(source, _disposed).AsTask().Forget();
        }
    }

    /// <summary>After a reconnect anything may have happened to the consumers in the meantime.</summary>
    public void CheckAll()
    {
        RefreshAll(reconnected: true);
        CheckAllAsync().Forget();
    }

    /// <summary>
    /// The one who holds the most goes: a subscriber that stands still must not cost the others theirs. Also one that has ended and is
    /// still being read: what waits for it counts as well.
    /// </summary>
    private void MakeRoom() => _open.Keys.MaxBy(static source => source.PendingBytes)?.ShedAsync().Forget();

    private void OnTick()
    {
        RefreshAll(reconnected: false);
        if (_link.IsOpen && Interlocked.Exchange(ref _checkingSilent, 1) == 0)
        {
            CheckSilentAsync().Forget();
        }
    }

    /// <summary>Looks at those whose turn it is; the queue is in the order in which they were looked at.</summary>
    private async Task CheckSilentAsync()
    {
        try
        {
            for (var count = 0; count < ChecksPerSecond && _silent.TryPeek(out var next) && _context.Time.GetElapsedTime(next.CheckedAt) >= SilenceInterval; count++)
            {
                _silent.TryDequeue(out next);
                if (next.Source.End is not null || !_open.ContainsKey(next.Source))
                {
                    continue;
                }

                _silent.Enqueue((next.Source, _context.Time.GetTimestamp()));
                if (next.Source.WantsCheck)
                {
                    await CheckOnceAsync(next.Source, _disposed);
                }
            }
        }
        catch (HttpmqException exception)
        {
            // JetStream does not answer; the next second is early enough.
            _context.Logger.SilenceNotChecked(exception.Error.Detail);
        }
        catch (OperationCanceledException)
        {
            // The process stops.
        }
        finally
        {
            Volatile.Write(ref _checkingSilent, 0);
        }
    }

    private void Look(DeliverySource source)
    {
        if (source.TryBeginLook())
        {
            LookAsync(source).Forget();
        }
    }

    private async Task LookAsync(DeliverySource source)
    {
        try
        {
            await CheckAsync(source, _disposed);
        }
        finally
        {
            source.EndLook();
        }
    }

    private async Task CheckAllAsync()
    {
        try
        {
            await Parallel.ForEachAsync(
                _open.Keys,
                new ParallelOptions { MaxDegreeOfParallelism = ParallelChecks, CancellationToken = _disposed },
                CheckAsync);
        }
        catch (OperationCanceledException)
        {
            // The process stops.
        }
    }

    private async ValueTask CheckAsync(DeliverySource source, CancellationToken cancellationToken)
    {
        try
        {
            while (source.End is null && _open.ContainsKey(source) && _link.IsOpen)
            {
                try
                {
                    await CheckOnceAsync(source, cancellationToken);
                    return;
                }
                catch (HttpmqException exception)
                {
                    // JetStream takes a while to recover after a restart.
                    _context.Logger.CheckPostponed(source.Stream, source.Consumer, exception.Error.Detail);
                }

                await Task.Delay(CheckRetry, _context.Time, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The process stops.
        }
    }

    /// <summary>Ends the source if its consumer is not there any more, or is another one of the same name.</summary>
    private async Task CheckOnceAsync(DeliverySource source, CancellationToken cancellationToken)
    {
        try
        {
            var now = await _consumers.FindAsync(StreamName.OfExisting(source.Stream), ConsumerName.OfExisting(source.Consumer), cancellationToken);
            if (now is null)
            {
                source.Finish(DeliverySource.ConsumerDeleted);
            }
            else if (IsAnother(now, source.Info))
            {
                source.Finish(DeliverySource.ConsumerReplaced);
            }
        }
        catch (HttpmqException exception) when (exception.Error.Kind is ErrorKind.NotFound)
        {
            source.Finish(DeliverySource.StreamDeleted);
        }
    }

    /// <summary>
    /// A push consumer is known by its deliver subject, which no other has as a rule. The time of creation tells nothing on servers before
    /// 2.12.3, where each copy has its own, that of its server's start; there a pull consumer that was replaced unnoticed goes on
    /// serving the subscription.
    /// </summary>
    private static bool IsAnother(ConsumerInfo now, ConsumerInfo before) =>
        !string.Equals(now.Config.DeliverSubject, before.Config.DeliverSubject, StringComparison.Ordinal)
        || (now.HasStableCreated && before.HasStableCreated && now.Created != before.Created);

    private void RefreshAll(bool reconnected)
    {
        while (_link.IsOpen && _leaving.TryDequeue(out var source))
        {
            source.LeaveAsync().Forget();
        }

        foreach (var source in _open.Keys)
        {
            source.Refresh(reconnected);
        }
    }

    private IEnumerable<DeliverySource> Select(string stream, string? consumer) => _open.Keys.Where(source =>
        string.Equals(source.Stream, stream, StringComparison.Ordinal)
        && (consumer is null || string.Equals(source.Consumer, consumer, StringComparison.Ordinal)));
}
