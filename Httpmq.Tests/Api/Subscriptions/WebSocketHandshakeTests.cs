using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>A broken handshake is refused: it must not become a subscription in another framing, which takes messages.</summary>
internal sealed class WebSocketHandshakeTests : SubscriptionTest
{
    private const string Key = "\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    private const string Upgrade = "\nConnection: Upgrade\nUpgrade: websocket";

    [SetUp]
    public async Task DefineAsync()
    {
        await First.DefineStreamAsync(Stream, Stream);
        await First.DefineConsumerAsync(Stream, "c1", new JsonObject { ["mode"] = "pull", ["max_inflight"] = 10 });
        await First.PublishAsync(Stream, "one");
    }

    [TestCase($"{Upgrade}{Key}\nSec-WebSocket-Version: 8", 426, "'8'")]
    [TestCase($"{Upgrade}{Key}", 426, "Sec-WebSocket-Version")]
    [TestCase($"{Upgrade}\nSec-WebSocket-Version: 13", 400, "Sec-WebSocket-Key")]
    [TestCase($"{Upgrade}\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: c2hvcnQ=", 400, "'c2hvcnQ='")]
    [TestCase($"{Upgrade}\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: none", 400, "'none'")]
    [TestCase($"\nUpgrade: WebSocket{Key}\nSec-WebSocket-Version: 13", 400, "Connection: Upgrade")]
    public async Task Open_BrokenHandshake_IsRefusedAndTakesNothing(string headers, int status, string reason)
    {
        foreach (var path in new[] { $"/v1/data/stream/{Stream}/consumer/c1", $"/v1/data/stream/{Stream}/message" })
        {
            var answer = await RawHttp.SendAsync(Instances.First.Dataplane, $"GET {path} HTTP/1.1{headers}");

            using (Assert.EnterMultipleScope())
            {
                Assert.That(RawHttp.StatusOf(answer), Is.EqualTo(status));
                Assert.That(answer, Does.Contain($"\"code\":{status}").And.Contain(reason));
                Assert.That(answer.Contains("Sec-WebSocket-Version: 13\r\n", StringComparison.Ordinal), Is.EqualTo(status == 426));
                Assert.That(answer.Contains("Upgrade: websocket\r\n", StringComparison.Ordinal), Is.EqualTo(status == 426));
            }
        }

        var consumer = (await First.ManageAsync(HttpMethod.Get, $"/v1/admin/stream/{Stream}/consumer/c1")).Body["consumer"]!;
        Assert.That((int)consumer["delivered"]!["consumer_seq"]!, Is.Zero);
    }

    /// <summary>RFC 8441: the version is asked for as over HTTP/1.1, and there is no key.</summary>
    [Test]
    public async Task Connect_AnotherVersion_IsRefused()
    {
        await using var wire = await RawHttp2.ConnectAsync(Instances.First.Dataplane);
        await wire.SendAsync(
            1,
            "CONNECT",
            Encoding.ASCII.GetBytes($"/v1/data/stream/{Stream}/consumer/c1"),
            [(":protocol", "websocket"u8.ToArray()), ("sec-websocket-version", "8"u8.ToArray())],
            body: []);

        Assert.That(await wire.StatusAsync(1), Is.EqualTo(426));
        Assert.That(await wire.RestAsync(1), Does.Contain("websocket-version"));
    }
}
