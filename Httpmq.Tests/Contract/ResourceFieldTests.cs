using System.Text.Json.Nodes;
using Httpmq.Domain.Limits;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>Fields beyond v1's, and those that Httpmq does not know: docs/adr/0017-one-configuration-per-resource.md.</summary>
internal sealed class ResourceFieldTests() : ContractTest("2.0")
{
    private string _stream = null!;
    private RawJetStream _raw = null!;

    [SetUp]
    public void OpenRaw()
    {
        _stream = SharedServers.NewName();
        _raw = new RawJetStream(SharedServers.Nats.Url);
    }

    [TearDown]
    public async Task CloseRawAsync() => await _raw.DisposeAsync();

    [Test]
    public async Task Change_OfAStreamThatOthersMade_KeepsEveryFieldOfTheServer()
    {
        var more = new JsonObject
        {
            ["description"] = "made elsewhere",
            ["republish"] = new JsonObject { ["src"] = ">", ["dest"] = $"copy.{_stream}.>" },
            ["allow_direct"] = true,
            ["allow_rollup_hdrs"] = true,
            ["discard"] = "new",
        };
        if (ServerUnderTest.IsAtLeast(2, 10))
        {
            more["metadata"] = new JsonObject { ["team"] = "billing" };
            more["compression"] = "s2";
            more["storage"] = "file";
            more["subject_transform"] = new JsonObject { ["src"] = $"{_stream}.a", ["dest"] = $"{_stream}.b" };
            more["consumer_limits"] = new JsonObject { ["max_ack_pending"] = 77 };
        }

        if (ServerUnderTest.IsAtLeast(2, 11))
        {
            more["allow_msg_ttl"] = true;
        }

        await _raw.CreateStreamAsync(_stream, [$"{_stream}.*"], more);
        var expected = await _raw.StreamConfigAsync(_stream);
        AssertHolds(expected, more);

        (await ManageAsync("PUT", $"/v1/admin/stream/{_stream}/limit", """{"max_msgs":9,"max_bytes":0}""")).Expect(200);
        (await ManageAsync("PUT", $"/v1/admin/stream/{_stream}/subject", $$"""{"subjects":["{{_stream}}.*","{{_stream}}x"]}"""))
            .Expect(200);

        expected["max_msgs"] = 9;
        expected["subjects"] = new JsonArray($"{_stream}.*", $"{_stream}x");
        AssertSame(await _raw.StreamConfigAsync(_stream), expected);
    }

    [Test]
    public async Task Definition_OfAConsumerThatOthersMade_KeepsEveryFieldOfTheServer()
    {
        await _raw.CreateStreamAsync(_stream, [_stream]);
        var more = new JsonObject
        {
            ["description"] = "made elsewhere",
            ["sample_freq"] = "50",
            ["inactive_threshold"] = 3_600_000_000_000,
            ["max_batch"] = 11,
            ["backoff"] = new JsonArray(1_000_000_000, 2_000_000_000),
            ["max_deliver"] = 7,
        };
        if (ServerUnderTest.IsAtLeast(2, 10))
        {
            more["metadata"] = new JsonObject { ["team"] = "billing" };
        }

        await _raw.CreateConsumerAsync(_stream, "c", more);
        var expected = await _raw.ConsumerConfigAsync(_stream, "c");
        AssertHolds(expected, more);

        var path = $"/v1/admin/stream/{_stream}/consumer";
        (await ManageAsync(
            "POST", path, """{"name":"c","mode":"pull","max_inflight":5,"max_retry":9,"ack_wait":"1s","notes":"made here"}""")).Expect(200);

        expected["max_ack_pending"] = 5;
        expected["max_deliver"] = 9;
        expected["description"] = "made here";
        AssertSame(await _raw.ConsumerConfigAsync(_stream, "c"), expected);
    }

