using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Api.Http;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Bodies;

/// <summary>Bodies that come slowly or stop: cut off in time, and alone.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
[Parallelizable(ParallelScope.All)]
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class SlowBodyTests(string version)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [TestCase("/v1/data/subject/x", "aGk")]
    [TestCase("/v1/data/stream/s/consumer/c/ack", "{")]
    public async Task Body_ThatStops_Is408AndOthersAreServedMeanwhile(string path, string start)
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats, readTimeout: Second);
        using var client = gateway.Client(Version.Parse(version));
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);
        var never = new TaskCompletionSource();

        var stuck = SendAsync(gateway, client, path, start, never.Task);
        var served = 0;
        await Eventually.HoldsAsync(
            async () =>
            {
                await client.PublishAsync(stream, "meanwhile");
                served++;
                return stuck.IsCompleted;
            },
            "an end of the body that stopped");

        never.SetResult();
        var (status, text) = await stuck;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(status, Is.EqualTo(408), text);
            Assert.That(text, Does.Contain("\"success\":false").And.Contain("\"code\":408"));
            Assert.That(served, Is.GreaterThan(1));
        }
    }

    [Test]
    public async Task Body_SlowerThanTheRate_Is408AndASubscriptionNextToItGoesOn()
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats, new LimitSettings { MinBodyRate = 240 });
        using var client = gateway.Client(Version.Parse(version));
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);
        await client.DefineConsumerAsync(stream, "c");
        await using var subscription = await client.SubscribeAsync(stream, "c", $"subject_name={stream}");
        var never = new TaskCompletionSource();

        var (status, text) = await SendAsync(gateway, client, $"/v1/data/subject/{stream}", "aGk", never.Task);
        never.SetResult();

        Assert.That(status, Is.EqualTo(408), text);
        Assert.That(text, Does.Contain("limits.min_body_bytes_per_sec"));
        await client.PublishAsync(stream, "after");
        Assert.That((await subscription.NextAsync()).Text, Is.EqualTo("after"));
    }

    [Test]
    public async Task Batch_QuietLongerThanTheReadTimeout_IsNotCut()
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats, readTimeout: Second);
        using var client = gateway.Client(Version.Parse(version));
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);
        var record = $$"""{"subject":"{{stream}}","b64_msg":"aGk="}""" + "\n";
        var never = new TaskCompletionSource();

        // The one that is cut off tells the time: it starts when the batch is quiet already.
        var batch = client.SendRawAsync(HttpMethod.Post, "/v1/data/publish", Body(never.Task, record));
        await Eventually.HoldsAsync(async () => (int)(await client.StreamAsync(stream))["state"]!["messages"]! == 1, "the first record");
        var (cut, why) = await SendAsync(gateway, client, $"/v1/data/subject/{stream}", "aGk", never.Task);
        Assert.That(cut, Is.EqualTo(408), why);
        never.SetResult();

        var (status, text) = await batch;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(status, Is.EqualTo(HttpStatusCode.OK), text);
            Assert.That((bool)JsonNode.Parse(text)!["success"]!, Is.True, text);
        }
    }

    /// <summary>Sends the start of a body. Over HTTP/1.1 an ordinary client would not read before it has sent the rest.</summary>
    private async Task<(int Status, string Text)> SendAsync(Gateway gateway, GatewayClient client, string path, string start, Task end)
    {
        if (version is "1.1")
        {
            var text = await RawHttp.SendAsync(
                gateway.Dataplane, $"POST {path} HTTP/1.1\nContent-Length: 100", [Encoding.ASCII.GetBytes(start)]);
            return (RawHttp.StatusOf(text), text);
        }

        var answer = await client.DataAsync(HttpMethod.Post, path, Body(end, start));
        return ((int)answer.Status, answer.Body.ToJsonString());
    }

    private static PacedContent Body(Task end, string text) => new([Encoding.ASCII.GetBytes(text)], end);
}
