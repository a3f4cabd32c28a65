using Httpmq.Api.Errors;
using Httpmq.Application.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Deliveries;
using Httpmq.Infrastructure.Ledger;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Moq;

namespace Httpmq.Tests.Infrastructure.Connection;

/// <summary>What becomes of a connection that is not there yet, is lost, or is to be left.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class NatsLinkTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeLifetime _lifetime = new();
    private readonly List<NatsLink> _links = [];
    private readonly List<FakeNats> _servers = [];
    private int _opened;
    private int _lost;

    public async ValueTask DisposeAsync()
    {
        foreach (var link in _links)
        {
            await link.StopAsync(CancellationToken.None);
            await link.DisposeAsync();
        }

        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        _lifetime.Dispose();
    }

    [Test]
    public async Task Start_NobodyListens_ReturnsAndConnectsWhenSomebodyDoes()
    {
        var port = Ports.Free();
        var link = await StartAsync($"nats://127.0.0.1:{port}");
        Assert.That(link.IsOpen, Is.False);
        Assert.That(
            link.RequireOpen, Throws.InstanceOf<HttpmqException>().With.Property(nameof(HttpmqException.Error)).EqualTo(link.NotConnected));

        Listen(port);
        await BecomesAsync(() => link.IsOpen, "open");

        Assert.That(link.RequireOpen, Throws.Nothing);
    }

    [Test]
    public async Task Start_NobodyListensAndAttemptsAreLimited_StopsTheProcessWithAnError()
    {
        var before = Environment.ExitCode;
        try
        {
            await StartAsync($"nats://127.0.0.1:{Ports.Free()}", static options => options with { MaxReconnectAttempts = 1 });
            await BecomesAsync(() => _lifetime.ApplicationStopping.IsCancellationRequested, "the end of the process");

            Assert.That(Environment.ExitCode, Is.EqualTo(1));
        }
        finally
        {
            Environment.ExitCode = before;
        }
    }

    [Test]
    public async Task Lost_ConnectionOfRequests_AnotherTakesItsPlace()
    {
        var server = Listen();
        var link = await StartAsync(server.Url);
        await BecomesAsync(() => link.IsOpen, "open");
        var first = link.Connection;

        server.Cut();
        await BecomesAsync(() => _lost == 1 && _opened == 2 && link.IsOpen, "lost, and open again");

        Assert.That(link.Connection, Is.Not.SameAs(first), "what lies unsent in the lost one must not be sent later");
    }

    [Test]
    public async Task Lost_ConnectionOfDeliveries_IsOpenedAgain()
    {
        var server = Listen();
        var link = await StartAsync(server.Url, deliveries: true);
        await BecomesAsync(() => link.IsOpen, "open");
        var first = link.Connection;

        server.Cut();
        await BecomesAsync(() => _lost == 1 && _opened == 2 && link.IsOpen, "lost, and open again");

        Assert.That(link.Connection, Is.SameAs(first), "its subscriptions go on");
    }

    [TestCase("2.10.27", true)]
    [TestCase("2.9.25", false)]
    public async Task LameDuck_OnlyServer_IsLeftAtOnceWhereItsJetStreamIsAway(string version, bool left)
    {
        var server = Listen(version: version);
        var link = await StartAsync(server.Url);
        await BecomesAsync(() => link.IsOpen, "open");
        var first = link.Connection;

        server.EnterLameDuckMode();
        await BecomesAsync(() => !left || _lost == 1, "left");
        await first.PingAsync().AsTask().WaitAsync(Eventually.TimeLimit).ContinueWith(static _ => { }, TaskScheduler.Default);

        Assert.That((ReferenceEquals(link.Connection, first), _lost), Is.EqualTo((!left, left ? 1 : 0)));
    }

    [Test]
    public async Task LameDuck_OnlyServer_IsNamedWhereSomebodyIsTurnedAway()
    {
        var server = Listen();
        var link = await StartAsync(server.Url);
        await BecomesAsync(() => link.IsOpen, "open");

        server.EnterLameDuckMode();
        await BecomesAsync(() => _lost == 1, "left");

        Assert.That(link.NotConnected.Detail(), Does.Contain($"127.0.0.1:{server.Port} is about to stop (lame duck mode)"));
    }

    [Test]
    public async Task Publish_RefusedByTheServer_IsToldWithItsSubject()
    {
        var server = Listen();
        var link = await StartAsync(server.Url);
        var refused = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        link.PublishRefused += refused.SetResult;
        await BecomesAsync(() => link.IsOpen, "open");

        server.Say("-ERR 'Permissions Violation for Publish to \"orders.new\"'");

        Assert.That(await refused.Task.WaitAsync(Eventually.TimeLimit), Is.EqualTo("orders.new"));
    }

    /// <summary>Its server may have led consumers, and whoever leads them now may know less.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task Lost_EitherConnection_PutsTheLedgerInDoubt(bool requests)
    {
        var (asked, delivering) = (Listen(), Listen());
        var link = (RequestLink)Create(asked.Url);
        var deliveries = (DeliveryLink)Create(delivering.Url, deliveries: true);
        var ledger = new ConsumerLedger(_time);
        await using var sources = new DeliverySources(
            deliveries, new NatsOptions(), ledger, new Mock<IConsumerStore>().Object,
            new JetStreamApi(link, new NatsOptions(), _time), NoMetrics.Create(), _time, NullLogger<DeliverySources>.Instance);
        await using var advisories = new AdvisoryListener(deliveries, link, ledger, sources, NullLogger<AdvisoryListener>.Instance);
        await advisories.StartAsync(CancellationToken.None);
        await link.StartAsync(CancellationToken.None);
        await deliveries.StartAsync(CancellationToken.None);
        await BecomesAsync(() => link.IsOpen && deliveries.IsOpen
            && delivering.HasSubscription("$JS.EVENT.ADVISORY.CONSUMER.DELETED.*.*"), "open, and listening");
        ledger.Get("s", "c").Saw(new DeliverySequence(7, 7));
        Assert.That(ledger.Get("s", "c").IsInDoubt(steadySince: 0), Is.False);

        (requests ? asked : delivering).Cut();
        await BecomesAsync(() => ledger.Get("s", "c").IsInDoubt(steadySince: 0), "doubt");

        Assert.That(
            ledger.Get("s", "c").Mark, Is.EqualTo(default(DeliverySequence)), "what was delivered may be unknown to the next leader");
        await advisories.StopAsync(CancellationToken.None);
    }

    private FakeNats Listen(int port = 0, string version = "2.10.27")
    {
        var server = new FakeNats(port) { Version = version };
        _servers.Add(server);
        return server;
    }

    private async Task<NatsLink> StartAsync(string url, Func<NatsOptions, NatsOptions>? change = null, bool deliveries = false)
    {
        var link = Create(url, change, deliveries);
        await link.StartAsync(CancellationToken.None);
        return link;
    }

    private NatsLink Create(string url, Func<NatsOptions, NatsOptions>? change = null, bool deliveries = false)
    {
        var options = new NatsOptions { Url = url };
        options = change?.Invoke(options) ?? options;
        NatsLink link = deliveries
            ? new DeliveryLink(options, _lifetime, _time, NullLoggerFactory.Instance)
            : new RequestLink(options, _lifetime, _time, NullLoggerFactory.Instance);
        _links.Add(link);
        link.Opened += () => Interlocked.Increment(ref _opened);
        link.Lost += () => Interlocked.Increment(ref _lost);
        return link;
    }

    /// <summary>Time goes on until it holds.</summary>
    private Task BecomesAsync(Func<bool> condition, string what) => Eventually.HoldsAsync(
        () =>
        {
            var holds = condition();
            _time.Advance(holds ? TimeSpan.Zero : TimeSpan.FromMilliseconds(100));
            return holds;
        },
        what);
}
