using System.Buffers;
using System.Collections.Concurrent;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Ledger;
using Httpmq.Infrastructure.Protocol;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>
/// Listens to what JetStream tells about streams and consumers that come and go, so that subscriptions end when theirs is
/// gone and nothing is remembered of it. Advisories are sent once and may be missed; after each reconnect everything is
/// checked instead. Source: https://docs.nats.io/running-a-nats-service/nats_admin/monitoring/monitoring_jetstream.
/// </summary>
internal sealed class AdvisoryListener(
    DeliveryLink link,
    RequestLink requests,
    ConsumerLedger ledger,
    DeliverySources sources,
    ILogger<AdvisoryListener> logger) : IHostedService, IAsyncDisposable
{
    private static readonly string[] Subjects =
    [
        JetStreamSubjects.AdvisoryPrefix + "CONSUMER.CREATED.*.*",
        JetStreamSubjects.AdvisoryPrefix + "CONSUMER.DELETED.*.*",
        JetStreamSubjects.AdvisoryPrefix + "CONSUMER.LEADER_ELECTED.*.*",
        JetStreamSubjects.AdvisoryPrefix + "STREAM.CREATED.*",
        JetStreamSubjects.AdvisoryPrefix + "STREAM.UPDATED.*",
        JetStreamSubjects.AdvisoryPrefix + "STREAM.DELETED.*",
        GatewaySubjects.ConsumerReset + "*.*",
    ];

    // The client library holds them weakly.
    private readonly ConcurrentDictionary<string, AdvisorySub> _subscriptions = new(StringComparer.Ordinal);
    private volatile bool _disposed;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        link.Opened += OnOpened;
        link.Lost += ledger.Doubt;

        // Its server may have led consumers. Until another leads them no advisory says so, and copies that know less may answer (2.9.10).
        requests.Lost += ledger.Doubt;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        link.Opened -= OnOpened;
        link.Lost -= ledger.Doubt;
        requests.Lost -= ledger.Doubt;
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        foreach (var subscription in _subscriptions.Values)
        {
            await subscription.DisposeAsync();
        }
    }

    /// <summary>The subscriptions of the moment.</summary>
    internal IReadOnlyCollection<NatsSubBase> Subscriptions => [.. _subscriptions.Values];

    private void OnOpened()
    {
        // The subscriptions that are there were renewed with the connection.
        ledger.Open();
        SubscribeAsync().Forget();
        sources.CheckAll();
    }

    private async Task SubscribeAsync()
    {
        foreach (var subject in Subjects)
        {
            var subscription = new AdvisorySub(link.Connection, subject, Take, OnEnded);
            if (!_subscriptions.TryAdd(subject, subscription))
            {
                continue;
            }

            try
            {
                await link.Connection.AddSubAsync(subscription);
            }
            catch (Exception exception) when (exception is NatsException or OperationCanceledException or ObjectDisposedException)
            {
                // Lost in between: the next connection tries again.
                _subscriptions.TryRemove(new KeyValuePair<string, AdvisorySub>(subject, subscription));
            }
        }
    }

    /// <summary>The client library ended it, for whatever reason. What was told in between is not known: everything is checked.</summary>
    private void OnEnded(AdvisorySub subscription)
    {
        var subject = subscription.Subject;
        if (!_disposed && _subscriptions.TryRemove(new KeyValuePair<string, AdvisorySub>(subject, subscription)) && link.IsOpen)
        {
            logger.AdvisoriesRenewed(subscription.Subject);
            OnOpened();
        }
    }

    private void Take(string subject)
    {
        try
        {
            OnAdvisory(subject);
        }
        catch (Exception exception)
        {
            // Whatever it is: the client library would end the subscription, and all that it would tell.
            logger.AdvisoryUnreadable(exception, subject);
        }
    }

    private void OnAdvisory(string subject)
    {
        if (subject.StartsWith(GatewaySubjects.ConsumerReset, StringComparison.Ordinal))
        {
            var names = subject[GatewaySubjects.ConsumerReset.Length..].Split('.');
            ledger.SetBack(names[0], names[1]);
            return;
        }

        var tokens = subject[JetStreamSubjects.AdvisoryPrefix.Length..].Split('.');
        var (what, happened, stream) = (tokens[0], tokens[1], tokens[2]);
        var consumer = what is "CONSUMER" ? tokens[3] : null;

        switch (what, happened)
        {
            case ("CONSUMER", "DELETED"):
                ledger.Forget(stream, consumer);
                sources.End(stream, consumer, SubscriptionErrors.Deleted);
                break;
            case ("STREAM", "DELETED"):
                ledger.Forget(stream, consumer: null);
                sources.End(stream, consumer: null, SubscriptionErrors.NoStream);
                break;
            case ("CONSUMER", "LEADER_ELECTED"):
                // It may not know of the last deliveries of the one before it.
                ledger.Elected(stream, consumer!);
                break;
            case ("CONSUMER", "CREATED"):
                ledger.Reset(stream, consumer);
                sources.Check(stream, consumer!);
                break;
            default:
                ledger.Reset(stream, consumer);
                break;
        }
    }

    private sealed class AdvisorySub(NatsConnection connection, string subject, Action<string> received, Action<AdvisorySub> ended)
        : NatsSubBase(connection, connection.SubscriptionManager, subject, queueGroup: null, opts: null, CancellationToken.None)
    {
        protected override ValueTask ReceiveInternalAsync(
            string subject,
            string? replyTo,
            ReadOnlySequence<byte>? headersBuffer,
            ReadOnlySequence<byte> payloadBuffer)
        {
            received(subject);
            return ValueTask.CompletedTask;
        }

        protected override void TryComplete() => ended(this);
    }
}
