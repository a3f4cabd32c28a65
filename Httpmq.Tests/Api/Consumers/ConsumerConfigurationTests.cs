using System.Text.Json.Nodes;
using Httpmq.Domain.Features;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Consumers;

/// <summary>The whole configuration of consumers: defined, shown, replaced, and refused where the server lacks a part of it.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class ConsumerConfigurationTests
{
    private GatewayClient _client = null!;
    private RawJetStream _raw = null!;
    private string _stream = null!;

    private static IEnumerable<TestCaseData> NewFields()
    {
        yield return Field(Feature.FilterSubjects, "filter_subjects", """["{s}.a","{s}.b"]""");
        yield return Field(Feature.Pause, "pause_until", "\"2099-01-15T09:30:00Z\"");
        yield return Field(Feature.PriorityGroups, "priority_groups", """["g"],"priority_policy":"overflow" """);
        yield return Field(
            Feature.PriorityGroups, "priority_timeout", """ "30s","priority_policy":"pinned_client","priority_groups":["g"]""");
        yield return Field(Feature.PrioritizedGroups, "priority_policy", """ "prioritized","priority_groups":["g"]""");
    }

    [SetUp]
    public async Task OpenAsync()
    {
        _client = SharedServers.Gateway.Client();
        _raw = new RawJetStream(SharedServers.Nats.Url);
        _stream = SharedServers.NewName();
        await _client.DefineStreamAsync(_stream, $"{_stream}.*");
    }

    [TearDown]
    public async Task CloseAsync()
    {
        _client.Dispose();
        await _raw.DisposeAsync();
    }

    [Test]
    public async Task Define_PullWithWhatEveryServerHas_IsAtTheServerAndShown()
    {
        const string More = """
            "max_inflight":7,"deliver_policy":"by_start_sequence","opt_start_seq":2,"backoff":["1s",2000000000],"max_retry":5,
            "replay_policy":"original","sample_freq":"30%","headers_only":true,"max_batch":10,"max_expires":"2m","max_bytes":1000,
            "inactive_threshold":"1h","num_replicas":1,"mem_storage":true,"max_waiting":9
            """;

        await DefineAsync("c", "pull", More);

        var shown = await ConfigAsync("c");
        using (Assert.EnterMultipleScope())
        {
            Assert.That((string)shown["deliver_policy"]!, Is.EqualTo("by_start_sequence"));
            Assert.That((int)shown["opt_start_seq"]!, Is.EqualTo(2));
            Assert.That(shown["backoff"]!.ToJsonString(), Is.EqualTo("[1000000000,2000000000]"));
            Assert.That((long)shown["ack_wait"]!, Is.EqualTo(1_000_000_000), "the first step");
            Assert.That(((int)shown["max_deliver"]!, (int)shown["max_waiting"]!), Is.EqualTo((5, 9)));
            Assert.That(((string)shown["replay_policy"]!, (string)shown["sample_freq"]!), Is.EqualTo(("original", "30%")));
            Assert.That(((bool)shown["headers_only"]!, (bool)shown["mem_storage"]!), Is.EqualTo((true, true)));
            Assert.That(((int)shown["max_batch"]!, (long)shown["max_expires"]!), Is.EqualTo((10, 120_000_000_000)));
            Assert.That((int)(await _raw.ConsumerConfigAsync(_stream, "c"))["max_bytes"]!, Is.EqualTo(1000));
            Assert.That((string)shown["ack_policy"]!, Is.EqualTo("explicit"), "the default");
            Assert.That(shown.AsObject().ContainsKey("flow_control"), Is.False, "what is off is not shown");
        }

        var before = await _raw.ConsumerConfigAsync(_stream, "c");
        await DefineAsync("c", "pull", More);
        (await ReplaceAsync("c", shown.ToJsonString())).Expect(200);
        Assert.That(JsonNode.DeepEquals(await _raw.ConsumerConfigAsync(_stream, "c"), before), Is.True, "what is shown, sent back");
    }

    [Test]
    public async Task Define_PushWithHeartbeatAndFlowControl_Delivers()
    {
        await DefineAsync("p", "push", "\"max_inflight\":5,\"idle_heartbeat\":\"1s\",\"flow_control\":true,\"rate_limit_bps\":1000000000");
        await using var subscription = await _client.SubscribeAsync(_stream, "p", string.Empty);
        await _client.PublishAsync($"{_stream}.a", "m");

        Assert.That((await subscription.NextAsync()).StreamSequence, Is.EqualTo(1));
        Assert.That((bool)(await ConfigAsync("p"))["flow_control"]!, Is.True);
    }

    [Test]
    public async Task Define_WithoutAcknowledgements_NeedsNoLimitOfThem()
    {
        await DefineAsync("n", "pull", "\"ack_policy\":\"none\",\"deliver_policy\":\"last\"");

        Assert.That((string)(await ConfigAsync("n"))["ack_policy"]!, Is.EqualTo("none"));
    }

    [Test]
    public async Task Define_WithAcknowledgementByFlowControl_HasNoAckWait()
    {
        const string More = "\"max_inflight\":5,\"ack_policy\":\"flow_control\",\"flow_control\":true,\"idle_heartbeat\":\"1s\"";
        const string Definition = $$"""{"name":"f","mode":"push",{{More}}}""";
        if (!ServerUnderTest.Facts.Has(Feature.DurableSources))
        {
            (await ManageAsync(HttpMethod.Post, string.Empty, Definition)).Expect(501);
            return;
        }

        await DefineAsync("f", "push", More);
        await DefineAsync("f", "push", More);
        (await ReplaceAsync("f", $"{{{More.Replace(":5", ":6", StringComparison.Ordinal)},\"ack_wait\":0}}")).Expect(200);

        var config = await _raw.ConsumerConfigAsync(_stream, "f");
        var shown = ((string)config["ack_policy"]!, (int)config["max_ack_pending"]!, (long?)config["ack_wait"] ?? 0);
        Assert.That(shown, Is.EqualTo(("flow_control", 6, 0)));
        const string WithWait = $$"""{"name":"w","mode":"push","ack_wait":"5s",{{More}}}""";
        (await ManageAsync(HttpMethod.Post, string.Empty, WithWait)).Expect(422, "unset ack wait");
    }

    [Test]
    public async Task Define_InJetStreamsWords_IsTheSame()
    {
        (await ManageAsync(
            HttpMethod.Post, string.Empty,
            """{"durable_name":"w","mode":"push","max_ack_pending":3,"max_deliver":4,"description":"d","deliver_group":"g"}""")).Expect(200);
        (await ManageAsync(
            HttpMethod.Post, string.Empty,
            """{"name":"w","mode":"push","max_inflight":3,"max_ack_pending":3,"max_retry":4,"notes":"d","delivery_group":"g"}""")).Expect(200);
        (await ManageAsync(HttpMethod.Post, string.Empty, """{"name":"w","mode":"push","max_inflight":3,"max_ack_pending":4}""")).Expect(
            400, "two names of the same field");

        var config = await ConfigAsync("w");
        Assert.That(
            ((int)config["max_ack_pending"]!, (int)config["max_deliver"]!, (string)config["notes"]!, (string)config["deliver_group"]!),
            Is.EqualTo((3, 4, "d", "g")));
    }

    [Test]
    public async Task Define_WithAValueThatJetStreamReplaces_WarnsOfIt()
    {
        const string Config = "\"mode\":\"pull\",\"max_inflight\":5,\"max_retry\":3,\"backoff\":[\"1s\"],\"ack_wait\":\"5s\"";
        const string Warning = "ack_wait: JetStream has made it 1000000000 ns (1000 ms); 5000000000 ns (5000 ms) was asked for";

        var answers = new[]
        {
            await ManageAsync(HttpMethod.Post, string.Empty, $"{{\"name\":\"r\",{Config}}}"),
            await ManageAsync(HttpMethod.Post, string.Empty, $"{{\"name\":\"r\",{Config}}}"),
            await ReplaceAsync("r", $"{{{Config}}}"),
        };

        foreach (var answer in answers)
        {
            var warnings = answer.Expect(200).Answer.Body["warnings"] as JsonArray ?? [];
            Assert.That(warnings.Select(static text => (string)text!), Is.EqualTo(new[] { Warning }));
        }
    }

    [Test]
    public async Task FilterSubjects_OfAConsumer_AreWhatItGets()
    {
        if (!ServerUnderTest.Facts.Has(Feature.FilterSubjects))
        {
            Assert.Ignore("the server has one filter only");
        }

        await DefineAsync("f", "pull", $$"""
            "max_inflight":9,"filter_subjects":["{{_stream}}.a","{{_stream}}.b"]
            """);
        foreach (var subject in new[] { "a", "x", "b" })
        {
            await _client.PublishAsync($"{_stream}.{subject}", "m");
        }

        await using var subscription = await _client.SubscribeAsync(_stream, "f", string.Empty);

        Assert.That((await subscription.TakeAsync(2)).Select(static line => line.StreamSequence), Is.EqualTo(new[] { 1, 3 }));
        Assert.That((await ConfigAsync("f"))["filter_subjects"]!.AsArray(), Has.Count.EqualTo(2));
        (await ManageAsync(HttpMethod.Post, string.Empty, $$"""
            {"name":"f","mode":"pull","max_inflight":9,"filter_subjects":["{{_stream}}.a"]}
            """)).Expect(409, "filter_subjects is").Type("consumer-differs");
        (await ManageAsync(HttpMethod.Post, string.Empty, $$"""
            {"name":"g","mode":"pull","max_inflight":9,"filter_subjects":["{{_stream}}.a","elsewhere"]}
            """)).Expect(400, "'elsewhere' is not within the subjects");
    }

    [Test]
    public async Task Replace_WithPartOfIt_MakesTheRestTheDefaultAndKeepsPositionAndSubscriber()
    {
        await DefineAsync("c", "push", $$"""
            "max_inflight":7,"max_retry":5,"ack_wait":"3s","notes":"n","sample_freq":"100","filter_subject":"{{_stream}}.a"
            """);
        await using var subscription = await _client.SubscribeAsync(_stream, "c", string.Empty);
        await _client.PublishAsync($"{_stream}.a", "m");
        await _client.AckAsync(_stream, "c", await subscription.NextAsync());
        var before = await _raw.ConsumerConfigAsync(_stream, "c");

        var letter = ServerUnderTest.Facts.Has(Feature.FilterChange) ? "b" : "a";
        (await ReplaceAsync("c", $$"""{"mode":"push","name":"c","max_retry":9,"filter_subject":"{{_stream}}.{{letter}}"}""")).Expect(200);

        var config = await _raw.ConsumerConfigAsync(_stream, "c");
        using (Assert.EnterMultipleScope())
        {
            Assert.That((string)config["deliver_subject"]!, Is.EqualTo((string)before["deliver_subject"]!));
            Assert.That(((int)config["max_deliver"]!, (int)config["max_ack_pending"]!), Is.EqualTo((9, 1000)));
            Assert.That((long)config["ack_wait"]!, Is.EqualTo(30_000_000_000));
            Assert.That((config["description"], config["sample_freq"]), Is.EqualTo(((JsonNode?)null, (JsonNode?)null)));
            Assert.That((string)config["filter_subject"]!, Is.EqualTo($"{_stream}.{letter}"));
        }

        await _client.PublishAsync($"{_stream}.{letter}", "m");
        Assert.That((await subscription.NextAsync()).StreamSequence, Is.EqualTo(2), "it is still subscribed");
        (await ReplaceAsync("c", $$"""{"max_deliver":9,"filter_subject":"{{_stream}}.{{letter}}"}""")).Expect(200);
        Assert.That(JsonNode.DeepEquals(await _raw.ConsumerConfigAsync(_stream, "c"), config), Is.True, "twice is once");
    }

    /// <summary>Of nats-server 2.9 it would go on waiting for messages of the filter before.</summary>
    [Test]
    public async Task Replace_FilterWhereTheServerDoesNotFollow_Is501AndChangesNothing()
    {
        await DefineAsync("c", "push", $"\"max_inflight\":7,\"filter_subject\":\"{_stream}.a\"");
        if (ServerUnderTest.Facts.Has(Feature.FilterChange))
        {
            Assert.Ignore("the server does");
        }

        (await ReplaceAsync("c", $$"""{"filter_subject":"{{_stream}}.b"}""")).Expect(501, "another filter_subject needs nats-server 2.10");
        (await ReplaceAsync("c", "{}")).Expect(501);

        Assert.That((string)(await ConfigAsync("c"))["filter_subject"]!, Is.EqualTo($"{_stream}.a"));
    }

    [Test]
    public async Task Replace_PauseUntil_IsWhatHoldsAndWithoutItTheConsumerGoesOn()
    {
        if (!ServerUnderTest.Facts.Has(Feature.Pause))
        {
            Assert.Ignore("the server has no pause");
        }

        const string Paused = """{"max_inflight":7,"pause_until":"2099-01-15T09:30:00Z"}""";
        await DefineAsync("c", "pull", "\"max_inflight\":7");

        foreach (var (body, until) in new[]
        {
            (Paused, "2099-01-15T09:30:00Z"),
            (Paused.Replace("7", "8", StringComparison.Ordinal).Replace("2099", "2098", StringComparison.Ordinal), "2098-01-15T09:30:00Z"),
            ("""{"max_inflight":8}""", null),
            (Paused, "2099-01-15T09:30:00Z"),
            ("""{"max_inflight":8,"pause_until":"2020-01-15T09:30:00Z"}""", null),
            ("""{"max_inflight":8,"pause_until":"2020-01-15T09:30:00Z"}""", null),
        })
        {
            Assert.That((await ReplaceAsync("c", body)).Expect(200).Answer.Body["warnings"], Is.Null, body);
            Assert.That(await PauseAsync("c"), Is.EqualTo(until), body);
            Assert.That((int)(await ConfigAsync("c"))["max_ack_pending"]!, Is.EqualTo(body.Contains('8') ? 8 : 7));
        }

        (await ReplaceAsync("c", Paused)).Expect(200);
        var before = await _raw.ConsumerConfigAsync(_stream, "c");
        (await ReplaceAsync("c", (await ConfigAsync("c")).ToJsonString())).Expect(200);
        Assert.That(JsonNode.DeepEquals(await _raw.ConsumerConfigAsync(_stream, "c"), before), Is.True, "what is shown, sent back");
    }

    [Test]
    public async Task Define_PauseUntilOfAConsumerThatExists_PausesItAndWithoutItThePauseStays()
    {
        if (!ServerUnderTest.Facts.Has(Feature.Pause))
        {
            Assert.Ignore("the server has no pause");
        }

        await DefineAsync("c", "push", "\"max_inflight\":7");
        await DefineAsync("c", "push", "\"max_inflight\":7,\"pause_until\":\"2099-01-15T09:30:00Z\"");
        Assert.That(await PauseAsync("c"), Is.EqualTo("2099-01-15T09:30:00Z"));

        await DefineAsync("c", "push", "\"max_inflight\":9");
        Assert.That(await PauseAsync("c"), Is.EqualTo("2099-01-15T09:30:00Z"));

        await DefineAsync("c", "push", "\"max_inflight\":9,\"pause_until\":\"2020-01-15T09:30:00Z\"");
        Assert.That((await PauseAsync("c"), (int)(await ConfigAsync("c"))["max_ack_pending"]!), Is.EqualTo(((string?)null, 9)));
    }

    [Test]
    public async Task Replace_PauseThatFails_SaysThatTheRestWasChanged()
    {
        if (!ServerUnderTest.Facts.Has(Feature.Pause))
        {
            Assert.Ignore("the server has no pause");
        }

        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, """
            authorization { users = [ { user: a, password: b, permissions: { publish: { deny: ["$JS.API.CONSUMER.PAUSE.>"] } } } ] }
            """);
        await using var nats = await ServerUnderTest.StartAsync("-c", file);
        File.Delete(file);
        await using var gateway = await Gateway.StartAsync(nats.Url.Replace("nats://", "nats://a:b@", StringComparison.Ordinal));
        _client.Dispose();
        _client = gateway.Client();
        await OwnGateway.IsReadyAsync(_client);
        await _client.DefineStreamAsync(_stream, _stream);
        await DefineAsync("c", "pull", "\"max_inflight\":7");

        (await ReplaceAsync("c", """{"max_inflight":8,"pause_until":"2099-01-15T09:30:00Z"}""")).Expect(
            409, "pause_until was not changed; the rest of the configuration was changed").Type("nats-not-permitted");
        (await ReplaceAsync("c", """{"max_inflight":8,"pause_until":"2099-01-15T09:30:00Z"}""")).Expect(409, "; nothing was changed");

        Assert.That((int)(await ConfigAsync("c"))["max_ack_pending"]!, Is.EqualTo(8));
    }

    [Test]
    public async Task Define_WithAListOfOneFilter_IsThatFilterWithoutAWarning()
    {
        if (!ServerUnderTest.Facts.Has(Feature.FilterSubjects))
        {
            Assert.Ignore("the server has one filter only");
        }

        await DefineAsync("c", "pull", $"\"max_inflight\":7,\"filter_subjects\":[\"{_stream}.a\"]");

        (await ReplaceAsync("c", $$"""{"max_inflight":8,"filter_subjects":["{{_stream}}.b"]}""")).Expect(200);
        Assert.That((string)(await ConfigAsync("c"))["filter_subject"]!, Is.EqualTo($"{_stream}.b"));
    }

    [Test]
    public async Task Replace_WithSomethingThatCannotBe_IsRefusedAndChangesNothing()
    {
        await DefineAsync("c", "push", "\"max_inflight\":7,\"delivery_group\":\"g\"");
        var before = await _raw.ConsumerConfigAsync(_stream, "c");

        (await ReplaceAsync("c", """{"deliver_policy":"new","delivery_group":"g"}""")).Expect(422).Type("jetstream-refused");
        (await ReplaceAsync("c", """{"mode":"pull","delivery_group":"g"}""")).Expect(409, "mode is 'push'").Type("consumer-differs");
        (await ReplaceAsync("c", "{}")).Expect(409, "delivery_group is 'g'");
        (await ReplaceAsync("c", """{"delivery_group":"g","filter_subject":"elsewhere"}""")).Expect(400, "'elsewhere'");
        (await ReplaceAsync("c", """{"name":"d","delivery_group":"g"}""")).Expect(400, "cannot be changed");
        (await ReplaceAsync("absent", "{}")).Expect(404).Type("consumer-not-found");
        const string Heart = """{"name":"x","mode":"pull","max_inflight":1,"idle_heartbeat":"1s"}""";
        (await ManageAsync(HttpMethod.Post, string.Empty, Heart)).Expect(422);

        Assert.That(JsonNode.DeepEquals(await _raw.ConsumerConfigAsync(_stream, "c"), before), Is.True);
    }

    [TestCase("\"deliver_policy\":\"first\"", "deliver_policy: 'first' is not 'all', 'last'")]
    [TestCase("\"backoff\":[30]", "backoff[0]: 30 ns|for 30 seconds write \"30s\"")]
    [TestCase("\"backoff\":[\"soon\"]", "backoff[0]: \"soon\"|such as \"250ms\"")]
    [TestCase("\"backoff\":[null]", "null is no duration")]
    [TestCase("\"backoff\":\"1s\"", "backoff: \"1s\" is text; an array is expected")]
    [TestCase("\"max_batch\":-1", "max_batch: -1 is less than 0")]
    [TestCase("\"num_replicas\":6", "num_replicas: 6 is more than 5")]
    [TestCase("\"filter_subject\":\"{s}.a\",\"filter_subjects\":[\"{s}.b\"]", "filter_subjects: not together with filter_subject")]
    [TestCase("\"filter_subjects\":[\"a..b\"]", "filter_subjects: 'a..b'")]
    [TestCase("\"filter_subjects\":[null]", "filter_subjects")]
    [TestCase(
        "\"deliver_policy\":\"by_start_sequence\",\"opt_start_seq\":18446744073709551615",
        "opt_start_seq: 18446744073709551615 is more than 9007199254740991")]
    [TestCase("\"pause_until\":\"soon\"", "pause_until: \"soon\" is no time")]
    public async Task Define_WithAValueThatIsNone_Is400AndNothingIsMade(string more, string says)
    {
        var body = $$"""{"name":"b","mode":"pull","max_inflight":1,{{more}}}""".Replace("{s}", _stream, StringComparison.Ordinal);

        var answer = (await ManageAsync(HttpMethod.Post, string.Empty, body)).Expect(400).Answer;

        Assert.That(says.Split('|').Where(part => !answer.Detail.Contains(part, StringComparison.Ordinal)), Is.Empty, answer.Detail);
        (await ManageAsync(HttpMethod.Get, "/b")).Expect(404);
    }

    [TestCaseSource(nameof(NewFields))]
    public async Task Field_ThatNotEveryServerHas_IsTakenOr501AndNothingIsMade(Feature feature, string field, string value)
    {
        var named = $"\"{field}\":{value}".Replace("{s}", _stream, StringComparison.Ordinal);

        var answer = await ManageAsync(HttpMethod.Post, string.Empty, $$"""{"name":"c","mode":"pull","max_inflight":1,{{named}}}""");

        if (ServerUnderTest.Facts.Has(feature))
        {
            answer.Expect(200);
            Assert.That((await ConfigAsync("c"))[field], Is.Not.Null);
            return;
        }

        answer.Expect(501, "or later, and the connected one is");
        (await ManageAsync(HttpMethod.Get, "/c")).Expect(404);
        await DefineAsync("c", "pull", "\"max_inflight\":1");
        var before = await _raw.ConsumerConfigAsync(_stream, "c");
        (await ReplaceAsync("c", $"{{{named}}}")).Expect(501);
        Assert.That(JsonNode.DeepEquals(await _raw.ConsumerConfigAsync(_stream, "c"), before), Is.True);
    }

    private static TestCaseData Field(Feature feature, string field, string value) =>
        new TestCaseData(feature, field, value).SetArgDisplayNames(field);

    private async Task DefineAsync(string name, string mode, string more) =>
        Assert.That(
            (await ManageAsync(HttpMethod.Post, string.Empty, $$"""{"name":"{{name}}","mode":"{{mode}}",{{more}}}""")).Expect(200)
                .Answer.Body["warnings"], Is.Null);

    private async Task<string?> PauseAsync(string name)
    {
        var consumer = await _client.ConsumerAsync(_stream, name);
        return consumer["paused"] is null ? null : (string)consumer["config"]!["pause_until"]!;
    }

    private Task<Checked> ReplaceAsync(string name, string body) => ManageAsync(HttpMethod.Put, $"/{name}", body);

    private async Task<Checked> ManageAsync(HttpMethod method, string path, string? body = null) =>
        new(await _client.ManageAsync(method, $"/v1/admin/stream/{_stream}/consumer{path}", body));

    private async Task<JsonNode> ConfigAsync(string consumer) => (await _client.ConsumerAsync(_stream, consumer))["config"]!;
}
