using System.Globalization;
using System.Text.Json.Nodes;
using Httpmq.Testing;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Browser;

/// <summary>What pages of a permitted origin get in a real browser: <c>EventSource</c> and <c>WebSocket</c>, also when cut off.</summary>
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class BrowserTests
{
    private readonly string _stream = SharedServers.NewName();
    private readonly int _port = BrowserPage.NewPort();
    private Gateway _gateway = null!;
    private GatewayClient _client = null!;
    private TcpProxy _wire = null!;

    [SetUp]
    public async Task StartAsync()
    {
        var origin = $"http://127.0.0.1:{_port.ToString(CultureInfo.InvariantCulture)}";
        _gateway = await Gateway.StartAsync(
            SharedServers.Nats.Url, server => server with { AllowedOrigins = new HashSet<string>(StringComparer.Ordinal) { origin } });
        _client = _gateway.Client();
        await OwnGateway.IsReadyAsync(_client);
        _wire = new TcpProxy(_gateway.Dataplane.Port);
        await _client.ManageAsync(HttpMethod.Delete, $"/v1/admin/stream/{_stream}");
        await _client.DefineStreamAsync(_stream, _stream);
        await _client.DefineConsumerAsync(_stream, "c1", new JsonObject { ["mode"] = "pull", ["max_inflight"] = 10 });
    }

    [TearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _wire.DisposeAsync();
        await _gateway.DisposeAsync();
    }

    [Test]
    public async Task EventSource_ConnectionCut_ReconnectsByItselfAndGoesOn()
    {
        await using var page = BrowserPage.Open(_port, $$"""
            const events = new EventSource('http://127.0.0.1:{{_wire.Port}}{{Path}}?encoding=json&heartbeat=1s&ack=auto');
            events.onopen = () => tell({ open: true });
            events.addEventListener('message', event => tell({ data: JSON.parse(event.data) }));
            events.addEventListener('end', event => { events.close(); tell({ end: JSON.parse(event.data) }); });
            """);

        Assert.That((bool)(await page.NextAsync())["open"]!, Is.True);
        await _client.PublishAsync(_stream, """{"order":1}""");
        Assert.That((int)(await page.NextAsync())["data"]!["json"]!["order"]!, Is.EqualTo(1));
        _wire.Cut();
        Assert.That((bool)(await page.NextAsync())["open"]!, Is.True, "opened again");
        await _client.PublishAsync(_stream, """{"order":2}""");
        Assert.That((int)(await page.NextAsync())["data"]!["json"]!["order"]!, Is.EqualTo(2));
        await _client.ManageAsync(HttpMethod.Delete, $"/v1/admin/stream/{_stream}/consumer/c1");
        Assert.That((string)(await page.NextAsync())["end"]!["error"]!["type"]!, Is.EqualTo("consumer-deleted"));
    }

    /// <summary>The page closes nothing: the answer to its coming back does.</summary>
    [TestCase("limit=2", "2-end")]
    [TestCase("subject=none", "4-end")]
    public async Task EventSource_ReplayIsComplete_ComesBackOnceAndIsClosed(string query, string id)
    {
        foreach (var number in new[] { "1", "2", "3", "4" })
        {
            await _client.PublishAsync(_stream, number);
        }

        await using var page = BrowserPage.Open(_port, $$"""
            const events = new EventSource('http://127.0.0.1:{{_wire.Port}}/v1/data/stream/{{_stream}}/message?{{query}}&encoding=utf8');
            const seen = [];
            events.addEventListener('message', event => seen.push(JSON.parse(event.data).msg));
            events.addEventListener('end', event => seen.push(event.lastEventId));
            events.onerror = () => events.readyState === EventSource.CLOSED && tell(seen);
            """);

        string[] expected = query is "limit=2" ? ["1", "2", id] : [id];
        Assert.That((await page.NextAsync()).AsArray().Select(static item => (string)item!), Is.EqualTo(expected));
    }

    [Test]
    public async Task EventSource_ReplayIsCutBeforeAMessage_MissesNone()
    {
        await using var page = BrowserPage.Open(_port, $$"""
            const events = new EventSource('http://127.0.0.1:{{_wire.Port}}/v1/data/stream/{{_stream}}/message?new=true&encoding=utf8');
            events.onopen = () => tell({ open: true });
            events.onerror = () => tell({ cut: true });
            events.addEventListener('message', event => tell({ msg: JSON.parse(event.data).msg }));
            """);

        Assert.That((await page.NextAsync())["open"], Is.Not.Null);
        _wire.Cut();
        Assert.That((await page.NextAsync())["cut"], Is.Not.Null);
        await _client.PublishAsync(_stream, "1");
        Assert.That((await page.NextAsync())["open"], Is.Not.Null);
        Assert.That((string?)(await page.NextAsync())["msg"], Is.EqualTo("1"));
    }

    [Test]
    public async Task WebSocket_SettlesAndOpensAgain_AfterTheConnectionWasCut()
    {
        await using var page = BrowserPage.Open(_port, $$"""
            const open = () => {
              const socket = new WebSocket('ws://127.0.0.1:{{_wire.Port}}{{Path}}?encoding=utf8', 'httpmq.v1.json');
              socket.onmessage = event => {
                const message = JSON.parse(event.data);
                tell(message);
                if (message.token) {
                  socket.send(JSON.stringify({ ack: [{ token: message.token }], id: message.msg }));
                }
              };
              socket.onclose = event => {
                tell({ closed: event.code });
                if (event.code < 4000) {
                  setTimeout(open, 100);
                }
              };
            };
            open();
            """);

        await ReceiveAsync("1");
        _wire.Cut();
        Assert.That((int)(await page.NextAsync())["closed"]!, Is.EqualTo(1006));
        await ReceiveAsync("2");
        await _client.ManageAsync(HttpMethod.Delete, $"/v1/admin/stream/{_stream}/consumer/c1");
        Assert.That((int)(await page.NextAsync())["error"]!["code"]!, Is.EqualTo(404));
        Assert.That((int)(await page.NextAsync())["closed"]!, Is.EqualTo(4404));

        async Task ReceiveAsync(string message)
        {
            Assert.That((string)(await page.NextAsync())["event"]!, Is.EqualTo("open"));
            await _client.PublishAsync(_stream, message);
            Assert.That((string)(await page.NextAsync())["msg"]!, Is.EqualTo(message));
            var settled = await page.NextAsync();
            Assert.That(((string)settled["id"]!, (int)settled["settled"]!), Is.EqualTo((message, 1)));
        }
    }

    private string Path => $"/v1/data/stream/{_stream}/consumer/c1";
}
