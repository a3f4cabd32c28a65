using System.Buffers;
using Httpmq.Infrastructure.JetStream.Deliveries;
using Microsoft.Extensions.Hosting;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.JetStream;

/// <summary>
/// Listens to what JetStream tells about streams and consumers that come and go, so that subscriptions end when theirs is
/// gone and nothing is remembered of it. Advisories are sent once and may be missed; after each reconnect everything is
/// checked instead. Source: https://docs.nats.io/running-a-nats-service/nats_admin/monitoring/monitoring_jetstream.
/// </summary>
internal sealed class AdvisoryListener(DeliveryLink link, ConsumerLedger ledger, DeliverySources sources) : IHostedService, IAsyncDisposable
{
    private const string Prefix = "$JS.EVENT.ADVISORY.";
    private readonly List<AdvisorySub> _subscriptions = [];
    private int _subscribed;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        link.Opened += OnOpened;
        link.Lost += ledger.Doubt;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        link.Opened -= OnOpened;
        link.Lost -= ledger.Doubt;
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var subscription in _subscriptions)
        {
            await subscription.DisposeAsync();
        }
    }

    private void OnOpened()
    {
        ledger.Open();
        if (Interlocked.Exchange(ref _subscribed, 1) == 0)
        {
            SubscribeAsync().Forget();
        }

        sources.CheckAll();
    }

    private async Task SubscribeAsync()
    {
        try
        {
            string[] subjects =
            [
                "CONSUMER.CREATED.*.*",
                "CONSUMER.DELETED.*.*",
                "CONSUMER.LEADER_ELECTED.*.*",
                "STREAM.CREATED.*",
                "STREAM.UPDATED.*",
                "STREAM.DELETED.*",
            ];
            foreach (var subject in subjects.Skip(_subscriptions.Count))
            {
                var subscription = new AdvisorySub(link.Connection, Prefix + subject, OnAdvisory);
                await link.Connection.AddSubAsync(subscription);

                // The client library holds it weakly.
                _subscriptions.Add(subscription);
            }
        }
        catch (Exception exception) when (exception is NatsException or OperationCanceledException)
        {
            // Lost in between: the next connection tries again.
            Interlocked.Exchange(ref _subscribed, 0);
        }
    }

    private void OnAdvisory(string subject)
    {
        var tokens = subject[Prefix.Length..].Split('.');
        var (what, happened, stream) = (tokens[0], tokens[1], tokens[2]);
        var consumer = what is "CONSUMER" ? tokens[3] : null;

        switch (what, happened)
        {
            case ("CONSUMER", "DELETED"):
                ledger.Forget(stream, consumer);
                sources.End(stream, consumer, "the consumer was deleted");
                break;
            case ("STREAM", "DELETED"):
                ledger.Forget(stream, consumer: null);
                sources.End(stream, consumer: null, "the stream was deleted");
                break;
            case ("CONSUMER", "LEADER_ELECTED"):
                // It may not know of the last deliveries of the one before it.
                ledger.Doubt(stream, consumer!);
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

    private sealed class AdvisorySub(NatsConnection connection, string subject, Action<string> received)
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

        protected override void TryComplete()
        {
        }
    }
}
