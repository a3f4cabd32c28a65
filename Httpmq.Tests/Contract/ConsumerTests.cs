using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>Section 3: consumers.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class ConsumerTests(string version) : ContractTest(version)
{
    private const string Minimal = """{"name":"c","mode":"push","max_inflight":4}""";

    private string _stream = null!;

    [SetUp]
    public async Task DefineStream()
    {
        _stream = SharedServers.NewName();
        await Client.DefineStreamAsync(_stream, $"{_stream}.a", $"{_stream}.b");
    }

    [Test]
    public async Task Define_MinimalPush_HasEveryKeyAndItsDefaults()
    {
        (await DefineAsync(Minimal)).Expect(200);
        var info = (await ManageAsync("GET", $"/v1/admin/stream/{_stream}/consumer/c")).Expect(200).Json["consumer"]!;
        var deliver = (string)info["config"]!["deliver_subject"]!;
        var created = (string)info["created"]!;

        // nats-server's own, from 2.11 on.
        info["config"]!.AsObject().Remove("metadata");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(deliver, Does.StartWith("_INBOX.").And.Length.GreaterThan(20));
            Assert.That(created, Does.EndWith("Z"));
            Assert.That(info.ToJsonString(), Is.EqualTo(
                $$$"""{"stream_name":"{{{_stream}}}","name":"c","created":"{{{created}}}","config":{"notes":"","deliver_subject":"{{{deliver}}}","deliver_group":"","max_deliver":-1,"ack_wait":30000000000,"filter_subject":"","max_waiting":0,"max_ack_pending":4,"deliver_policy":"all","ack_policy":"explicit","replay_policy":"instant"},"delivered":{"consumer_seq":0,"stream_seq":0},"ack_floor":{"consumer_seq":0,"stream_seq":0},"num_ack_pending":0,"num_redelivered":0,"num_waiting":0,"num_pending":0}"""));
        }
    }

    [Test]
    public async Task Define_Everything_ReadsBack()
    {
        (await DefineAsync(
            $$"""{"name":"c","mode":"push","max_inflight":3,"notes":"some notes","filter_subject":"{{_stream}}.a","delivery_group":"g1","max_retry":5,"ack_wait":1500000000}"""))
            .Expect(200);
        var config = (await Client.ConsumerAsync(_stream, "c"))["config"]!.AsObject();
        config.Remove("deliver_subject");
        config.Remove("metadata");
        Assert.That(config.ToJsonString(), Is.EqualTo(
            $$"""{"notes":"some notes","deliver_group":"g1","max_deliver":5,"ack_wait":1500000000,"filter_subject":"{{_stream}}.a","max_waiting":0,"max_ack_pending":3,"deliver_policy":"all","ack_policy":"explicit","replay_policy":"instant"}"""));
    }

    [Test]
    public async Task Define_Pull_HasNoDeliverSubject()
    {
        (await DefineAsync("""{"name":"c","mode":"pull","max_inflight":3}""")).Expect(200);
        (await DefineAsync("""{"name":"c","mode":"pull","max_inflight":3}""")).Expect(200);
        Assert.That((string)(await Client.ConsumerAsync(_stream, "c"))["config"]!["deliver_subject"]!, Is.Empty);
    }

    [TestCase("max_retry", "-1", "max_deliver", -1)]
    [TestCase("max_retry", "0", "max_deliver", -1)]
    [TestCase("max_retry", "null", "max_deliver", -1)]
    [TestCase("max_retry", "1", "max_deliver", 1)]
    [TestCase("ack_wait", "0", "ack_wait", 30_000_000_000)]
    [TestCase("ack_wait", "null", "ack_wait", 30_000_000_000)]
    [TestCase("ack_wait", "1000000", "ack_wait", 1_000_000)]
    [TestCase("ack_wait", "\"250ms\"", "ack_wait", 250_000_000)]
    [TestCase("ack_wait", "\"1h30m\"", "ack_wait", 5_400_000_000_000)]
    [TestCase("ack_wait", "\"0\"", "ack_wait", 30_000_000_000)]
    [TestCase("max_inflight", "1", "max_ack_pending", 1)]
    [TestCase("max_inflight", "1000000", "max_ack_pending", 1_000_000)]
    public async Task Define_Number_ReadsBackAs(string field, string value, string readField, long read)
    {
        (await DefineAsync(With(field, value))).Expect(200);
        Assert.That((long)(await Client.ConsumerAsync(_stream, "c"))["config"]![readField]!, Is.EqualTo(read));
    }

    [TestCase("max_inflight", "0", "max_inflight: 0 ")]
    [TestCase("max_inflight", "-1", "max_inflight: -1 ")]
    [TestCase("max_inflight", "null", "max_inflight is required")]
    [TestCase("max_inflight", "1.5", "max_inflight: 1.5 ")]
    [TestCase("mode", "null", "mode is required: 'push' or 'pull'")]
    [TestCase("mode", "\"PUSH\"", "mode: 'PUSH' ")]
    [TestCase("mode", "\"foo\"", "mode: 'foo' ")]
    [TestCase("mode", "\"\"", "mode: '' ")]
    [TestCase("name", "null", "name is required")]
    [TestCase("name", "\"\"", "name: '' is not 1 to 255")]
    [TestCase("delivery_group", "\"\"", "delivery_group: '' is not 1 to 255")]
    [TestCase("max_retry", "-2", "max_retry: -2 ")]
    [TestCase("ack_wait", "-5", "ack_wait: -5 ")]
    [TestCase("ack_wait", "30",
        "ack_wait: 30 ns is not 0 (30 s) or at least 1000000 ns (1 ms); a number is nanoseconds: for 30 seconds write \"30s\"")]
    [TestCase("ack_wait", "999999", "ack_wait: 999999 ns (999.999 us) is not 0 (30 s) or at least 1000000 ns (1 ms)")]
    [TestCase("ack_wait", "86400", "ack_wait: 86400 ns (86.4 us) is not 0 (30 s) or at least 1000000 ns (1 ms); a number is nanoseconds: "
        + "for 86400 seconds write \"86400s\"")]
    [TestCase("ack_wait", "\"500us\"", "ack_wait: 500000 ns (500 us) is not 0 (30 s) or at least 1000000 ns (1 ms)")]
    [TestCase("ack_wait", "\"5\"",
        "ack_wait: \"5\" has a number without a unit; a duration is an integer of nanoseconds, or text with units, such as \"250ms\"")]
    [TestCase("ack_wait", "\"10us\"", "ack_wait: 10000 ns (10 us) is not 0 (30 s) or at least 1000000 ns (1 ms)")]
    [TestCase("delivery_group", "\"\"", "delivery_group")]
    [TestCase("filter_subject", "\"elsewhere\"", "filter_subject: 'elsewhere' is not within the subjects of stream t")]
    public async Task Define_Wrong_Is400WithFieldAndValue(string field, string value, string detail)
    {
        var answer = (await DefineAsync(With(field, value))).Expect(400, detail);
        Assert.That(answer.Detail.Contains("seconds write", StringComparison.Ordinal), Is.EqualTo(
            detail.Contains("seconds write", StringComparison.Ordinal)));
        (await ManageAsync("GET", $"/v1/admin/stream/{_stream}/consumer/c")).Expect(404);
    }

    [Test]
    public async Task Define_FilterWiderThanTheStream_IsTaken() =>
        (await DefineAsync(With("filter_subject", $"\"{_stream}.>\""))).Expect(200);

    [Test]
    public async Task Define_FilterOfAMirror_IsTaken()
    {
        var mirror = SharedServers.NewName("m");
        await using var raw = new RawJetStream(SharedServers.Nats.Url);
        await raw.CallAsync($"STREAM.CREATE.{mirror}", new JsonObject
        {
            ["name"] = mirror,
            ["storage"] = "memory",
            ["num_replicas"] = 1,
            ["mirror"] = new JsonObject { ["name"] = _stream },
        });
        (await ManageAsync("POST", $"/v1/admin/stream/{mirror}/consumer", With("filter_subject", $"\"{_stream}.a\""))).Expect(200);
    }

    [Test]
    public async Task Define_OneThatAnotherClientMadeAndIsNotDurable_Is409AndLeavesNoLock()
    {
        await using var raw = new RawJetStream(SharedServers.Nats.Url);
        var config = new JsonObject { ["name"] = "c", ["ack_policy"] = "explicit", ["max_ack_pending"] = 5 };
        await raw.CallAsync($"CONSUMER.CREATE.{_stream}.c", new JsonObject { ["stream_name"] = _stream, ["config"] = config });
        const string Body = """{"name":"c","mode":"pull","max_inflight":7}""";

        (await DefineAsync(Body)).Expect(409, "is not durable");
        (await DefineAsync(Body)).Expect(409, "is not durable");
    }

    [Test]
    public async Task Define_EmptyFilter_IsNone() => (await DefineAsync(With("filter_subject", "\"\""))).Expect(200);

    [Test]
    public async Task Define_PullWithGroup_Is400() =>
        (await DefineAsync("""{"name":"c","mode":"pull","max_inflight":1,"delivery_group":"g1"}""")).Expect(400, "delivery_group: 'g1'");

    [Test]
    public async Task Define_SameAgain_KeepsTheDeliverSubject()
    {
        (await DefineAsync(Minimal)).Expect(200);
        var before = await Client.ConsumerAsync(_stream, "c");
        (await DefineAsync(Minimal)).Expect(200);
        Assert.That((await Client.ConsumerAsync(_stream, "c")).ToJsonString(), Is.EqualTo(before.ToJsonString()));
    }

    [TestCase("max_inflight", "5", "max_ack_pending", "5")]
    [TestCase("max_retry", "7", "max_deliver", "7")]
    [TestCase("ack_wait", "2000000000", "ack_wait", "2000000000")]
    [TestCase("notes", "\"new\"", "notes", "\"new\"")]
    public async Task Define_ChangeOfWhatMayChange_UpdatesAndKeepsTheDeliverSubject(
        string field, string value, string readField, string read)
    {
        await Client.DefineConsumerAsync(_stream, "c", new JsonObject { ["max_inflight"] = 4, ["notes"] = "old" });
        var before = (await Client.ConsumerAsync(_stream, "c"))["config"]!;
        await using var subscription = await Client.SubscribeAsync(_stream, "c", $"subject_name={_stream}.a");

        (await DefineAsync(With(field, value, "\"notes\":\"old\""))).Expect(200);

        var after = (await Client.ConsumerAsync(_stream, "c"))["config"]!;
        await Client.PublishAsync($"{_stream}.a", "still delivered");
        var line = await subscription.NextAsync();
        before[readField] = JsonNode.Parse(read);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(after.ToJsonString(), Is.EqualTo(before.ToJsonString()));
            Assert.That(line.Text, Is.EqualTo("still delivered"));
        }
    }

    [TestCase("""{"name":"c","mode":"pull","max_inflight":4,"filter_subject":"{0}.a"}""", "mode is 'push' and cannot become 'pull'")]
    [TestCase("""{"name":"c","mode":"push","max_inflight":4,"filter_subject":"{0}.b","delivery_group":"g1"}""", "filter_subject is")]
    [TestCase("""{"name":"c","mode":"push","max_inflight":4,"delivery_group":"g1"}""", "filter_subject is")]
    [TestCase("""{"name":"c","mode":"push","max_inflight":4,"filter_subject":"{0}.a","delivery_group":"g2"}""",
        "delivery_group is 'g1' and cannot become 'g2'")]
    [TestCase("""{"name":"c","mode":"push","max_inflight":4,"filter_subject":"{0}.a"}""", "delivery_group is 'g1' and cannot become ''")]
    public async Task Define_ChangeOfModeGroupOrFilter_Is409AndNothingChanges(string body, string detail)
    {
        await Client.DefineConsumerAsync(_stream, "c", new JsonObject { ["filter_subject"] = $"{_stream}.a", ["delivery_group"] = "g1" });
        var before = (await Client.ConsumerAsync(_stream, "c")).ToJsonString();
        (await DefineAsync(body.Replace("{0}", _stream, StringComparison.Ordinal))).Expect(409, detail);
        Assert.That((await Client.ConsumerAsync(_stream, "c")).ToJsonString(), Is.EqualTo(before));
    }

    [Test]
    public async Task Define_ChangeOfAConsumerThatOthersMade_KeepsWhatTheApiDoesNotKnow()
    {
        await using var raw = new RawJetStream(SharedServers.Nats.Url);
        await raw.CreateConsumerAsync(_stream, "c", new JsonObject
        {
            ["deliver_subject"] = $"deliver.{_stream}",
            ["sample_freq"] = "50%",
            ["rate_limit_bps"] = 1_000_000,
            ["headers_only"] = true,
            ["max_ack_pending"] = 10,
        });
        var before = await raw.ConsumerConfigAsync(_stream, "c");

        (await DefineAsync(Minimal)).Expect(200);

        before["max_ack_pending"] = 4;
        var after = await raw.ConsumerConfigAsync(_stream, "c");
        Assert.That(JsonNode.DeepEquals(after, before), Is.True, $"{after} instead of {before}");
    }

    [Test]
    public async Task Define_BeyondMaxConsumers_Is409()
    {
        var stream = SharedServers.NewName();
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{stream}}","max_consumers":1}""")).Expect(200);
        (await ManageAsync("POST", $"/v1/admin/stream/{stream}/consumer", Minimal)).Expect(200);
        (await ManageAsync("POST", $"/v1/admin/stream/{stream}/consumer", Minimal.Replace("\"c\"", "\"d\"", StringComparison.Ordinal)))
            .Expect(409, "(err_code 10026)");
    }

    [Test]
    public async Task List_NoneAndSome_IsAnObjectByName()
    {
        var none = (await ManageAsync("GET", $"/v1/admin/stream/{_stream}/consumer")).Expect(200).Json["consumers"]!.ToJsonString();
        await Client.DefineConsumerAsync(_stream, "c");
        var some = (await ManageAsync("GET", $"/v1/admin/stream/{_stream}/consumer")).Expect(200).Json["consumers"]!;
        var shown = await Client.ConsumerAsync(_stream, "c");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(none, Is.EqualTo("{}"));
            Assert.That(JsonNode.DeepEquals(WithoutMetadata(some["c"]!), WithoutMetadata(shown)), Is.True);
        }

        // nats-server's own, from 2.11 on, and it says less of it in lists.
        static JsonNode WithoutMetadata(JsonNode consumer)
        {
            consumer["config"]!.AsObject().Remove("metadata");
            return consumer;
        }
    }

    [Test]
    public async Task List_BeyondOnePageOfTheServer_HoldsAll()
    {
        const int Count = 300;
        await using var raw = new RawJetStream(SharedServers.Nats.Url);
        var stream = SharedServers.NewName();
        await raw.CreateStreamAsync(stream, [stream]);
        await Task.WhenAll(Enumerable.Range(0, Count).Select(number => raw.CreateConsumerAsync(stream, $"c{number}")));
        var consumers = (await ManageAsync("GET", $"/v1/admin/stream/{stream}/consumer")).Expect(200).Json["consumers"]!.AsObject();
        await raw.CallAsync($"STREAM.DELETE.{stream}");
        Assert.That(consumers, Has.Count.EqualTo(Count));
    }

    [TestCase("GET")]
    [TestCase("DELETE")]
    public async Task Consumer_Unknown_Is404(string method) =>
        (await ManageAsync(method, $"/v1/admin/stream/{_stream}/consumer/absent")).Expect(404, "consumer not found (err_code 10014)");

    [Test]
    public async Task Delete_Consumer_IsGone()
    {
        await Client.DefineConsumerAsync(_stream, "c");
        (await ManageAsync("DELETE", $"/v1/admin/stream/{_stream}/consumer/c")).Expect(200);
        (await ManageAsync("DELETE", $"/v1/admin/stream/{_stream}/consumer/c")).Expect(404);
    }

    [Test]
    public async Task Get_AfterDeliveryAndAck_TellsThePositions()
    {
        await Client.DefineConsumerAsync(_stream, "c");
        await Client.PublishAsync($"{_stream}.a", "one");
        await using var subscription = await Client.SubscribeAsync(_stream, "c", $"subject_name={_stream}.a");
        await Client.AckAsync(_stream, "c", await subscription.NextAsync());

        var info = await Client.ConsumerAsync(_stream, "c");
        foreach (var position in new[] { "delivered", "ack_floor" })
        {
            Assert.That(
                info[position]!.AsObject().Select(field => field.Key), Is.EqualTo(new[] { "consumer_seq", "stream_seq", "last_active" }));
            Assert.That((string)info[position]!["last_active"]!, Does.EndWith("Z"));
        }
    }

    private static string With(string field, string value, string? more = null)
    {
        var body = JsonNode.Parse(more is null ? Minimal : Minimal.Replace("}", $",{more}}}", StringComparison.Ordinal))!;
        body[field] = null;
        return body.ToJsonString().Replace($"\"{field}\":null", $"\"{field}\":{value}", StringComparison.Ordinal);
    }

    private Task<WireAnswer> DefineAsync(string body) => ManageAsync("POST", $"/v1/admin/stream/{_stream}/consumer", body);
}
