using Httpmq.Infrastructure.Connection;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Requests;

/// <summary>
/// Keeps the one subscription to the answers of all requests: opened with the first request, for each connection anew, and replaced where
/// it may be dead.
/// </summary>
/// <param name="link">The connection.</param>
/// <param name="prefix">What all reply subjects begin with.</param>
/// <param name="received">Takes each answer, on the connection's reader.</param>
/// <param name="logger">For the log.</param>
internal sealed class ReplyInbox(RequestLink link, string prefix, ReplyReceiver received, ILogger logger) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private Task<bool> _opening = Task.FromResult(false);
    private ReplySubscription? _subscription;
    private int _renewing;
    private volatile bool _disposed;

    /// <summary>The subscription of the moment; null while there is none.</summary>
    public ReplySubscription? Subscription => Volatile.Read(ref _subscription);

    /// <summary>
    /// Subscribes where nobody has; false: it was not possible. Many may find that there is none: one attempt is for all of them.
    /// </summary>
    public Task<bool> OpenAsync()
    {
        lock (_gate)
        {
            return _opening.IsCompleted ? _opening = OpenOnceAsync() : _opening;
        }
    }

    /// <summary>
    /// Takes another subscription in place of one that may be dead: the server can drop it without a word, as when permissions change.
    /// </summary>
    public void Renew()
    {
        if (Subscription is { } dead && Interlocked.Exchange(ref _renewing, 1) == 0)
        {
            RenewAsync(dead).Forget();
        }
    }

    /// <summary>The connection is lost: another one needs another subscription.</summary>
    public void Forget() => Interlocked.Exchange(ref _subscription, null);

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        if (Interlocked.Exchange(ref _subscription, null) is { } subscription)
        {
            await subscription.DisposeAsync();
        }
    }

    private async Task<bool> OpenOnceAsync()
    {
        await Task.Yield();
        if (Subscription is not null)
        {
            return true;
        }

        if (await SubscribeAsync() is not { } added)
        {
            return false;
        }

        // Lost in between: the next request subscribes again.
        Volatile.Write(ref _subscription, added);
        if (ReferenceEquals(added.On, link.Connection) && !_disposed)
        {
            return true;
        }

        Interlocked.CompareExchange(ref _subscription, null, added);
        return false;
    }

    private async Task<ReplySubscription?> SubscribeAsync()
    {
        var subscription = new ReplySubscription(link.Connection, prefix + "*", received, OnEnded, logger);
        try
        {
            await subscription.On.AddSubAsync(subscription);
            return subscription;
        }
        catch (Exception exception) when (exception is NatsException or OperationCanceledException or ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>
    /// The other one first: what is answered in between comes to one of the two, and what comes to both ends one request once.
    /// </summary>
    private async Task RenewAsync(ReplySubscription dead)
    {
        try
        {
            if (await SubscribeAsync() is { } added)
            {
                // Where the connection was lost meanwhile, another has its own.
                var unwanted = ReferenceEquals(Interlocked.CompareExchange(ref _subscription, added, dead), dead) ? dead : added;
                await unwanted.DisposeAsync();
                logger.RepliesRenewed(LogLevel.Debug);
            }
        }
        finally
        {
            Volatile.Write(ref _renewing, 0);
        }
    }

    /// <summary>
    /// The client library ended the subscription, for whatever reason: answers to what is under way still come to another.
    /// </summary>
    private void OnEnded(ReplySubscription subscription)
    {
        if (!_disposed && ReferenceEquals(Interlocked.CompareExchange(ref _subscription, null, subscription), subscription) && link.IsOpen)
        {
            logger.RepliesRenewed(LogLevel.Warning);
            OpenAsync().Forget();
        }
    }
}
