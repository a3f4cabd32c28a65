using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Publishing;

/// <summary>JetStream says nothing: every record ends within the 5 s that are promised, in-band.</summary>
[Parallelizable]
[Category(ServerUnderTest.Category)]
internal sealed class SilentJetStreamTests
{
    private const string Record = """{"subject":"s","b64_msg":"aGk="}""";

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(4);

    /// <summary>Each record has a subject of its own, so that no two have one reason in common.</summary>
    [TestCase(false)]
    [TestCase(true)]
    public async Task Publish_ServerFrozen_HundredRecordsEndWithinFiveSeconds(bool oneSubject)
    {
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await OwnGateway.StartAsync(nats);
        using var client = gateway.Client();
        await client.DefineStreamAsync("s", "s.*");
        await client.PublishAsync("s.x", "first");

        nats.Pause();
        var (lines, took) = await PublishAsync(client, oneSubject);
        nats.Resume();

        Assert.That(lines, Has.Count.EqualTo(100));
        Assert.That(lines.Select(static line => (int?)line["error"]?["code"]), Is.All.EqualTo(504));
        Assert.That(took, Is.LessThan(Longest));
    }

    /// <summary>More records than a window holds: those that were not sent when the first ones timed out say so.</summary>
    [Test]
    public async Task Publish_ServerFrozen_ManyWindowsEndWithTheFirstAndTheRestIsNotStored()
    {
        const int Records = 4000;
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await OwnGateway.StartAsync(nats);
        using var client = gateway.Client();
        await client.DefineStreamAsync("s", "s.*");
        await client.PublishAsync("s.x", "first");

        nats.Pause();
        var (lines, took) = await PublishAsync(client, oneSubject: true, Records);
        nats.Resume();
        await Eventually.HoldsAsync(async () => (await client.TryPublishAsync("s.x", [1])).Success, "publishing again");
        var (after, _) = await PublishAsync(client, oneSubject: true);

        var unknown = lines.Count(static line => (int)line["error"]!["code"]! == 504);
        var refused = lines.Where(static line => (int)line["error"]!["code"]! == 503).ToArray();
        var stored = await StoredAsync(client, "s.0");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines.Select(static line => (int)line["line"]!), Is.EqualTo(Enumerable.Range(1, Records)));
            Assert.That(took, Is.LessThan(2 * RequestLimit), "one time limit, and not one for each window");
            Assert.That(unknown + refused.Length, Is.EqualTo(Records));
            Assert.That(refused.Select(static line => (string)line["error"]!["detail"]!), Is.All.Contain("nothing was stored"));
            Assert.That(after.Select(static line => (bool)line["success"]!), Is.All.True);
            Assert.That(stored, Is.LessThanOrEqualTo(unknown + after.Count), "what was refused is not stored");
        }
    }

    [Test]
    public async Task Publish_ServerThawsWhileTheBatchIsOpen_GoesOn()
    {
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await OwnGateway.StartAsync(nats);
        using var client = gateway.Client();
        await client.DefineStreamAsync("s", "s");
        await client.PublishAsync("s", "first");
        await using var batch = await OpenBatch.StartAsync(client);

        nats.Pause();
        await batch.SendAsync(Record);
        var silent = await batch.NextAsync();
        await batch.SendAsync(Record);
        var refused = await batch.NextAsync();
        nats.Resume();

        using (Assert.EnterMultipleScope())
        {
            Assert.That((int)silent!["error"]!["code"]!, Is.EqualTo(504));
            Assert.That((int)refused!["error"]!["code"]!, Is.EqualTo(503));
        }

        await Eventually.HoldsAsync(
            async () =>
            {
                await batch.SendAsync(Record);
                return (bool)(await batch.NextAsync())!["success"]!;
            },
            "a record of the same batch stored");
    }

    /// <summary>Without a majority a cluster answers PINGs and nothing else.</summary>
    [Test]
    public async Task Publish_ClusterWithoutQuorum_HundredRecordsEndWithinFiveSeconds()
    {
        await using var cluster = await ServerUnderTest.StartClusterAsync();
        await using var gateway = await Gateway.StartAsync(cluster.Nodes[0].Url);
        using var client = gateway.Client();
        await OwnGateway.IsReadyAsync(client);
        await Eventually.HoldsAsync(
            async () =>
                (await client.ManageAsync(HttpMethod.Post, "/v1/admin/stream", """{"name":"s","subjects":["s.*"],"replicas":3}""")).Success,
            "a stream of three copies",
            TimeSpan.FromMinutes(2));
        await Eventually.HoldsAsync(async () => (await client.TryPublishAsync("s.x", [1])).Success, "a leader");

        await cluster.Nodes[1].KillAsync();
        await cluster.Nodes[2].KillAsync();
        var (lines, took) = await PublishAsync(client, oneSubject: false);

        // Many windows, while others ask whether the gateway is ready: that is answered.
        using var ended = new CancellationTokenSource();
        var others = AskAsync(client, ended.Token);
        var (many, manyTook) = await PublishAsync(client, oneSubject: false, count: 8000);
        await ended.CancelAsync();
        var asked = await others;

        Assert.That(lines, Has.Count.EqualTo(100));
        Assert.That(lines.Concat(many).Select(static line => (int?)line["error"]?["code"]), Is.All.EqualTo(504).Or.EqualTo(503));
        Assert.That(took, Is.LessThan(Longest));
        Assert.That(manyTook, Is.LessThan(6 * RequestLimit), "one time limit, and not one for each of eight windows");
        Assert.That(asked, Is.Positive);
    }

    /// <summary>One stream alone is stuck: here a subject of somebody who listens and says nothing.</summary>
    [Test]
    public async Task Publish_OneSubjectIsSilentAndOthersAreNot_ManyWindowsEndWithTheFirst()
    {
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await OwnGateway.StartAsync(nats);
        using var client = gateway.Client();
        await client.DefineStreamAsync("t", "t");
        await using var mute = new NATS.Client.Core.NatsConnection(new NATS.Client.Core.NatsOpts { Url = nats.Url });
        await using var listening = await mute.SubscribeCoreAsync<byte[]>("s.0");
        await mute.PingAsync();

        using var ended = new CancellationTokenSource();
        var others = PublishUntilAsync(client, "t", ended.Token);
        var (lines, took) = await PublishAsync(client, oneSubject: true, count: 4000);
        await ended.CancelAsync();
        var stored = await others;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines, Has.Count.EqualTo(4000));
            Assert.That(lines.Select(static line => (int?)line["error"]?["code"]), Is.All.EqualTo(504).Or.EqualTo(503).Or.EqualTo(404));
            Assert.That(took, Is.LessThan(2 * RequestLimit), "one time limit, and not one for each window");
            Assert.That(stored, Is.Positive);
        }
    }

    [Test]
    public async Task Publish_GatewayStopsMeanwhile_TellsTheOutcomeOfEachInBand()
    {
        const int Records = 50;
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await OwnGateway.StartAsync(nats);
        using var client = gateway.Client();
        await client.DefineStreamAsync("s", "s");
        await client.PublishAsync("s", "first");
        await using var batch = await OpenBatch.StartAsync(client);

        nats.Pause();
        var start = Stopwatch.GetTimestamp();
        await batch.SendAsync(string.Join('\n', Enumerable.Repeat(Record, Records)));
        var stopping = gateway.StopDataplaneAsync();
        var lines = new List<JsonNode>();
        while (await batch.NextAsync() is { } line)
        {
            lines.Add(line);
        }

        batch.Complete();
        await stopping;
        var took = Stopwatch.GetElapsedTime(start);
        nats.Resume();

        // The stop may come before all records were read; the last line says which was not.
        var last = lines[^1];
        using (Assert.EnterMultipleScope())
        {
            Assert.That((string)last["error"]!["message"]!, Is.EqualTo("Server stopping"));
            Assert.That(lines.SkipLast(1).Select(static line => (int)line["error"]!["code"]!), Is.All.EqualTo(504));
            Assert.That(lines.Select(static line => (int)line["line"]!), Is.EqualTo(Enumerable.Range(1, lines.Count)));
            Assert.That(took, Is.LessThan(TimeSpan.FromSeconds(10)));
        }
    }

    private static async Task<int> AskAsync(GatewayClient client, CancellationToken ended)
    {
        var count = 0;
        while (!ended.IsCancellationRequested)
        {
            await client.DataAsync(HttpMethod.Get, "/v1/data/ready");
            count++;
        }

        return count;
    }

    private static async Task<int> PublishUntilAsync(GatewayClient client, string subject, CancellationToken ended)
    {
        var count = 0;
        while (!ended.IsCancellationRequested)
        {
            await client.PublishAsync(subject, "message");
            count++;
        }

        return count;
    }

    /// <summary>Messages of this subject in the stream; the first one had another.</summary>
    private static async Task<int> StoredAsync(GatewayClient client, string subject)
    {
        await client.DefineConsumerAsync("s", "count", new JsonObject { ["mode"] = "pull", ["filter_subject"] = subject });
        return (int)(await client.ConsumerAsync("s", "count"))["num_pending"]!;
    }

    private static async Task<(IReadOnlyList<JsonNode> Lines, TimeSpan Took)> PublishAsync(
        GatewayClient client, bool oneSubject, int count = 100)
    {
        var start = Stopwatch.GetTimestamp();
        var records = string.Join(
            '\n', Enumerable.Range(0, count).Select(number => $$"""{"subject":"s.{{(oneSubject ? 0 : number)}}","b64_msg":"aGk="}"""));
        var (status, text) = await client.SendRawAsync(HttpMethod.Post, "/v1/data/publish", new StringContent(records));
        var took = Stopwatch.GetElapsedTime(start);
        Assert.That(status, Is.EqualTo(HttpStatusCode.OK), text);
        return ([.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonNode.Parse(line)!)], took);
    }
}
