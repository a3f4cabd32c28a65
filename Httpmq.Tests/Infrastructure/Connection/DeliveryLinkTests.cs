using System.Buffers;
using Httpmq.Infrastructure.Connection;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using NATS.Client.Core;

namespace Httpmq.Tests.Infrastructure.Connection;

/// <summary>nats-server closes a connection for which more than 64 MiB wait (max_pending), and so interrupts all subscribers.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class DeliveryLinkTests
{
    private const int Size = 64 * 1024;
    private const int Backlog = 2_400;

    // While the whole backlog is sent, 25 MB of it are taken.
    private const int SentForEachTaken = 6;

    [TestCase(false)]
    [TestCase(true)]
    public async Task Connection_ReaderIsBehindByMoreThanTheServerKeeps_IsNotClosedAndLosesNothing(bool afterReconnect)
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var lifetime = new FakeLifetime();
        await using var link = new DeliveryLink(
            new NatsOptions { Url = server.Url }, lifetime, TimeProvider.System, NullLoggerFactory.Instance);
        var (opened, lost) = (0, 0);
        link.Opened += () => Interlocked.Increment(ref opened);
        await link.StartAsync(CancellationToken.None);
        await Eventually.HoldsAsync(() => Volatile.Read(ref opened) == 1 && link.IsOpen, "open");
        if (afterReconnect)
        {
            await link.Connection.ReconnectAsync();
            await Eventually.HoldsAsync(() => Volatile.Read(ref opened) == 2 && link.IsOpen, "open again");
        }

        link.Lost += () => Interlocked.Increment(ref lost);
        await using var subscription = new SlowReader(link.Connection);
        await link.Connection.AddSubAsync(subscription, CancellationToken.None);
        await link.Connection.PingAsync();

        await using var publisher = new NatsConnection(new NatsOpts { Url = server.Url });
        var payload = new byte[Size];
        for (var sent = 1; sent <= Backlog; sent++)
        {
            await publisher.PublishAsync("backlog", payload);
            subscription.MayTake(sent % SentForEachTaken == 0 ? 1 : 0);
        }

        // The answer follows all of them: the server has queued them, or closed the connection.
        await publisher.PingAsync();
        subscription.MayTake(Backlog);
        await Eventually.HoldsAsync(() => subscription.Taken == Backlog || Volatile.Read(ref lost) > 0, "the backlog, or the end");

        Assert.That((subscription.Taken, lost), Is.EqualTo((Backlog, 0)));
        await link.StopAsync(CancellationToken.None);
    }

    /// <summary>Holds up all that is read on its connection.</summary>
    private sealed class SlowReader(NatsConnection connection)
        : NatsSubBase(connection, connection.SubscriptionManager, "backlog", queueGroup: null, opts: null, CancellationToken.None)
    {
        private readonly SemaphoreSlim _room = new(0);
        private int _taken;

        public int Taken => Volatile.Read(ref _taken);

        public void MayTake(int count)
        {
            if (count > 0)
            {
                _room.Release(count);
            }
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            _room.Dispose();
        }

        protected override async ValueTask ReceiveInternalAsync(
            string subject,
            string? replyTo,
            ReadOnlySequence<byte>? headersBuffer,
            ReadOnlySequence<byte> payloadBuffer)
        {
            await _room.WaitAsync();
            Interlocked.Increment(ref _taken);
        }

        protected override void TryComplete()
        {
        }
    }
}
