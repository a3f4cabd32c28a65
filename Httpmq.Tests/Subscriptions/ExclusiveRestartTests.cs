using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace Httpmq.Tests.Subscriptions;

/// <summary>
/// A push consumer without a group, its subscriber on one gateway and a standby on another that keeps trying, while the connections to
/// NATS break: each time one of them has it in the end, and no message comes to both.
/// </summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Category(ServerUnderTest.Category)]
internal sealed class ExclusiveRestartTests : IAsyncDisposable
{
    private readonly TcpDetour[] _wires = [new(), new()];
    private readonly Gateway[] _gateways = new Gateway[2];
    private readonly List<Trying> _clients = [];
    private NatsServerProcess? _nats;

    [Test]
    public async Task Cut_WithAStandbyThatKeepsTrying_OneHoldsItAfterwards()
    {
        await StartAsync();
        for (var round = 0; round < 4; round++)
        {
            // The one that has it: the other comes in, and this one comes back.
            var wire = _wires[_clients.FindIndex(static client => client.Holds)];
            wire.Cut();
            await Eventually.HoldsAsync(() => _clients.TrueForAll(static client => client.Holds), "the standby let in");
            wire.Mend();
            await ExpectOneHolderAsync($"cut {round}");
        }
    }

    [Test]
    public async Task Restart_WithAStandbyThatKeepsTrying_OneHoldsItAfterwards()
    {
        await StartAsync();
        for (var round = 0; round < 4; round++)
        {
            await _nats!.KillAsync();
            await _nats.StartAgainAsync();
            await ExpectOneHolderAsync($"restart {round}");
        }
    }

    [Test]
    public async Task Cut_WithoutAnotherSubscriber_TheHolderKeepsItsPlace()
    {
        await StartAsync(standby: false);
        for (var round = 0; round < 4; round++)
        {
            _wires[0].Cut();
            _wires[0].Mend();
            await ExpectOneHolderAsync($"cut {round}");
        }

        Assert.That(_clients[0].Opened, Is.EqualTo(1), "subscriptions that it took");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        foreach (var gateway in _gateways)
        {
            await gateway.DisposeAsync();
        }

        foreach (var wire in _wires)
        {
            await wire.DisposeAsync();
        }

        await _nats!.DisposeAsync();
    }

    private async Task StartAsync(bool standby = true)
    {
        _nats = await NatsServerProcess.StartAsync();
        for (var index = 0; index < _gateways.Length; index++)
        {
            _wires[index].To(_nats.Port);
            _gateways[index] = await Gateway.StartAsync(_wires[index].Url);
            using var client = _gateways[index].Client();
            await Eventually.HoldsAsync(
                async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success && (await client.ManageAsync(HttpMethod.Get, "/v1/admin/ready")).Success,
                "a gateway that is ready");
        }

        using var admin = _gateways[0].Client();
        await admin.DefineStreamAsync("s", "s");
        await admin.DefineConsumerAsync("s", "c1", new JsonObject { ["ack_wait"] = 120_000_000_000, ["max_inflight"] = 10_000 });
        _clients.Add(new Trying(_gateways[0].Client()));
        await Eventually.HoldsAsync(() => _clients[0].Holds, "a first subscriber");
        if (standby)
        {
            _clients.Add(new Trying(_gateways[1].Client()));
        }
    }

    /// <summary>Within a bounded time; from then on every message comes to that one alone.</summary>
    private async Task ExpectOneHolderAsync(string round)
    {
        await Eventually.HoldsAsync(() => _clients.Count(static client => client.Holds) == 1, "one holder");

        // Two that do not know of each other both count as holders, as long as it lasts; so look twice, a message later.
        await using var raw = new NatsConnection(new NatsOpts { Url = _nats!.Url });
        await new NatsJSContext(raw).PublishAsync("s", $"{round} settle");
        await Eventually.HoldsAsync(
            () => _clients.Count(static client => client.Holds) == 1 && _clients.Exists(client => client.Seen.ContainsKey($"{round} settle")),
            "one holder, and it receives");
        var holder = _clients.Single(static client => client.Holds);
        for (var index = 0; index < 20; index++)
        {
            await new NatsJSContext(raw).PublishAsync("s", $"{round} {index}");
        }

        await Eventually.HoldsAsync(() => Enumerable.Range(0, 20).All(index => holder.Seen.ContainsKey($"{round} {index}")), "20 messages at the holder");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_clients.Where(static client => client.Holds), Is.EqualTo(new[] { holder }));
            Assert.That(_clients.Where(client => client != holder).Sum(client => client.Seen.Keys.Count(text => text.StartsWith($"{round} ", StringComparison.Ordinal) && !text.EndsWith("settle", StringComparison.Ordinal))), Is.Zero, "messages that came to both");
        }
    }

    /// <summary>A client that subscribes again whenever it is refused or its subscription ends.</summary>
    private sealed class Trying : IAsyncDisposable
    {
        private readonly GatewayClient _client;
        private readonly CancellationTokenSource _stopping = new();
        private readonly Task _running;
        private volatile bool _holds;

        public Trying(GatewayClient client)
        {
            _client = client;
            _running = RunAsync();
        }

        public ConcurrentDictionary<string, int> Seen { get; } = new(StringComparer.Ordinal);

        public bool Holds => _holds;

        public int Opened { get; private set; }

        public async ValueTask DisposeAsync()
        {
            await _stopping.CancelAsync();
            await _running;
            _client.Dispose();
            _stopping.Dispose();
        }

        private async Task RunAsync()
        {
            using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            try
            {
                while (!_stopping.IsCancellationRequested)
                {
                    var (open, _) = await _client.TrySubscribeAsync("s", "c1", "subject_name=s");
                    if (open is not null)
                    {
                        Opened++;
                        _holds = true;
                        await ReadAsync(open);
                        _holds = false;
                    }

                    await pause.WaitForNextTickAsync(_stopping.Token);
                }
            }
            catch (Exception exception) when (_stopping.IsCancellationRequested && exception is not AssertionException)
            {
                // The end of the test.
            }
        }

        private async Task ReadAsync(OpenStream stream)
        {
            // Also a subscription that was let in while the test was ending: messages that come again would keep it open for ever.
            await using var end = _stopping.Token.UnsafeRegister(static open => _ = ((OpenStream)open!).DisposeAsync().AsTask(), stream);
            while (await stream.NextOrEndAsync(TimeSpan.FromMinutes(2)) is { Success: true } line)
            {
                Seen.AddOrUpdate(line.Text, 1, static (_, count) => count + 1);
            }
        }
    }
}
