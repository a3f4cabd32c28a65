using System.Text.Json.Nodes;
using Httpmq.Domain.Features;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Streams;

/// <summary>The whole configuration of streams: defined, shown, replaced, and refused where the server lacks a part of it.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class StreamConfigurationTests
{
    private GatewayClient _client = null!;
    private RawJetStream _raw = null!;
    private string _stream = null!;

    /// <summary>Every field that not all servers have, with the feature that the info route names.</summary>
    private static IEnumerable<TestCaseData> NewFields()
    {
        yield return Field(Feature.Compression, "compression", "\"s2\"");
        yield return Field(Feature.FirstSequence, "first_seq", "10");
        yield return Field(Feature.SubjectTransform, "subject_transform", """{"src":"{s}.a","dest":"{s}.b"}""");
        yield return Field(Feature.ConsumerLimits, "consumer_limits", """{"max_ack_pending":7,"inactive_threshold":"1h"}""");
        yield return Field(Feature.MessageTtl, "allow_msg_ttl", "true");
        yield return Field(Feature.DeleteMarkers, "subject_delete_marker_ttl", "\"5s\"");
        yield return Field(Feature.AtomicBatch, "allow_atomic", "true");
        yield return Field(Feature.Counters, "allow_msg_counter", "true");
        yield return Field(Feature.Schedules, "allow_msg_schedules", "true");
        yield return Field(Feature.AsyncPersistence, "persist_mode", "\"async\"");
        yield return Field(Feature.FastBatch, "allow_batched", "true");
        yield return Field(
            Feature.SubjectTransform, "sources[0].subject_transforms", """[{"src":"x.a","dest":"{s}.x"}]""", "sources");
        yield return Field(Feature.DurableSources, "sources[0].consumer", """{"name":"c","deliver_subject":"d.{s}"}""", "sources");
    }

    [SetUp]
    public void Open()
    {
        _client = SharedServers.Gateway.Client();
        _raw = new RawJetStream(SharedServers.Nats.Url);
        _stream = SharedServers.NewName();
    }

    [TearDown]
    public async Task CloseAsync()
    {
        _client.Dispose();
        await _raw.DisposeAsync();
    }

    [Test]
    public async Task Define_WithWhatEveryServerHas_IsAtTheServerAndShown()
    {
        const string More = """
            "retention":"workqueue","discard":"new","discard_new_per_subject":true,"storage":"memory","no_ack":false,
            "max_msgs_per_subject":9,"duplicate_window":"30s","republish":{"src":"{s}.a","dest":"copy.{s}","headers_only":true},
            "allow_direct":true,"deny_delete":true,"deny_purge":true,"allow_rollup_hdrs":false
            """;

        await DefineAsync(More);

        var (server, shown) = (await _raw.StreamConfigAsync(_stream), await ConfigAsync());
        foreach (var config in new[] { server, shown })
        {
            using (Assert.EnterMultipleScope())
            {
                Assert.That((string)config["retention"]!, Is.EqualTo("workqueue"));
                Assert.That((string)config["discard"]!, Is.EqualTo("new"));
                Assert.That((bool)config["discard_new_per_subject"]!, Is.True);
                Assert.That((string)config["storage"]!, Is.EqualTo("memory"));
                Assert.That((string)config["republish"]!["dest"]!, Is.EqualTo($"copy.{_stream}"));
                Assert.That((bool)config["republish"]!["headers_only"]!, Is.True);
                Assert.That((bool)config["deny_purge"]!, Is.True);
            }
        }

        Assert.That(shown.AsObject().ContainsKey("allow_rollup_hdrs"), Is.False, "what is off is not shown");
        (await ManageAsync(HttpMethod.Post, string.Empty, Definition(More))).Expect(200);
    }

    [Test]
    public async Task Define_MirrorAndSources_CopyAndAreShown()
    {
        await DefineAsync("\"storage\":\"memory\"");
        await _client.PublishAsync($"{_stream}.a", "m");
        var (mirror, merged) = (_stream + "m", _stream + "s");

        var copy = $$$"""{"name":"{{{mirror}}}","mirror":{"name":"{{{_stream}}}","opt_start_seq":1}}""";
        (await ManageAsync(HttpMethod.Post, string.Empty, copy)).Expect(200);
        (await ManageAsync(HttpMethod.Post, string.Empty, $$"""
            {"name":"{{merged}}","subjects":["{{merged}}"],"sources":[{"name":"{{_stream}}","filter_subject":"{{_stream}}.a",
            "opt_start_time":"2026-01-15T09:30:00.123456789Z"}]}
            """)).Expect(200);

        Assert.That((int)(await ConfigAsync(mirror))["mirror"]!["opt_start_seq"]!, Is.EqualTo(1));
        Assert.That((string)(await ConfigAsync(merged))["sources"]![0]!["opt_start_time"]!, Is.EqualTo("2026-01-15T09:30:00.1234567Z"));
        await Eventually.HoldsAsync(
            async () => await _raw.MessagesAsync(mirror) == 1 && await _raw.MessagesAsync(merged) == 1, "both copies");
        var before = await _raw.StreamConfigAsync(merged);
        (await ManageAsync(HttpMethod.Put, $"/{merged}", (await ConfigAsync(merged)).ToJsonString())).Expect(200);
        Assert.That(JsonNode.DeepEquals(await _raw.StreamConfigAsync(merged), before), Is.True, "times are more exact at the server");
    }

    [Test]
    public async Task Define_StreamWithSourcesAgain_IsTheSameAndADifferentOneIs409()
    {
        const string Same = "\"description\":\"d\",\"sources\":[{\"name\":\"base\",\"filter_subject\":\"b.1\"}]";
        await DefineAsync(Same);

        await DefineAsync(Same);

        foreach (var other in new[]
        {
            Same.Replace("b.1", "b.2", StringComparison.Ordinal),
            Same.Replace("base", "other", StringComparison.Ordinal),
            Same.Replace("\"d\"", "\"e\"", StringComparison.Ordinal),
            Same + ",\"max_msgs\":3",
            Same + ",\"deny_delete\":true",
            "\"description\":\"d\"",
        })
        {
            (await ManageAsync(HttpMethod.Post, string.Empty, Definition(other))).Expect(409).Type("stream-exists");
        }

        var fewer = $$"""{"name":"{{_stream}}",{{Same}}}""";
        (await ManageAsync(HttpMethod.Post, string.Empty, fewer)).Expect(409).Type("stream-exists");
    }

    [Test]
    public async Task Define_MirrorAgain_IsTheSameAndADifferentOneIs409()
    {
        await DefineAsync("\"max_msgs\":9");
        var mirror = $$$"""
            {"name":"{{{_stream}}}m","description":"d","mirror":{"name":"{{{_stream}}}","filter_subject":"{{{_stream}}}.a"}}
            """;
        (await ManageAsync(HttpMethod.Post, string.Empty, mirror)).Expect(200);

        (await ManageAsync(HttpMethod.Post, string.Empty, mirror)).Expect(200);

        foreach (var (from, to) in new[] { (".a\"", ".b\""), ("\"d\"", "\"e\""), ("\"d\"", "\"d\",\"max_msgs\":3") })
        {
            (await ManageAsync(HttpMethod.Post, string.Empty, mirror.Replace(from, to, StringComparison.Ordinal)))
                .Expect(409).Type("stream-exists");
        }
    }

    [Test]
    public async Task Define_ThatSaysNothing_ShowsWhatHolds()
    {
        await DefineAsync("\"max_age\":\"1m\"");

        var shown = await ConfigAsync();

        Assert.That((long)shown["duplicate_window"]!, Is.EqualTo(60_000_000_000));
        Assert.That(
            ((string)shown["retention"]!, (string)shown["discard"]!, (string)shown["storage"]!), Is.EqualTo(("limits", "old", "file")));
    }

    [Test]
    public async Task Replace_WithPartOfIt_MakesTheRestJetStreamsDefault()
    {
        await DefineAsync("""
            "max_msgs":9,"max_age":"1h","duplicate_window":"30s","description":"d","discard":"new","allow_direct":true,
            "republish":{"src":"{s}.a","dest":"copy.{s}"}
            """);
        if (ServerUnderTest.Facts.HasMetadata)
        {
            var other = """{"metadata":{"team":"a"},"max_bytes":5000,"subjects":["{s}.*"],"republish":{"src":"{s}.b","dest":"c.{s}"}}""";
            (await ManageAsync(HttpMethod.Put, $"/{_stream}", other.Replace("{s}", _stream, StringComparison.Ordinal))).Expect(200);
        }

        var definition = $$"""{"name":"{{_stream}}","subjects":["{{_stream}}.*"],"max_bytes":1000,"replicas":1}""";
        if (ServerUnderTest.IsAtLeast(2, 10))
        {
            (await ManageAsync(HttpMethod.Put, $"/{_stream}", definition)).Expect(200);
        }
        else
        {
            // It refuses to change what is published again.
            (await ManageAsync(HttpMethod.Put, $"/{_stream}", definition)).Expect(422, "RePublish");
            return;
        }

        var config = await _raw.StreamConfigAsync(_stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(((int)config["max_msgs"]!, (long)config["max_age"]!, (int)config["max_bytes"]!), Is.EqualTo((-1, 0, 1000)));
            Assert.That((long)config["duplicate_window"]!, Is.EqualTo(120_000_000_000));
            Assert.That((string?)config["description"] ?? string.Empty, Is.Empty);
            Assert.That((string)config["discard"]!, Is.EqualTo("old"));
            Assert.That((bool)config["allow_direct"]!, Is.False);
            Assert.That(config["republish"], Is.Null);
            Assert.That((config["metadata"] as JsonObject ?? []).Select(static entry => entry.Key), Has.All.StartsWith("_nats."));
        }

        (await ManageAsync(HttpMethod.Put, $"/{_stream}", definition)).Expect(200);
        Assert.That(JsonNode.DeepEquals(await _raw.StreamConfigAsync(_stream), config), Is.True, "twice is once");
    }

    [Test]
    public async Task Replace_WithWhatGetShows_ChangesNothing()
    {
        await DefineAsync("\"max_age\":\"1m\",\"storage\":\"memory\",\"discard\":\"new\",\"allow_rollup_hdrs\":true");
        var before = await _raw.StreamConfigAsync(_stream);

        (await ManageAsync(HttpMethod.Put, $"/{_stream}", (await ConfigAsync()).ToJsonString())).Expect(200);

        Assert.That(JsonNode.DeepEquals(await _raw.StreamConfigAsync(_stream), before), Is.True);
    }

    [Test]
    public async Task Replace_WithSomethingThatCannotBe_Is422OrWhatItAlwaysWas()
    {
        await DefineAsync("\"storage\":\"memory\"");
        var before = await _raw.StreamConfigAsync(_stream);

        (await ManageAsync(HttpMethod.Put, $"/{_stream}", "{}")).Expect(422, "storage type").Type("jetstream-refused");
        (await ManageAsync(HttpMethod.Put, $"/{_stream}", """{"storage":"memory","num_replicas":3}""")).Expect(422, "err_code 10074");
        (await ManageAsync(HttpMethod.Put, $"/{_stream}", """{"name":"other","storage":"memory"}""")).Expect(400, "cannot be changed");
        (await ManageAsync(HttpMethod.Put, "/absent", "{}")).Expect(404).Type("stream-not-found");
        (await ManageAsync(HttpMethod.Put, "/KV_httpmq_locks", "{}")).Expect(400);
        (await ManageAsync(HttpMethod.Post, string.Empty, """{"name":"both","subjects":["b"],"mirror":{"name":"x"}}""")).Expect(422);
        (await ManageAsync(HttpMethod.Post, string.Empty, """{"name":"three","replicas":3}""")).Expect(400);

        Assert.That(JsonNode.DeepEquals(await _raw.StreamConfigAsync(_stream), before), Is.True);
    }

    /// <summary>As with what GET shows, and a shorter age.</summary>
    [Test]
    public async Task Replace_WithAMaxAgeBelowTheDuplicateWindow_Is400WithBothFieldsAndChangesNothing()
    {
        await DefineAsync("\"max_msgs\":9");
        var config = (JsonObject)(await ConfigAsync());
        var before = await _raw.StreamConfigAsync(_stream);

        config["max_age"] = 60_000_000_000;
        (await ManageAsync(HttpMethod.Put, $"/{_stream}", config.ToJsonString())).Expect(
            400, "duplicate_window: 120000000000 ns (120000 ms) is longer than max_age, 60000000000 ns (60000 ms)").Type("invalid-request");

        Assert.That(JsonNode.DeepEquals(await _raw.StreamConfigAsync(_stream), before), Is.True);
        config.Remove("duplicate_window");
        (await ManageAsync(HttpMethod.Put, $"/{_stream}", config.ToJsonString())).Expect(200);
        Assert.That((long)(await ConfigAsync())["duplicate_window"]!, Is.EqualTo(60_000_000_000));
    }

    [Test]
    public async Task Replace_WithNoAck_Is400AndNothingIsChanged()
    {
        await DefineAsync("\"no_ack\":false");
        var before = await _raw.StreamConfigAsync(_stream);

        (await ManageAsync(HttpMethod.Put, $"/{_stream}", Definition("\"no_ack\":true"))).Expect(
            400, "no_ack: true: JetStream would never confirm a publish").Type("invalid-request");

        Assert.That(JsonNode.DeepEquals(await _raw.StreamConfigAsync(_stream), before), Is.True);
    }

    [Test]
    public async Task Replace_WithARepublishToTheBroker_Is400AndChangesNothing()
    {
        await DefineAsync("\"max_msgs\":9");
        var before = await _raw.StreamConfigAsync(_stream);

        var definition = $$$"""{"republish":{"src":"{{{_stream}}}","dest":"$JS.API.STREAM.PURGE.x"}}""";
        (await ManageAsync(HttpMethod.Put, $"/{_stream}", definition)).Expect(
            400, "republish.dest: '$JS.API.STREAM.PURGE.x' may become").Type("invalid-request");

        Assert.That(JsonNode.DeepEquals(await _raw.StreamConfigAsync(_stream), before), Is.True);
    }

    [TestCase("\"retention\":\"queue\"", "retention: 'queue' is not 'limits', 'interest' or 'workqueue'")]
    [TestCase("\"storage\":\"\"", "storage: '' is not 'file' or 'memory'")]
    [TestCase("\"duplicate_window\":30", "duplicate_window: 30 ns|for 30 seconds write \"30s\"")]
    [TestCase("\"duplicate_window\":\"-1s\"", "duplicate_window: \"-1s\" is negative")]
    [TestCase("\"no_ack\":true", "no_ack: true: JetStream would never confirm a publish")]
    [TestCase("\"no_ack\":\"yes\"", "no_ack: \"yes\" is text; true or false is expected")]
    [TestCase("\"sources\":{}", "sources: { is an object; an array is expected")]
    [TestCase("\"sources\":[null]", "sources[0]: null, and a value is expected")]
    [TestCase("\"sources\":[{}]", "sources[0].name: is required")]
    [TestCase("\"sources\":[{\"name\":7}]", "sources[0].name: 7 is a number; text in double quotes is expected")]
    [TestCase("\"mirror\":\"x\"", "mirror: \"x\" is text; an object is expected")]
    [TestCase("\"mirror\":{\"name\":\"x\",\"opt_start_time\":\"yesterday\"}", "mirror.opt_start_time: \"yesterday\" is no time|RFC 3339")]
    [TestCase("\"mirror\":{\"name\":\"x\",\"opt_start_time\":\"2026-01-15T09:30:00\"}", "is no time")]
    [TestCase("\"mirror\":{\"name\":\"x\",\"opt_start_time\":5}", "mirror.opt_start_time: 5 is no time")]
    [TestCase("\"mirror\":{\"name\":\"x\",\"opt_start_seq\":-1}", "mirror.opt_start_seq: -1 is out of range; an integer of at least 0")]
    [TestCase("\"first_seq\":18446744073709551615", "first_seq: 18446744073709551615 is more than 9007199254740991")]
    [TestCase("\"mirror\":{\"name\":\"x\",\"opt_start_seq\":18446744073709551614}", "mirror.opt_start_seq: 18446744073709551614 is more")]
    [TestCase("\"sources\":[{\"name\":\"x\",\"opt_start_seq\":9007199254740992}]", "sources[0].opt_start_seq: 9007199254740992 is")]
    [TestCase("\"republish\":{\"src\":\"a\"}", "republish.dest: is required")]
    [TestCase(
        "\"republish\":{\"dest\":\"$JS.API.STREAM.PURGE.x\"}",
        "republish.dest: '$JS.API.STREAM.PURGE.x' may become a reserved subject ($JS.>)")]
    [TestCase("\"subject_transform\":{\"src\":\"a\",\"dest\":\"_INBOX.x\"}", "subject_transform.dest: '_INBOX.x' may become")]
    [TestCase(
        "\"sources\":[{\"name\":\"x\",\"subject_transforms\":[{\"src\":\"a.*\",\"dest\":\"{{wildcard(1)}}.x\"}]}]",
        "sources[0].subject_transforms[0].dest: '{{wildcard(1)}}.x' may become")]
    [TestCase(
        "\"mirror\":{\"name\":\"x\",\"subject_transforms\":[{\"src\":\"a\",\"dest\":\"$KV.httpmq_locks.x\"}]}",
        "mirror.subject_transforms[0].dest: '$KV.httpmq_locks.x' may become a reserved subject ($KV.httpmq_locks.>)")]
    [TestCase(
        "\"sources\":[{\"name\":\"x\",\"external\":{\"api\":\"$JS.x.API\",\"deliver\":\"$JS.API.STREAM\"}}]",
        "sources[0].external.deliver: '$JS.API.STREAM.>' may become a reserved subject ($JS.>)")]
    [TestCase(
        "\"sources\":[{\"name\":\"x\",\"consumer\":{\"name\":\"c\",\"deliver_subject\":\"$JS.API.STREAM.PURGE.x\"}}]",
        "sources[0].consumer.deliver_subject: '$JS.API.STREAM.PURGE.x' may become a reserved subject ($JS.>)")]
    [TestCase("\"replicas\":1,\"num_replicas\":2", "replicas and num_replicas are two names of the same field")]
    public async Task Define_WithAValueThatIsNone_Is400AndNothingIsMade(string more, string says)
    {
        var answer = (await ManageAsync(HttpMethod.Post, string.Empty, Definition(more))).Expect(400);

        var detail = answer.Answer.Detail;
        Assert.That(says.Split('|').Where(part => !detail.Contains(part, StringComparison.Ordinal)), Is.Empty, detail);
        (await ManageAsync(HttpMethod.Get, $"/{_stream}")).Expect(404);
    }

    [TestCaseSource(nameof(NewFields))]
    public async Task Field_ThatNotEveryServerHas_IsTakenOr501AndNothingIsMade(Feature feature, string field, string value, string top)
    {
        var has = ServerUnderTest.Facts.Has(feature);
        var named = top == field
            ? $"\"{field}\":{value}"
            : $$"""
              "sources":[{"name":"{s}x","{{field[(field.LastIndexOf('.') + 1)..]}}":{{value}}}]
              """;

        var answer = await ManageAsync(HttpMethod.Post, string.Empty, Definition(named));

        if (has)
        {
            answer.Expect(200);
            Assert.That((await ConfigAsync())[top], Is.Not.Null);
            return;
        }

        answer.Expect(501, $"{field} needs nats-server {feature.Since} or later, and the connected one is {ServerUnderTest.Facts.Name}");
        (await ManageAsync(HttpMethod.Get, $"/{_stream}")).Expect(404);
        await DefineAsync("\"max_msgs\":3");
        var before = await _raw.StreamConfigAsync(_stream);
        (await ManageAsync(HttpMethod.Put, $"/{_stream}", $"{{{named}}}".Replace("{s}", _stream, StringComparison.Ordinal))).Expect(501);
        Assert.That(JsonNode.DeepEquals(await _raw.StreamConfigAsync(_stream), before), Is.True);
    }

    [Test]
    public async Task Define_WithAValueThatJetStreamReplaces_WarnsOfIt()
    {
        await DefineAsync("\"allow_direct\":false");
        var mirror = $$"""{"name":"{{_stream}}m","mirror":{"name":"{{_stream}}"},"mirror_direct":true}""";
        var defined = (await ManageAsync(HttpMethod.Post, string.Empty, mirror)).Expect(200).Answer;
        Assert.That(Warnings(defined), Is.EqualTo(new[] { "mirror_direct: JetStream has made it false; true was asked for" }));
        if (ServerUnderTest.Facts.Has(Feature.DeleteMarkers))
        {
            var markers = $$"""{"name":"{{_stream}}d","subject_delete_marker_ttl":"5s","allow_rollup_hdrs":false}""";
            defined = (await ManageAsync(HttpMethod.Post, string.Empty, markers)).Expect(200).Answer;
            Assert.That(Warnings(defined), Is.EqualTo(new[] { "allow_rollup_hdrs: JetStream has made it true; false was asked for" }));
            defined = (await ManageAsync(HttpMethod.Put, $"/{_stream}d", markers)).Expect(200).Answer;
            Assert.That(Warnings(defined), Has.Length.EqualTo(1), "replaced again");
        }

        static string[] Warnings(GatewayAnswer answer) =>
            [.. (answer.Body["warnings"] as JsonArray ?? []).Select(static text => (string)text!)];
    }

    [Test]
    public async Task Replace_WithoutNats_IsUnavailable()
    {
        await using var gateway = await Gateway.StartAsync("nats://127.0.0.1:1");
        using var client = gateway.Client();

        new Checked(await client.ManageAsync(HttpMethod.Put, "/v1/admin/stream/s", """{"compression":"s2"}""")).Expect(503);
    }

    private static TestCaseData Field(Feature feature, string field, string value, string? top = null) =>
        new TestCaseData(feature, field, value, top ?? field).SetArgDisplayNames(field);

    private string Definition(string more) =>
        $$"""{"name":"{{_stream}}","subjects":["{{_stream}}.*"],{{more.Replace("{s}", _stream, StringComparison.Ordinal)}}}""";

    private async Task DefineAsync(string more) =>
        Assert.That((await ManageAsync(HttpMethod.Post, string.Empty, Definition(more))).Expect(200).Answer.Body["warnings"], Is.Null);

    private async Task<Checked> ManageAsync(HttpMethod method, string path, string? body = null) =>
        new(await _client.ManageAsync(method, $"/v1/admin/stream{path}", body));

    private async Task<JsonNode> ConfigAsync(string? stream = null) => (await _client.StreamAsync(stream ?? _stream))["config"]!;
}
