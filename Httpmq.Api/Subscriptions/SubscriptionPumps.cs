using System.Collections.Concurrent;
using Httpmq.Api.Http;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Application.Subscriptions;

namespace Httpmq.Api.Subscriptions;

/// <summary>
/// Owns the pumps of the process: runs them, cuts off clients that stopped reading, and drains them at shutdown. One timer
/// looks after all of them.
/// </summary>
internal sealed class SubscriptionPumps : IHostedService, IAsyncDisposable
{
    // A subscription that is over keeps nothing but its last line from the others; its client gets so long to read it.
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<SubscriptionPump, Task> _running = new();
    private readonly TimeSpan _stallLimit;
    private readonly int _most;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly TimeProvider _time;
    private readonly ILogger<SubscriptionPumps> _logger;
    private readonly ITimer _timer;
    private int _places;

    public SubscriptionPumps(LimitSettings limits, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<SubscriptionPumps> logger)
    {
        _stallLimit = limits.StallTimeout;
        _most = limits.MaxSubscriptions;
        _lifetime = lifetime;
        _time = time;
        _logger = logger;
        _timer = time.CreateTimer(static state => ((SubscriptionPumps)state!).CutOffStalled(), this, LookInterval, LookInterval);
    }

    /// <summary>Subscriptions that are open.</summary>
    public int Running => _running.Count;

    /// <summary>
    /// Takes a place for a subscription before it is opened, so that many at once cannot exceed the limit. Given back by
    /// <see cref="RunAsync"/>, or, where it does not come to that, by <see cref="Leave"/>. False: all are taken.
    /// </summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _places) <= _most)
        {
            return true;
        }

        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _places);

    /// <summary>Runs one subscription, which has its place, to its end; the source is disposed then.</summary>
    public async Task RunAsync(HttpContext http, IDeliverySource source, LineOptions lines)
    {
        var pump = new SubscriptionPump(http, source, lines, _time, _lifetime.ApplicationStopping);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _running[pump] = done.Task;
        _logger.Subscribed(pump.RequestId, source.Stream, source.Consumer);
        var reason = PumpEnd.ClientGone;
        try
        {
            reason = await pump.RunAsync();
        }
        finally
        {
            try
            {
                // Its own clean-up: the request's token is cancelled by now.
                await source.DisposeAsync();
            }
            finally
            {
                _running.TryRemove(pump, out _);
                Leave();
                done.SetResult();
                _logger.Unsubscribed(pump.RequestId, source.Stream, source.Consumer, pump.Deliveries, reason.ToString());
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Waits until all have written their last line; those that cannot are cut off when the host's patience ends.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(_running.Values).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            foreach (var pump in _running.Keys)
            {
                pump.Abort();
            }

            // What they did not write goes back to NATS while there is a connection.
            await Task.WhenAll(_running.Values);
        }
    }

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void CutOffStalled()
    {
        foreach (var pump in _running.Keys)
        {
            var stalled = pump.Stalled;
            if (stalled > _stallLimit || (stalled > EndLimit && (pump.Source.End is not null || _lifetime.ApplicationStopping.IsCancellationRequested)))
            {
                _logger.Stalled(pump.RequestId, pump.Source.Stream, pump.Source.Consumer, stalled.TotalSeconds);
                pump.Abort();
            }
        }
    }
}