    [Test]
    public async Task Description_OfAStream_ReadsBackAndIsPartOfTheDefinition()
    {
        var definition = $$"""{"name":"{{_stream}}","description":"für Rechnungen"}""";
        (await ManageAsync("POST", "/v1/admin/stream", definition)).Expect(200);
        (await ManageAsync("POST", "/v1/admin/stream", definition)).Expect(200);
        Assert.That((string?)(await Client.StreamAsync(_stream))["config"]!["description"], Is.EqualTo("für Rechnungen"));
        Assert.That((string?)(await _raw.StreamConfigAsync(_stream))["description"], Is.EqualTo("für Rechnungen"));
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{_stream}}","description":"other"}""")).Expect(409, "description: ");
    }

    [Test]
    public async Task Description_OfTheLongestThatIsTaken_IsTakenByTheServerToo()
    {
        var (longest, beyond) = (new string('d', Description.MostBytes), new string('d', Description.MostBytes + 1));
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{_stream}}","description":"{{longest}}"}""")).Expect(200);
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"n","description":"{{beyond}}"}""")).Expect(
            400, "description: has 4097 bytes");
        var path = $"/v1/admin/stream/{_stream}/consumer";
        (await ManageAsync("POST", path, $$"""{"name":"c","mode":"pull","max_inflight":1,"notes":"{{longest}}"}""")).Expect(200);
        (await ManageAsync("POST", path, $$"""{"name":"d","mode":"pull","max_inflight":1,"notes":"{{beyond}}"}""")).Expect(400, "too long");
    }

    [Test]
    public async Task Metadata_InDefinitions_ReadsBack()
    {
        RequireMetadata();
        (await ManageAsync("POST", "/v1/admin/stream", $$$"""{"name":"{{{_stream}}}","metadata":{"team":"billing","owner.id":"7"}}"""))
            .Expect(200);
        (await ManageAsync("POST", "/v1/admin/stream", $$$"""{"name":"{{{_stream}}}","metadata":{"team":"billing","owner.id":"7"}}"""))
            .Expect(200);
        await DefineConsumerAsync("""{"team":"ops"}""");

        AssertSame(OwnOf((await Client.StreamAsync(_stream))["config"]!), JsonNode.Parse("""{"team":"billing","owner.id":"7"}""")!);
        AssertSame(OwnOf(await ConsumerAsync()), JsonNode.Parse("""{"team":"ops"}""")!);
        (await ManageAsync("POST", "/v1/admin/stream", $$$"""{"name":"{{{_stream}}}","metadata":{"team":"ops"}}""")).Expect(
            409, "metadata: ");
    }

    [Test]
    public async Task Metadata_OfAConsumer_IsChangedWhereItIsNamed()
    {
        RequireMetadata();
        await Client.DefineStreamAsync(_stream, _stream);
        await DefineConsumerAsync("""{"team":"ops","x":"1"}""");
        var server = ((JsonObject)(await _raw.ConsumerConfigAsync(_stream, "c"))["metadata"]!)
            .Where(static entry => Metadata.IsReserved(entry.Key)).Select(static entry => entry.Key).ToArray();

        await DefineConsumerAsync("null");
        AssertSame(OwnOf(await ConsumerAsync()), JsonNode.Parse("""{"team":"ops","x":"1"}""")!);
        await DefineConsumerAsync("""{"team":"dev"}""");
        AssertSame(OwnOf(await ConsumerAsync()), JsonNode.Parse("""{"team":"dev"}""")!);
        await DefineConsumerAsync("{}");
        AssertSame(OwnOf(await ConsumerAsync()), new JsonObject());

        var left = (await _raw.ConsumerConfigAsync(_stream, "c"))["metadata"] as JsonObject ?? [];
        Assert.That(left.Select(static entry => entry.Key), Is.EquivalentTo(server));
    }

    [TestCase("""{"":"x"}""", "metadata: has an empty name")]
    [TestCase("""{"a":null}""", "metadata: 'a' is null")]
    [TestCase("""{"a":1}""", "1 is a number; text in double quotes is expected")]
    [TestCase("""["a"]""", "an object of texts")]
    public async Task Metadata_ThatIsNotTaken_Is400(string metadata, string detail)
    {
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"n","metadata":{{metadata}}}""")).Expect(400, detail);
        (await ManageAsync("POST", "/v1/admin/stream/n/consumer",
            $$"""{"name":"c","mode":"pull","max_inflight":1,"metadata":{{metadata}}}""")).Expect(400, detail);
    }

    [Test]
    public async Task Metadata_OfTheLargestThatIsTaken_IsTakenByTheServerToo()
    {
        RequireMetadata();
        var most = new string('m', Metadata.MostBytes - 1);
        (await ManageAsync("POST", "/v1/admin/stream", $$$"""{"name":"n","metadata":{"k":"{{{most}}}m"}}""")).Expect(
            400, "metadata: has 131073 bytes");
        if (ServerUnderTest.IsAtLeast(2, 11))
        {
            // What the server adds counts, too.
            most = most[..^1000];
        }

        (await ManageAsync("POST", "/v1/admin/stream", $$$"""{"name":"{{{_stream}}}","metadata":{"k":"{{{most}}}"}}""")).Expect(200);
    }

    [Test]
    public async Task Metadata_OnAServerWithoutIt_Is501AndNothingIsMade()
    {
        if (ServerUnderTest.Facts.HasMetadata)
        {
            Assert.Ignore("the server has it");
        }

        (await ManageAsync("POST", "/v1/admin/stream", $$$"""{"name":"{{{_stream}}}","metadata":{"a":"b"}}""")).Expect(
            501, "metadata needs nats-server 2.10 or later");
        (await ManageAsync("GET", $"/v1/admin/stream/{_stream}")).Expect(404);
        await Client.DefineStreamAsync(_stream, _stream);
        var path = $"/v1/admin/stream/{_stream}/consumer";
        (await ManageAsync("POST", path, """{"name":"c","mode":"pull","max_inflight":1,"metadata":{"a":"b"}}""")).Expect(
            501, "2.10 or later");
        (await ManageAsync("GET", $"{path}/c")).Expect(404);
    }

    private static void RequireMetadata()
    {
        if (!ServerUnderTest.Facts.HasMetadata)
        {
            Assert.Ignore("the server has no metadata");
        }
    }

    private static JsonObject OwnOf(JsonNode config) => new((config["metadata"] as JsonObject ?? [])
        .Where(static entry => !Metadata.IsReserved(entry.Key))
        .Select(static entry => KeyValuePair.Create(entry.Key, entry.Value?.DeepClone())));

    private async Task DefineConsumerAsync(string metadata) =>
        (await ManageAsync("POST", $"/v1/admin/stream/{_stream}/consumer",
            $$"""{"name":"c","mode":"pull","max_inflight":1,"metadata":{{metadata}}}""")).Expect(200);

    private async Task<JsonNode> ConsumerAsync() =>
        (await Client.ManageAsync(HttpMethod.Get, $"/v1/admin/stream/{_stream}/consumer/c")).Body["consumer"]!["config"]!;

    /// <summary>That the server took what the test is about: an old one ignores what it does not know.</summary>
    private static void AssertHolds(JsonNode config, JsonObject fields)
    {
        using (Assert.EnterMultipleScope())
        {
            foreach (var (field, _) in fields)
            {
                Assert.That(config[field], Is.Not.Null, field);
            }
        }
    }

    private static void AssertSame(JsonNode actual, JsonNode expected) =>
        Assert.That(
            JsonNode.DeepEquals(actual, expected), Is.True, () => $"{actual.ToJsonString()}\ninstead of\n{expected.ToJsonString()}");
}
