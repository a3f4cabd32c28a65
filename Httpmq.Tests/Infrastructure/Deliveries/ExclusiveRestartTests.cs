using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace Httpmq.Tests.Infrastructure.Deliveries;

/// <summary>
/// A push consumer without a group, its subscriber on one gateway and a standby on another that keeps trying, while the connections to
/// NATS break: each time one of them has it in the end, and no message comes to both.
/// </summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Category(ServerUnderTest.Category)]
internal sealed class ExclusiveRestartTests : IAsyncDisposable
{
    private readonly TcpProxy[] _wires = [new(), new()];
    private readonly Gateway[] _gateways = new Gateway[2];
    private readonly List<Trying> _clients = [];
    private NatsServer? _nats;

    [Test]
    public async Task Cut_WithAStandbyThatKeepsTrying_OneHoldsItAfterwards()
    {
        await StartAsync();
        for (var round = 0; round < 4; round++)
        {
            // The one that has it: the other comes in, and this one comes back.
            var wire = _wires[_clients.FindIndex(static client => client.Holds)];
            wire.Break();
            await Eventually.HoldsAsync(() => _clients.TrueForAll(static client => client.Holds), "the standby let in");
            wire.Heal();
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
            _wires[0].Break();
            _wires[0].Heal();
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
        _nats = await ServerUnderTest.StartAsync();
        for (var index = 0; index < _gateways.Length; index++)
        {
            _wires[index].Target = _nats.Port;
            _gateways[index] = await Gateway.StartAsync(_wires[index].Url);
            using var client = _gateways[index].Client();
            await Eventually.HoldsAsync(
                async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success
                    && (await client.ManageAsync(HttpMethod.Get, "/v1/admin/ready")).Success,
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

    /// <summary>
    /// Within a bounded time one of them holds it and receives every message alone. Until then another one may still be let in, and of two
    /// that opened within moments either may stay.
    /// </summary>
    private async Task ExpectOneHolderAsync(string round)
    {
        await using var raw = new NatsConnection(new NatsOpts { Url = _nats!.Url });
        Attempt? attempt = null;
        await Eventually.HoldsAsync(
            async () =>
            {
                attempt = attempt?.CanSucceed(_clients) is true
                    ? attempt
                    : await Attempt.BeginAsync(_clients, new NatsJSContext(raw), round);
                return attempt?.HasSucceeded is true;
            },
            $"one holder that alone receives 20 messages, {round}");
    }

    /// <summary>20 messages, sent while one client holds the consumer.</summary>
    private sealed record Attempt(Trying Holder, IReadOnlyList<string> Texts, long Begun)
    {
        // A message that came as another took over may be nobody's for long.
        private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

        public bool HasSucceeded => Texts.All(Holder.Seen.ContainsKey);

        public static async Task<Attempt?> BeginAsync(List<Trying> clients, NatsJSContext jetStream, string round)
        {
            if (clients.Where(static client => client.Holds).ToArray() is not [var holder])
            {
                return null;
            }

            var texts = Enumerable.Range(0, 20).Select(index => $"{round}, {index} of {Guid.NewGuid()}").ToArray();
            foreach (var text in texts)
            {
                await jetStream.PublishAsync("s", text);
            }

            return new Attempt(holder, texts, Stopwatch.GetTimestamp());
        }

        public bool CanSucceed(List<Trying> clients) => Stopwatch.GetElapsedTime(Begun) < Longest
            && clients.TrueForAll(client => client == Holder ? client.Holds : !client.Holds && !Texts.Any(client.Seen.ContainsKey));
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
