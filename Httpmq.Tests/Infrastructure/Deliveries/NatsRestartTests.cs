using System.Diagnostics;
using System.Text.Json.Nodes;
using Httpmq.Infrastructure.Deliveries;
using Httpmq.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace Httpmq.Tests.Infrastructure.Deliveries;

/// <summary>A subscription outlives NATS: it goes on by itself, or ends with a true last line.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Category(ServerUnderTest.Category)]
internal sealed class NatsRestartTests : IAsyncDisposable
{
    private static readonly (string Name, JsonObject More, string Query)[] Kinds =
    [
        ("push", [], string.Empty),
        ("group", new JsonObject { ["delivery_group"] = "g1" }, "&delivery_group=g1"),
        ("pull", new JsonObject { ["mode"] = "pull" }, string.Empty),
    ];

    private NatsServer? _nats;
    private Gateway? _gateway;
    private GatewayClient? _client;

    private GatewayClient Client => _client!;

    [Test]
    public async Task Restart_WhileSubscribed_EveryKindGoesOnAndNothingIsLost()
    {
        await StartAsync();
        var streams = await SubscribeAsync();
        await Client.PublishAsync("s", "before");
        await ExpectAsync(streams, "before");

        await _nats!.KillAsync();
        await _nats.StartAgainAsync();
        await PublishOnceBackAsync("after");

        await ExpectAsync(streams, "after");
        await Client.PublishAsync("s", "later");
        await ExpectAsync(streams, "later");
    }

    [Test]
    public async Task Restart_NatsGoneForAWhile_StreamsStaySilentAndGoOn()
    {
        await StartAsync();
        var streams = await SubscribeAsync();
        await _nats!.KillAsync();

        var silent = await Task.WhenAll(streams.Select(stream => stream.IsSilentAsync(TimeSpan.FromSeconds(3))));
        await _nats.StartAgainAsync();
        await PublishOnceBackAsync("after");

        Assert.That(silent, Is.All.True);
        await ExpectAsync(streams, "after");
    }

    [Test]
    public async Task Restart_ClientsLeftInTheMeantime_TheirConsumersAreFreeAtOnceAndNothingIsLost()
    {
        await StartAsync();
        var streams = await SubscribeAsync();
        await _nats!.KillAsync();

        var start = Stopwatch.GetTimestamp();
        foreach (var stream in streams)
        {
            await stream.DisposeAsync();
        }

        var sources = _gateway!.DataplaneServices.GetRequiredService<DeliverySources>();
        await Eventually.HoldsAsync(() => sources.Open == 0, "requests that ended although NATS is away");
        var timeLimit = Stopwatch.GetElapsedTime(start);
        await _nats.StartAgainAsync();
        await PublishOnceBackAsync("for the next");
        var next = await SubscribeAsync();

        await ExpectAsync(next, "for the next");
        Assert.That(timeLimit, Is.LessThan(TimeSpan.FromSeconds(2)));
    }

    [Test]
    public async Task Restart_ConsumerDeletedInTheMeantime_EndsWithALastLine()
    {
        await using var detour = new TcpProxy();
        await StartAsync(detour);
        var streams = await SubscribeAsync();

        detour.Break();
        await using (var raw = new NatsConnection(new NatsOpts { Url = _nats!.Url }))
        {
            foreach (var (name, _, _) in Kinds)
            {
                await new NatsJSContext(raw).DeleteConsumerAsync("s", name);
            }
        }

        detour.Heal();

        foreach (var stream in streams)
        {
            var last = await stream.NextAsync();
            Assert.That((int)last.Json["error"]!["code"]!, Is.EqualTo(404));
            Assert.That(await stream.NextOrEndAsync(), Is.Null);
        }
    }

    [Test]
    public async Task Cut_ConsumerReplacedByOneThatLooksTheSame_EndsWhereTheServerTellsThemApart()
    {
        await using var detour = new TcpProxy();
        await StartAsync(detour);
        var streams = await SubscribeAsync();

        detour.Break();
        await using (var raw = new NatsConnection(new NatsOpts { Url = _nats!.Url }))
        {
            var jetStream = new NatsJSContext(raw);
            foreach (var (name, _, _) in Kinds)
            {
                var config = (await jetStream.GetConsumerAsync("s", name)).Info.Config;
                await jetStream.DeleteConsumerAsync("s", name);
                await jetStream.CreateOrUpdateConsumerAsync("s", config);
            }
        }

        detour.Heal();
        await PublishOnceBackAsync("new");

        // Before 2.12.3 the time of creation is not the same in every answer, so nothing is concluded from it, and the new one serves.
        foreach (var stream in streams)
        {
            var line = await stream.NextAsync();
            Assert.That(line.Success || ServerUnderTest.Facts.HasStableConsumerCreated, Is.True, line.Json.ToJsonString());

            // With the same deliver subject its messages may come before the request is answered.
            while (line.Success && ServerUnderTest.Facts.HasStableConsumerCreated)
            {
                line = await stream.NextAsync();
            }
        }
    }

    [Test]
    public async Task Cut_OfTheConnectionAlone_GoesOnAndNothingIsLost()
    {
        await using var detour = new TcpProxy();
        await StartAsync(detour);
        var streams = await SubscribeAsync();
        for (var i = 0; i < 5; i++)
        {
            detour.Break();
            await using var raw = new NatsConnection(new NatsOpts { Url = _nats!.Url });
            await new NatsJSContext(raw).PublishAsync("s", $"message {i}");
            detour.Heal();
        }

        foreach (var stream in streams)
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            while (seen.Count < 5)
            {
                seen.Add((await stream.NextAsync()).Text);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }

        if (_nats is not null)
        {
            await _nats.DisposeAsync();
        }
    }

    private async Task StartAsync(TcpProxy? detour = null)
    {
        _nats = await ServerUnderTest.StartAsync();
        if (detour is not null)
        {
            detour.Target = _nats.Port;
        }

        _gateway = await Gateway.StartAsync(detour?.Url ?? _nats.Url);
        _client = _gateway.Client();
        await WaitUntilReadyAsync();
        await Client.DefineStreamAsync("s", "s");
        foreach (var (name, more, _) in Kinds)
        {
            more["ack_wait"] = 1_000_000_000;
            await Client.DefineConsumerAsync("s", name, more);
        }
    }

    private Task WaitUntilReadyAsync() => Eventually.HoldsAsync(
        async () => (await Client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success
            && (await Client.ManageAsync(HttpMethod.Get, "/v1/admin/ready")).Success,
        "a gateway that is ready");

    private async Task<OpenStream[]> SubscribeAsync() =>
        await Task.WhenAll(Kinds.Select(kind => Client.SubscribeAsync("s", kind.Name, $"subject_name=s{kind.Query}")));

    private async Task PublishOnceBackAsync(string text)
    {
        await WaitUntilReadyAsync();
        await Client.PublishAsync("s", text);
    }

    /// <summary>Each gets it; what was not acknowledged before may come again on the way there.</summary>
    private async Task ExpectAsync(OpenStream[] streams, string text)
    {
        for (var i = 0; i < streams.Length; i++)
        {
            var line = await streams[i].NextAsync();
            Assert.That(line.Success, Is.True, line.Json.ToJsonString());
            while (!string.Equals(line.Text, text, StringComparison.Ordinal))
            {
                line = await streams[i].NextAsync();
            }

            await Client.AckAsync("s", Kinds[i].Name, line);
        }
    }
}
