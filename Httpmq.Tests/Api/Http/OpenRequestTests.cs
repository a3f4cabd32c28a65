using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Http;

/// <summary>The gateway stops while requests are open whose answers are complete: their clients can read those to the end.</summary>
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class OpenRequestTests
{
    private const int Rounds = 100;

    private readonly string _stream = SharedServers.NewName();

    [OneTimeSetUp]
    public async Task DefineAsync()
    {
        using var client = SharedServers.Gateway.Client();
        await client.DefineStreamAsync(_stream, _stream);
        await client.DefineConsumerAsync(_stream, "c1", new JsonObject { ["mode"] = "pull" });
    }

    /// <summary>Many clients throw away what they have not read when the connection closes while their request is open.</summary>
    [TestCase("/v1/data/stream/{0}/consumer/c1/duplex")]
    [TestCase("/v1/data/publish")]
    public async Task Stop_TheRequestIsOpen_LeavesTheConnectionOpenUntilItHasEnded(string path)
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats);
        await using var wire = await RawHttp2.ConnectAsync(gateway.Dataplane);
        await wire.BeginAsync(1, "POST", Encoding.ASCII.GetBytes(path.Replace("{0}", _stream, StringComparison.Ordinal)));
        Assert.That(await wire.StatusAsync(1), Is.EqualTo(200));

        var stopping = gateway.StopDataplaneAsync();
        var answer = await wire.RestAsync(1);
        var meanwhile = new List<byte>();
        for (var round = 0; round < Rounds; round++)
        {
            meanwhile.AddRange(await wire.PingAsync());
        }

        Assert.That(stopping.IsCompleted, Is.False);
        await wire.EndAsync(1);
        await stopping.WaitAsync(Eventually.TimeLimit);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((string?)JsonNode.Parse(answer.Trim().Split('\n')[^1])?["error"]?["type"], Is.EqualTo("server-stopping"), answer);
            Assert.That(meanwhile, Has.None.EqualTo(Http2Frames.GoAway).And.None.EqualTo(Http2Frames.ResetStream));
        }
    }
}
