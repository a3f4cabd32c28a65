using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Http;

/// <summary>Headers beyond the limit on a connection of HTTP/2, which carries others' streams as well where a proxy is in front.</summary>
[Parallelizable(ParallelScope.All)]
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class HeaderLimitTests
{
    [TestCase(1, 64 * 1024)]
    [TestCase(3, 20 * 1024)]
    [TestCase(1, 90 * 1024)]
    [TestCase(1, 150 * 1024)]
    [TestCase(99, 600)]
    [TestCase(150, 1)]
    public async Task Headers_TooLarge_Are431AndTheOtherStreamsGoOn(int count, int size)
    {
        using var client = SharedServers.Gateway.Client();
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);
        await client.DefineConsumerAsync(stream, "c", new JsonObject { ["mode"] = "pull" });
        await using var wire = await RawHttp2.ConnectAsync(SharedServers.Gateway.Dataplane);
        await wire.SendAsync(
            1, "GET", Encoding.ASCII.GetBytes($"/v1/data/stream/{stream}/consumer/c"), [("accept", "application/x-ndjson"u8.ToArray())]);
        Assert.That(await wire.StatusAsync(1), Is.EqualTo(200));
        Assert.That(await wire.DataAsync(1), Does.Contain("\"event\":\"open\""));

        await wire.SendAsync(
            3, "POST", Encoding.ASCII.GetBytes($"/v1/data/subject/{stream}"),
            Enumerable.Range(0, count).Select(number => ($"httpmq-header-x{number}", Enumerable.Repeat((byte)'x', size).ToArray())),
            "aGk="u8.ToArray());

        var head = await wire.HeadAsync(3);
        Assert.That(head, Is.Not.Null, "the server closes the connection or resets the stream");
        Assert.That(RawHttp2.StatusOf(head!), Is.EqualTo(431));
        Assert.That(Encoding.Latin1.GetString(head!), Does.Match("[0-9a-f]{8}(-[0-9a-f]{4}){4}[0-9a-f]{8}"), "a request id");
        Assert.That(await wire.RestAsync(3), Does.Contain("\"code\":431").And.Contain("\"type\":\"headers-too-large\""));
        await client.PublishAsync(stream, "after");
        var next = JsonNode.Parse(await wire.DataAsync(1))!;
        Assert.That(((int)next["sequence"]!["stream"]!, (string)next["b64_msg"]!), Is.EqualTo((1, "YWZ0ZXI=")));
    }
}
