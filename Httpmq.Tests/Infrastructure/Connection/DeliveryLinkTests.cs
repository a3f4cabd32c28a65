using System.Buffers;
using Httpmq.Infrastructure.Connection;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using NATS.Client.Core;

namespace Httpmq.Tests.Infrastructure.Connection;

/// <summary>nats-server closes a connection for which more than 64 MiB wait (max_pending), and so interrupts all subscribers.</summary>
[Category(ServerUnderTest.Category)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class DeliveryLinkTests : IAsyncDisposable
{
    private const int Size = 64 * 1024;
    private const int Backlog = 2_400;

    // While the whole backlog is sent, 25 MB of it are taken.
    private const int SentForEachTaken = 6;

    // What the library has in its hands already: a buffer of 256 KiB, and some of the next.
    private const int OneRead = 10;

    private readonly FakeLifetime _lifetime = new();
    private NatsServer _server = null!;
    private DeliveryLink _link = null!;
    private NatsConnection _publisher = null!;
    private SlowReader _reader = null!;
    private int _opened;
    private int _lost;

    [SetUp]
    public async Task StartAsync()
    {
        _server = await ServerUnderTest.StartAsync();
        _publisher = new NatsConnection(new NatsOpts { Url = _server.Url });
        _link = new DeliveryLink(new NatsOptions { Url = _server.Url }, _lifetime, TimeProvider.System, NullLoggerFactory.Instance);
        _link.Opened += () => Interlocked.Increment(ref _opened);
        _link.Lost += () => Interlocked.Increment(ref _lost);
        await _link.StartAsync(CancellationToken.None);
        await OpensAsync(times: 1);
        _reader = new SlowReader(_link.Connection);
        await _link.Connection.AddSubAsync(_reader, CancellationToken.None);
        await _link.Connection.PingAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _reader.DisposeAsync();
        await _publisher.DisposeAsync();
        await _link.StopAsync(CancellationToken.None);
        await _link.DisposeAsync();
        await _server.DisposeAsync();
        _lifetime.Dispose();
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Connection_ReaderIsBehindByMoreThanTheServerKeeps_IsNotClosedAndLosesNothing(bool afterReconnect)
    {
        if (afterReconnect)
        {
            await _link.Connection.ReconnectAsync();
            await OpensAsync(times: 2);
        }

        var lost = Volatile.Read(ref _lost);
        await SendAsync(Backlog);
        _reader.MayTake(Backlog);
        await Eventually.HoldsAsync(() => _reader.Taken == Backlog || Volatile.Read(ref _lost) > lost, "the backlog, or the end");

        Assert.That((_reader.Taken, Volatile.Read(ref _lost)), Is.EqualTo((Backlog, lost)));
    }

    /// <summary>As when its server is about to stop. What is lost with the connection comes again, by ack_wait.</summary>
    [Test]
    public async Task Reconnect_ReaderIsBehind_HandsOverNoMoreOfTheOldConnectionThanWasRead()
    {
        await SendAsync(Backlog / 2);
        await _link.Connection.ReconnectAsync();
        await OpensAsync(times: 2);
        await _publisher.PublishAsync("backlog", SlowReader.Last);
        await _publisher.PingAsync();

        _reader.MayTake(Backlog);
        await Eventually.HoldsAsync(() => _reader.HasLast, "a message of the new connection");

        // It waits for whoever still reads.
        await _link.Connection.DisposeAsync();

        Assert.That(_reader.AfterLast, Is.LessThan(OneRead));
    }

    private Task OpensAsync(int times) => Eventually.HoldsAsync(() => Volatile.Read(ref _opened) == times && _link.IsOpen, "open");

    /// <summary>Sends faster than the reader takes.</summary>
    private async Task SendAsync(int count)
    {
        var payload = new byte[Size];
        for (var sent = 1; sent <= count; sent++)
        {
            await _publisher.PublishAsync("backlog", payload);
            if (sent % SentForEachTaken == 0)
            {
                _reader.MayTake(1);
            }
        }

        // The answer follows all of them: the server has queued them, or closed the connection.
        await _publisher.PingAsync();
    }

    /// <summary>Holds up all that is read on its connection.</summary>
    private sealed class SlowReader(NatsConnection connection)
        : NatsSubBase(connection, connection.SubscriptionManager, "backlog", queueGroup: null, opts: null, CancellationToken.None)
    {
        private readonly SemaphoreSlim _room = new(0);
        private int _taken;
        private int _afterLast;
        private volatile bool _hasLast;

        public static byte[] Last { get; } = "last"u8.ToArray();

        public int Taken => Volatile.Read(ref _taken);

        public bool HasLast => _hasLast;

        /// <summary>What came after the last message.</summary>
        public int AfterLast => Volatile.Read(ref _afterLast);

        public void MayTake(int count) => _room.Release(count);

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
            if (_hasLast)
            {
                Interlocked.Increment(ref _afterLast);
            }

            var isLast = payloadBuffer.Length == Last.Length;
            await _room.WaitAsync();
            Interlocked.Increment(ref _taken);
            _hasLast |= isLast;
        }

        protected override void TryComplete()
        {
        }
    }
}
