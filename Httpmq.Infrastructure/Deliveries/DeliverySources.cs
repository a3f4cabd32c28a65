using System.Collections.Concurrent;
using Httpmq.Application.Consumers;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
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

    private readonly OpenSources _open = new();
    private readonly ConcurrentQueue<DeliverySource> _leaving = new();
    private readonly DeliveryLink _link;
    private readonly ConsumerChecks _checks;
    private readonly SilenceChecks _silence;
    private readonly SourceContext _context;
    private readonly CancellationTokenSource _disposing = new();
    private readonly ITimer _timer;
    private int _disposals;

    public DeliverySources(
        DeliveryLink link,
        NatsOptions options,
        ConsumerLedger ledger,
        IConsumerStore consumers,
        TimeProvider time,
        ILogger<DeliverySources> logger)
    {
        _link = link;
        _checks = new ConsumerChecks(consumers, link, _open, time, logger, _disposing.Token);
        _silence = new SilenceChecks(_checks, _open, time, logger, _disposing.Token);
        _context = new SourceContext(
            link,
            new BackgroundSender(link, logger),
            options,
            ledger,
            time,
            logger,
            new Shedding(options.MaxTotalPendingBytes, _open, logger),
            _open.Remove,
            _leaving.Enqueue,
            _checks.Look,
            _disposing.Token);
        _timer = time.CreateTimer(static state => ((DeliverySources)state!).OnTick(), this, RefreshInterval, RefreshInterval);
    }

    /// <summary>Sources that are open, and of these the ones that ended by themselves and wait for their subscriber to notice.</summary>
    public int Open => _open.Count;

    /// <inheritdoc cref="Open"/>
    public int Ended => _open.All.Count(source => source.End is not null);

    public async Task<IDeliverySource> OpenAsync(ConsumerInfo consumer, int maxInflight, CancellationToken cancellationToken)
    {
        _link.RequireOpen();
        var source = new DeliverySource(_context, consumer, maxInflight);

        // Registered first: a deletion that comes while it opens must find it.
        _open.Add(source);
        try
        {
            await source.OpenAsync(cancellationToken);

            // What happened after the consumer was read and before it was listened to was missed. The server answers when it has
            // the subscription, so whoever looks now sees the consumer bound.
            await _link.Connection.PingAsync(cancellationToken);
            await _checks.CheckOnceAsync(source, cancellationToken);
            source.OnOpened();
            if (source.IsPush)
            {
                _silence.Add(source);
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
        foreach (var source in _open.Of(stream, consumer))
        {
            source.Finish(reason);
        }
    }

    /// <summary>Checks whether the consumer is still the one that the sources were opened for.</summary>
    public void Check(string stream, string consumer)
    {
        foreach (var source in _open.Of(stream, consumer))
        {
            _checks.Check(source);
        }
    }

    /// <summary>After a reconnect anything may have happened to the consumers in the meantime.</summary>
    public void CheckAll()
    {
        RefreshAll(reconnected: true);
        _checks.CheckAllAsync().Forget();
    }

    private void OnTick()
    {
        RefreshAll(reconnected: false);
        if (_link.IsOpen)
        {
            _silence.Look();
        }
    }

    private void RefreshAll(bool reconnected)
    {
        while (_link.IsOpen && _leaving.TryDequeue(out var source))
        {
            source.LeaveAsync().Forget();
        }

        foreach (var source in _open.All)
        {
            source.Refresh(reconnected);
        }
    }
}
