using System.Text.Json.Nodes;
using Httpmq.Domain.Features;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Consumers;

/// <summary>Pause, resume, reset and unpin: what they do, and that a server which lacks them is not asked.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class ConsumerControlTests
{
    private GatewayClient _client = null!;
    private RawJetStream _raw = null!;
    private string _stream = null!;

    [SetUp]
    public async Task OpenAsync()
    {
        _client = SharedServers.Gateway.Client();
        _raw = new RawJetStream(SharedServers.Nats.Url);
        _stream = SharedServers.NewName();
        await _client.DefineStreamAsync(_stream, _stream);
        await _client.DefineConsumerAsync(_stream, "c", new JsonObject { ["mode"] = "pull" });
    }

    [TearDown]
    public async Task CloseAsync()
    {
        _client.Dispose();
        await _raw.DisposeAsync();
    }

    [Test]
    public async Task Pause_UntilItIsResumed_HoldsBackWhatComes()
    {
        Require(Feature.Pause);
        await using var subscription = await _client.SubscribeAsync(_stream, "c", string.Empty);

        var paused = (await PostAsync("c/pause", """{"until":"2099-01-15T09:30:00+01:00"}""")).Expect(200).Answer.Body;
        await _client.PublishAsync(_stream, "m");
        var info = await _client.ConsumerAsync(_stream, "c");
        var silent = await subscription.IsSilentAsync(TimeSpan.FromMilliseconds(300));
        var resumed = (await PostAsync("c/resume", body: null)).Expect(200).Answer.Body;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(((bool)paused["paused"]!, (string)paused["pause_until"]!), Is.EqualTo((true, "2099-01-15T08:30:00Z")));
            Assert.That((long)paused["pause_remaining"]!, Is.GreaterThan(0));
            Assert.That((bool)info["paused"]!, Is.True);
            Assert.That((string)info["config"]!["pause_until"]!, Is.EqualTo("2099-01-15T08:30:00Z"));
            Assert.That(silent, Is.True);
            Assert.That(resumed.AsObject().Select(static entry => entry.Key), Is.EqualTo(new[] { "success", "request_id", "paused" }));
            Assert.That((bool)resumed["paused"]!, Is.False);
        }

        Assert.That((await subscription.NextAsync()).StreamSequence, Is.EqualTo(1));
        Assert.That((await _client.ConsumerAsync(_stream, "c"))["paused"], Is.Null);
        var over = (await PostAsync("c/pause", """{"until":"2020-01-15T09:30:00Z"}""")).Expect(200).Answer.Body;
        Assert.That((bool)over["paused"]!, Is.False);
    }

    [Test]
    public async Task Reset_ToTheBeginning_DeliversAgainAndAcknowledgementsFitWhatComes()
    {
        Require(Feature.ConsumerReset);
        await using var subscription = await _client.SubscribeAsync(_stream, "c", string.Empty);
        for (var number = 0; number < 3; number++)
        {
            await _client.PublishAsync(_stream, "m");
            await _client.AckAsync(_stream, "c", await subscription.NextAsync());
        }

        var reset = (await PostAsync("c/reset", """{"seq":2}""")).Expect(200).Answer.Body;
        var again = await subscription.TakeAsync(2);

        Assert.That((int)reset["reset_seq"]!, Is.EqualTo(2));
        Assert.That(
            again.Select(static line => (line.StreamSequence, line.ConsumerSequence)), Is.EqualTo(new[] { (2UL, 1UL), (3UL, 2UL) }));
        await _client.AckAsync(_stream, "c", again[0]);
        await _client.AckAsync(_stream, "c", again[1]);
        var old = await _client.TryAckAsync(_stream, "c", 3, 3);
        Assert.That(((int)old.Status, (string)old.Body["error"]!["type"]!), Is.EqualTo((404, "ack-beyond-deliveries")), old.ToString());
        Assert.That((int)(await _client.ConsumerAsync(_stream, "c"))["num_ack_pending"]!, Is.Zero);
    }

    /// <summary>What one gateway remembers is wrong after another one has reset the consumer, unless it is told.</summary>
    [Test]
    public async Task Reset_ThroughAnotherGateway_IsHeardByAllThatRememberTheConsumer()
    {
        Require(Feature.ConsumerReset);
        for (var number = 0; number < 6; number++)
        {
            await _client.PublishAsync(_stream, "m");
        }

        await using (var subscription = await _client.SubscribeAsync(_stream, "c", string.Empty))
        {
            foreach (var line in await subscription.TakeAsync(3))
            {
                await _client.AckAsync(_stream, "c", line);
            }
        }

        await using var other = await Gateway.StartAsync(SharedServers.Nats.Url);
        using var elsewhere = other.Client();
        await Eventually.HoldsAsync(
            async () => (await elsewhere.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success
                && (await elsewhere.ManageAsync(HttpMethod.Get, "/v1/admin/ready")).Success,
            "another gateway");
        (await PostAsync("c/reset", """{"seq":2}""", elsewhere)).Expect(200);
        await using var reading = await elsewhere.SubscribeAsync(_stream, "c", string.Empty);
        var again = await reading.TakeAsync(5);

        Assert.That(
            again.Select(static line => (line.StreamSequence, line.ConsumerSequence)),
            Is.EqualTo(Enumerable.Range(1, 5).Select(static number => ((ulong)number + 1, (ulong)number))));
        foreach (var line in again)
        {
            await _client.AckAsync(_stream, "c", line);
        }

        Assert.That((int)(await _client.ConsumerAsync(_stream, "c"))["num_ack_pending"]!, Is.Zero);
    }

    [Test]
    public async Task Reset_WithoutASequence_GoesOnFromWhatIsNotAcknowledged()
    {
        Require(Feature.ConsumerReset);
        await using var subscription = await _client.SubscribeAsync(_stream, "c", string.Empty);
        await _client.PublishAsync(_stream, "m");
        await _client.PublishAsync(_stream, "m");
        var lines = await subscription.TakeAsync(2);
        await _client.AckAsync(_stream, "c", lines[0]);

        Assert.That((int)(await PostAsync("c/reset", "{}")).Expect(200).Answer.Body["reset_seq"]!, Is.EqualTo(2));
        Assert.That((await subscription.NextAsync()).StreamSequence, Is.EqualTo(2));
    }

    [Test]
    public async Task Unpin_OfAGroup_IsDoneAndOfAnotherIs422()
    {
        Require(Feature.PriorityGroups);
        await _client.DefineConsumerAsync(_stream, "p", new JsonObject
        {
            ["mode"] = "pull",
            ["priority_policy"] = "pinned_client",
            ["priority_groups"] = new JsonArray("g"),
        });

        (await PostAsync("p/unpin", """{"group":"g"}""")).Expect(200);
        (await PostAsync("p/unpin", """{"group":"other"}""")).Expect(422).Type("jetstream-refused");
        (await PostAsync("c/unpin", """{"group":"g"}""")).Expect(422);
        Assert.That((await _client.ConsumerAsync(_stream, "p"))["priority_groups"]!.ToJsonString(), Is.EqualTo("""[{"group":"g"}]"""));
    }

    [TestCase("pause", """{"until":"2099-01-15T09:30:00Z"}""", nameof(Feature.Pause))]
    [TestCase("resume", null, nameof(Feature.Pause))]
    [TestCase("reset", "{}", nameof(Feature.ConsumerReset))]
    [TestCase("unpin", """{"group":"g"}""", nameof(Feature.PriorityGroups))]
    public async Task Control_ConsumerThatIsNotThere_Is404OrTheServerLacksIt(string verb, string? body, string feature)
    {
        var needed = Feature.Of(feature);
        if (ServerUnderTest.Facts.Has(needed))
        {
            (await PostAsync($"absent/{verb}", body)).Expect(404).Type("consumer-not-found");
            _stream = "absent";
            (await PostAsync($"c/{verb}", body)).Expect(404).Type("stream-not-found");
        }
        else
        {
            var name = verb.Replace("resume", "pause", StringComparison.Ordinal);
            (await PostAsync($"c/{verb}", body)).Expect(501, $"{name} needs nats-server {needed.Since} or later").Type("server-too-old");
        }
    }

    [TestCase("pause", "{}", "until is required")]
    [TestCase("pause", """{"until":"soon"}""", "until: \"soon\" is no time")]
    [TestCase("pause", """{"until":7}""", "until: 7 is no time")]
    [TestCase("pause", "", "empty")]
    [TestCase("reset", """{"seq":0}""", "seq: 0 is less than 1")]
    [TestCase("reset", """{"seq":18446744073709551615}""", "seq: 18446744073709551615 is more than 9007199254740991")]
    [TestCase("reset", """{"seq":-1}""", "seq: -1 is out of range")]
    [TestCase("reset", """{"seq":"1"}""", "seq: \"1\" is text")]
    [TestCase("unpin", "{}", "group is required")]
    [TestCase("unpin", """{"group":""}""", "group is required")]
    public async Task Control_RequestThatIsNone_Is400(string verb, string body, string says) =>
        (await PostAsync($"c/{verb}", body)).Expect(400, says);

    private static void Require(Feature feature)
    {
        if (!ServerUnderTest.Facts.Has(feature))
        {
            Assert.Ignore("the server lacks it");
        }
    }

    private async Task<Checked> PostAsync(string path, string? body, GatewayClient? client = null) =>
        new(await (client ?? _client).ManageAsync(HttpMethod.Post, $"/v1/admin/stream/{_stream}/consumer/{path}", body));
}
