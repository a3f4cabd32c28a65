using System.Collections.Concurrent;
using Httpmq.Application.Consumers;
using Httpmq.Application.Subscriptions;
using Httpmq.Application.Telemetry;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Features;
using Httpmq.Domain.Messages;
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
internal sealed class DeliverySources : IDeliverySourceFactory, IPullFactory, IAsyncDisposable
{
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(1);

    private readonly OpenSources _open = new();
    private readonly ConcurrentQueue<DeliverySource> _leaving = new();
    private readonly DeliveryLink _link;
    private readonly JetStreamApi _api;
    private readonly IConsumerStore _consumers;
    private readonly ConsumerChecks _checks;
    private readonly SilenceChecks _silence;
    private readonly SourceContext _context;
    private readonly CancellationTokenSource _disposing = new();
    private readonly string _asking;
    private readonly ITimer _timer;
    private int _disposals;

    public DeliverySources(
        DeliveryLink link,
        NatsOptions options,
        ConsumerLedger ledger,
        IConsumerStore consumers,
        JetStreamApi api,
        GatewayMetrics metrics,
        TimeProvider time,
        ILogger<DeliverySources> logger)
    {
        _link = link;
        _api = api;
        _asking = options.ApiSubject("CONSUMER.MSG.NEXT.");
        link.PublishRefused += OnPublishRefused;
        link.SubscribeRefused += OnSubscribeRefused;
        _consumers = consumers;
        _checks = new ConsumerChecks(consumers, link, _open, time, logger, _disposing.Token);
        _silence = new SilenceChecks(_checks, _open, time, logger, _disposing.Token);
        _context = new SourceContext(
            link,
            new BackgroundSender(link, logger),
            options,
            ledger,
            metrics,
            time,
            logger,
            new Shedding(options.MaxTotalPendingBytes, _open, logger),
            _open.Remove,
            _leaving.Enqueue,
            _checks.RequestCheck,
            _disposing.Token);
        metrics.ObservePendingBytes(() => _context.Shedding.Pending.Used);
        _timer = time.CreateTimer(static state => ((DeliverySources)state!).OnTick(), this, RefreshInterval, RefreshInterval);
    }

    /// <summary>Sources that are open, and of these the ones that ended by themselves and wait for their subscriber to notice.</summary>
    public int Open => _open.Count;

    /// <inheritdoc cref="Open"/>
    public int Ended => _open.All.Count(source => source.End is not null);

    public async Task<IDeliverySource> OpenAsync(
        ConsumerInfo consumer, int maxInflight, DeliveryCredit? credit, CancellationToken cancellationToken)
    {
        _link.RequireOpen();
        var source = new DeliverySource(_context, consumer, opened => opened.IsPush
            ? new PushFlow(opened, consumer, _context.Time)
            : new PullFlow(opened, consumer, maxInflight, credit, _context.Options, _context.Time, _context.Stopping));

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

    public async Task<IPull> OpenAsync(ConsumerInfo consumer, PullOptions options, CancellationToken cancellationToken)
    {
        _link.RequireOpen();
        var operation = PullErrors.Operation(StreamName.OfExisting(consumer.StreamName), ConsumerName.OfExisting(consumer.Name));
        await _api.RequireAsync(operation, NeededBy(options), cancellationToken);
        var groups = consumer.Config.PriorityGroups ?? [];
        if (options.Group is { } group ? !groups.Contains(group, StringComparer.Ordinal) : groups.Count > 0)
        {
            // Of a consumer without groups JetStream does not look at the group, and serves everybody.
            throw new HttpmqException(PullErrors.Group(operation, options.Group, groups));
        }

        SinglePullFlow? flow = null;
        var source = new DeliverySource(_context, consumer, opened => flow = new SinglePullFlow(
            opened, consumer, options, _link.Server.MaxPayload, _context.Options, _context.Time));
        _open.Add(source);
        try
        {
            await source.OpenAsync(cancellationToken);
            return new Pull(source, new SilentPull(
                flow!,
                stop => _consumers.FindAsync(
                    StreamName.OfExisting(consumer.StreamName), ConsumerName.OfExisting(consumer.Name), stop),
                _context.Time));
        }
        catch (Exception exception)
        {
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
            _link.PublishRefused -= OnPublishRefused;
            _link.SubscribeRefused -= OnSubscribeRefused;
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

    /// <summary>A server that does not know what a pull names serves it as any other.</summary>
    private static IReadOnlyCollection<(string Name, Feature Feature)> NeededBy(PullOptions options) =>
    [
        .. options.Priority is null ? Array.Empty<(string, Feature)>() : [("priority", Feature.PrioritizedGroups)],
        .. options.Group is null ? Array.Empty<(string, Feature)>() : [("group", Feature.PriorityGroups)],
    ];

    /// <summary>Who may not ask for messages would wait for them for ever.</summary>
    private void OnPublishRefused(string subject)
    {
        if (!subject.StartsWith(_asking, StringComparison.Ordinal))
        {
            return;
        }

        var consumer = subject[_asking.Length..];
        foreach (var source in _open.All.Where(
            source => string.Equals(consumer, $"{source.Stream}.{source.Consumer}", StringComparison.Ordinal)))
        {
            source.Finish(SubscriptionErrors.NotPermitted("publish", subject));
        }
    }

    private void OnSubscribeRefused(string subject)
    {
        foreach (var source in _open.All.Where(source => string.Equals(source.Subject, subject, StringComparison.Ordinal)))
        {
            source.Finish(SubscriptionErrors.NotPermitted("subscribe", subject));
        }
    }

    private void OnTick()
    {
        RefreshAll(reconnected: false);
        if (_link.IsOpen)
        {
            _silence.RequestCheck();
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
