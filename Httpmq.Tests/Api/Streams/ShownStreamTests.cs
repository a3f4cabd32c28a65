using System.Text.Json.Nodes;
using Httpmq.Domain.Features;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Streams;

/// <summary>What GET shows of a stream can be sent back, and what asks for nothing is taken by every server.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class ShownStreamTests
{
    private GatewayClient _client = null!;
    private RawJetStream _raw = null!;
    private string _stream = null!;

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
    public async Task Replace_WithExactlyWhatGetShowsOfEverything_IsTakenStrictlyAndChangesNothing()
    {
        var config = (JsonObject)JsonNode.Parse($$"""
            {"name":"{{_stream}}","subjects":["{{_stream}}.*"],"max_consumers":9,"max_msgs":8,"max_bytes":70000,"max_age":"1h",
            "max_msgs_per_subject":6,"max_msg_size":500,"description":"d","discard":"new","discard_new_per_subject":true,
            "storage":"file","duplicate_window":"30s","republish":{"src":"{{_stream}}.a","dest":"copy.{{_stream}}","headers_only":true},
            "sources":[{"name":"x","opt_start_time":"2026-01-15T09:30:00.123456789Z","filter_subject":"y"}],
            "allow_direct":true,"deny_delete":true,"deny_purge":true,"allow_rollup_hdrs":false}
            """)!;
        Add(Feature.Metadata, "metadata", """{"team":"a"}""");
        Add(Feature.Compression, "compression", "\"s2\"");
        Add(Feature.FirstSequence, "first_seq", "10");
        Add(Feature.SubjectTransform, "subject_transform", $$"""{"src":"{{_stream}}.a","dest":"{{_stream}}.b"}""");
        Add(Feature.ConsumerLimits, "consumer_limits", """{"max_ack_pending":7,"inactive_threshold":"1h"}""");
        Add(Feature.MessageTtl, "allow_msg_ttl", "true");
        Add(Feature.AtomicBatch, "allow_atomic", "true");
        Add(Feature.Schedules, "allow_msg_schedules", "false");
        Add(Feature.FastBatch, "allow_batched", "true");
        (await ManageAsync(HttpMethod.Post, string.Empty, config.ToJsonString())).Expect(200);

        await SendBackAsync();
        (await ManageAsync(HttpMethod.Post, "?strict=true", (await ConfigAsync()).ToJsonString())).Expect(200);

        void Add(Feature feature, string field, string value)
        {
            if (ServerUnderTest.Facts.Has(feature))
            {
                config[field] = JsonNode.Parse(value);
            }
        }
    }

    [TestCase("\"storage\":\"memory\"")]
    [TestCase("\"mirror\":{\"name\":\"absent\"}")]
    public async Task Replace_WithExactlyWhatGetShows_IsTakenStrictlyAndChangesNothing(string more)
    {
        (await ManageAsync(HttpMethod.Post, string.Empty, $$"""{"name":"{{_stream}}",{{more}}}""")).Expect(200);

        await SendBackAsync();
    }

    /// <summary>From 2.11 on nats-server says there by which version a stream was made.</summary>
    [Test]
    public async Task Metadata_OfTheServer_IsShownAndStays()
    {
        if (!ServerUnderTest.Facts.HasMetadata)
        {
            Assert.Ignore("the server has no metadata");
        }

        (await ManageAsync(HttpMethod.Post, string.Empty, $$$"""{"name":"{{{_stream}}}","metadata":{"team":"a"}}""")).Expect(200);
        var server = await _raw.StreamConfigAsync(_stream);
        Assert.That(JsonNode.DeepEquals((await ConfigAsync())["metadata"], server["metadata"]), Is.True);

        const string Other = "{\"metadata\":{\"team\":\"b\",\"_nats.level\":\"99\",\"_nats.mine\":\"x\"}}";
        var answer = (await ManageAsync(HttpMethod.Put, $"/{_stream}", Other)).Expect(200).Answer;

        var warnings = ((JsonArray)answer.Body["warnings"]!).Select(static warning => (string)warning!);
        Assert.That(warnings, Is.EqualTo(new[]
        {
            "metadata: '_nats.level' is nats-server's own, and its value was not taken",
            "metadata: '_nats.mine' is nats-server's own, and its value was not taken",
        }));
        server["metadata"]!["team"] = "b";
        Assert.That(JsonNode.DeepEquals(await _raw.StreamConfigAsync(_stream), server), Is.True);
    }

    [Test]
    public async Task Define_WithWhatAsksForNothing_IsTakenByEveryServer()
    {
        var (names, nothing) = (new List<string>(), new[]
        {
            "\"first_seq\":0", "\"allow_atomic\":false", "\"persist_mode\":\"default\"", "\"compression\":\"none\"", "\"metadata\":{}",
            "\"allow_msg_ttl\":false", "\"allow_msg_counter\":false", "\"allow_msg_schedules\":false", "\"allow_batched\":false",
            "\"subject_delete_marker_ttl\":0", "\"consumer_limits\":{}",
        });
        foreach (var named in nothing.Append(string.Join(',', nothing)))
        {
            var name = SharedServers.NewName();
            names.Add(name);
            foreach (var (method, path) in new[] { (HttpMethod.Post, string.Empty), (HttpMethod.Put, $"/{name}") })
            {
                var answer = (await ManageAsync(method, path, $$"""{"name":"{{name}}",{{named}}}""")).Expect(200).Answer;
                Assert.That(answer.Body["warnings"], Is.Null, named);
            }
        }

        await _client.DefineStreamAsync(_stream, _stream);
        var expected = await _raw.StreamConfigAsync(_stream);
        expected.AsObject().Remove("name");
        expected.AsObject().Remove("subjects");
        foreach (var name in names)
        {
            var made = (JsonObject)await _raw.StreamConfigAsync(name);
            made.Remove("name");
            made.Remove("subjects");
            Assert.That(
                JsonNode.DeepEquals(made, expected), Is.True, () => $"{made.ToJsonString()}\ninstead of\n{expected.ToJsonString()}");
        }
    }

    [Test]
    public async Task DefineConsumer_WithWhatAsksForNothing_IsTakenByEveryServer()
    {
        await _client.DefineStreamAsync(_stream, _stream);
        const string Nothing = """
            "max_inflight":3,"metadata":{},"filter_subjects":[],"priority_policy":"none","priority_groups":[],"priority_timeout":0
            """;
        const string Definition = $$"""{"name":"c","mode":"pull",{{Nothing}}}""";
        (await ManageAsync(HttpMethod.Post, $"/{_stream}/consumer", Definition)).Expect(200);
        (await ManageAsync(HttpMethod.Post, $"/{_stream}/consumer", Definition)).Expect(200);
        (await ManageAsync(HttpMethod.Post, $"/{_stream}/consumer", Definition.Replace(":3", ":4", StringComparison.Ordinal))).Expect(200);
        (await ManageAsync(HttpMethod.Put, $"/{_stream}/consumer/c", $"{{{Nothing.Replace(":3", ":5", StringComparison.Ordinal)}}}"))
            .Expect(200);

        var config = await _raw.ConsumerConfigAsync(_stream, "c");
        Assert.That((int)config["max_ack_pending"]!, Is.EqualTo(5));
        Assert.That((string?)config["priority_policy"] ?? "none", Is.EqualTo("none"));
    }

    private async Task SendBackAsync()
    {
        var before = await _raw.StreamConfigAsync(_stream);
        var shown = (await ConfigAsync()).ToJsonString();

        var answer = (await ManageAsync(HttpMethod.Put, $"/{_stream}?strict=true", shown)).Expect(200).Answer;

        Assert.That(answer.Body["warnings"], Is.Null, shown);
        var after = await _raw.StreamConfigAsync(_stream);
        Assert.That(JsonNode.DeepEquals(after, before), Is.True, () => $"{after.ToJsonString()}\ninstead of\n{before.ToJsonString()}");
    }

    private async Task<Checked> ManageAsync(HttpMethod method, string path, string body) =>
        new(await _client.ManageAsync(method, $"/v1/admin/stream{path}", body));

    private async Task<JsonNode> ConfigAsync() => (await _client.StreamAsync(_stream))["config"]!;
}
