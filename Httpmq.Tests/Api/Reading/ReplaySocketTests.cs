using Httpmq.Tests.Api.Subscriptions;
using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Reading;

/// <summary>Replays over WebSockets: objects come as messages, and the client can say how many it takes.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class ReplaySocketTests(string version) : ContractTest(version)
{
    private readonly string _version = version;
    private string _stream = null!;

    [SetUp]
    public async Task DefineAsync()
    {
        _stream = SharedServers.NewName();
        await Client.DefineStreamAsync(_stream, _stream);
        foreach (var text in new[] { "1", "2", "3" })
        {
            await Client.PublishAsync(_stream, text);
        }
    }

    [Test]
    public async Task Replay_All_EndsAndIsClosed()
    {
        await using var open = await OpenAsync("encoding=utf8&from_seq=2");

        using (Assert.EnterMultipleScope())
        {
            var begun = (await open.ReadAsync())!;
            Assert.That(((string)begun["event"]!, (int)begun["last_sequence"]!), Is.EqualTo(("open", 1)));
            Assert.That((string)(await open.ReadAsync())!["msg"]!, Is.EqualTo("2"));
            Assert.That((string)(await open.ReadAsync())!["msg"]!, Is.EqualTo("3"));
            var end = (await open.ReadAsync())!;
            Assert.That(((string)end["event"]!, (int)end["last_sequence"]!), Is.EqualTo(("end", 3)));
            Assert.That(await open.ReadAsync(), Is.Null);
            Assert.That((open.CloseStatus, open.Subprotocol), Is.EqualTo((1000, "httpmq.v1.json")));
        }
    }

    [Test]
    public async Task Replay_NothingToSend_IsOpenedAndEnds()
    {
        await using var open = await OpenAsync("from_seq=4");

        Assert.That((string)(await open.ReadAsync())!["event"]!, Is.EqualTo("open"));
        Assert.That((string)(await open.ReadAsync())!["event"]!, Is.EqualTo("end"));
        Assert.That((await open.ReadAsync(), open.CloseStatus), Is.EqualTo(((object?)null, 1000)));
    }

    [Test]
    public async Task Replay_Follow_GoesOnWithWhatIsStoredUntilTheStreamIsDeleted()
    {
        await using var open = await OpenAsync("encoding=utf8&new=true");
        await open.ReadAsync();

        await Client.PublishAsync(_stream, "4");
        Assert.That((string)(await open.ReadAsync())!["msg"]!, Is.EqualTo("4"));
        await Client.ManageAsync(HttpMethod.Delete, $"/v1/admin/stream/{_stream}");
        Assert.That((string)(await open.ReadAsync())!["error"]!["type"]!, Is.EqualTo("stream-deleted"));
        Assert.That((await open.ReadAsync(), open.CloseStatus), Is.EqualTo(((object?)null, 4404)));
    }

    [Test]
    public async Task Replay_Credit_BoundsWhatIsSent()
    {
        await using var open = await OpenAsync("credit=1&heartbeat=1s");
        await open.ReadAsync();

        Assert.That((int)(await open.ReadAsync())!["sequence"]!["stream"]!, Is.EqualTo(1));
        Assert.That((string)(await open.ReadAsync())!["event"]!, Is.EqualTo("keepalive"), "nothing else comes");
        await open.SendAsync("""{"credit":2}""");
        Assert.That((int)(await open.ReadAsync(named: null))["sequence"]!["stream"]!, Is.EqualTo(2));
        Assert.That((int)(await open.ReadAsync(named: null))["sequence"]!["stream"]!, Is.EqualTo(3));
        Assert.That((int)(await open.ReadAsync("end"))["last_sequence"]!, Is.EqualTo(3));
    }

    [Test]
    public async Task Send_ASettlement_EndsItWithTheReason()
    {
        await using var open = await OpenAsync("follow=true&credit=0");
        await open.ReadAsync();

        await open.SendAsync("""{"ack":[{"stream":1,"consumer":1}],"credit":3}""");

        var end = (await open.ReadAsync())!;
        Assert.That((string)end["error"]!["type"]!, Is.EqualTo("malformed-subscriber-message"));
        Assert.That((string)end["error"]!["detail"]!, Does.Contain("a replay has nothing to settle"));
        Assert.That((await open.ReadAsync(), open.CloseStatus), Is.EqualTo(((object?)null, 1008)));
    }

    [TestCase("from_seq=0", "httpmq.v1.json", 400)]
    [TestCase("credit=-1", "httpmq.v1.json", 400)]
    [TestCase("", "mqtt", 400)]
    public void Open_WhatIsNotTaken_IsRefused(string query, string subprotocol, int status)
    {
        var refused = Assert.ThrowsAsync<HttpRequestException>(async () => await OpenAsync(query, subprotocol));
        Assert.That((int?)refused!.StatusCode, Is.EqualTo(status));
    }

    [Test]
    public async Task Credit_OfAReplayThatIsNoWebSocket_IsRefused() =>
        (await DataAsync("GET", $"/v1/data/stream/{_stream}/message?credit=1")).Expect(400, "credit: '1'");

    private Task<TwoWay.WebSocketWay> OpenAsync(string query, string subprotocol = "httpmq.v1.json") => TwoWay.WebSocketWay.OpenAsync(
        new UriBuilder(new Uri(Gateway.Dataplane, $"/v1/data/stream/{_stream}/message?{query}")) { Scheme = "ws" }.Uri,
        Version.Parse(_version),
        subprotocol);
}
