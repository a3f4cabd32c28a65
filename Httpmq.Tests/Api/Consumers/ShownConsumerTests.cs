using System.Text.Json.Nodes;
using Httpmq.Domain.Features;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Consumers;

/// <summary>What GET shows of a consumer can be sent back.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class ShownConsumerTests
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
        await _client.DefineStreamAsync(_stream, $"{_stream}.*");
    }

    [TearDown]
    public async Task CloseAsync()
    {
        _client.Dispose();
        await _raw.DisposeAsync();
    }

    [TestCase(null, """{"mode":"push","max_inflight":5}""")]
    [TestCase(null, """{"mode":"push","max_inflight":5,"delivery_group":"g","notes":"n","idle_heartbeat":"5s","flow_control":true}""")]
    [TestCase(null, """{"mode":"pull","max_inflight":5}""")]
    [TestCase(null, """{"mode":"pull","max_inflight":5,"filter_subject":"{s}.a","max_retry":3,"backoff":["1s","2s"]}""")]
    [TestCase(null, """{"mode":"pull","ack_policy":"none"}""")]
    [TestCase(null, """{"mode":"push","ack_policy":"none"}""")]
    [TestCase(nameof(Feature.Metadata), """{"mode":"push","max_inflight":5,"metadata":{"team":"a"}}""")]
    [TestCase(nameof(Feature.FilterSubjects), """{"mode":"pull","max_inflight":5,"filter_subjects":["{s}.a","{s}.b"]}""")]
    [TestCase(nameof(Feature.Pause), """{"mode":"push","max_inflight":5,"pause_until":"2099-01-15T09:30:00.123456789Z"}""")]
    [TestCase(nameof(Feature.PriorityGroups), """
        {"mode":"pull","max_inflight":5,"priority_policy":"pinned_client","priority_groups":["g"],"priority_timeout":"30s"}
        """)]
    public async Task Replace_WithExactlyWhatGetShows_IsTakenStrictlyAndChangesNothing(string? feature, string definition)
    {
        if (feature is not null && !ServerUnderTest.Facts.Has(Feature.Of(feature)))
        {
            Assert.Ignore($"the server lacks {feature}");
        }

        var config = (JsonObject)JsonNode.Parse(definition.Replace("{s}", _stream, StringComparison.Ordinal))!;
        config["name"] = "c";
        (await ManageAsync(HttpMethod.Post, string.Empty, config.ToJsonString())).Expect(200);

        await SendBackAsync();
    }

    /// <summary>Other clients make consumers without a limit of what is not acknowledged.</summary>
    [TestCase("""{"max_ack_pending":-1}""")]
    [TestCase("""{"max_ack_pending":-1,"deliver_subject":"elsewhere"}""")]
    public async Task Replace_WithWhatGetShowsOfAConsumerThatOthersMade_ChangesNothing(string more)
    {
        await _raw.CreateConsumerAsync(_stream, "c", (JsonObject)JsonNode.Parse(more)!);

        await SendBackAsync();

        (await ManageAsync(HttpMethod.Put, "/c", """{"max_ack_pending":0}""")).Expect(400, "max_inflight: 0 is less than 1");
    }

    [Test]
    public async Task Replace_WithAnotherDeliverSubject_Is409AndChangesNothing()
    {
        (await ManageAsync(HttpMethod.Post, string.Empty, """{"name":"c","mode":"push","max_inflight":5}""")).Expect(200);
        (await ManageAsync(HttpMethod.Post, string.Empty, """{"name":"d","mode":"pull","max_inflight":5}""")).Expect(200);
        var before = await _raw.ConsumerConfigAsync(_stream, "c");

        (await ManageAsync(HttpMethod.Put, "/c", """{"deliver_subject":"other","max_inflight":6}""")).Expect(
            409, "deliver_subject is '").Type("consumer-differs");
        (await ManageAsync(HttpMethod.Put, "/d", """{"deliver_subject":"other"}""")).Expect(409, "deliver_subject is ''");

        Assert.That(JsonNode.DeepEquals(await _raw.ConsumerConfigAsync(_stream, "c"), before), Is.True);
    }

    /// <summary>All of its configuration would become JetStream's default.</summary>
    [Test]
    public async Task Replace_WithTheWholeAnswerOfGet_Is400AndChangesNothing()
    {
        (await ManageAsync(HttpMethod.Post, string.Empty, """{"name":"c","mode":"push","max_inflight":5}""")).Expect(200);
        var before = await _raw.ConsumerConfigAsync(_stream, "c");
        var shown = await _client.ConsumerAsync(_stream, "c");

        (await ManageAsync(HttpMethod.Put, "/c", shown.ToJsonString())).Expect(400, "send what is in config itself").Type("unknown-name");

        Assert.That(JsonNode.DeepEquals(await _raw.ConsumerConfigAsync(_stream, "c"), before), Is.True);
        shown = await _client.StreamAsync(_stream);
        new Checked(await _client.ManageAsync(HttpMethod.Put, $"/v1/admin/stream/{_stream}", shown.ToJsonString())).Expect(400);
    }

    private async Task SendBackAsync()
    {
        var before = await _raw.ConsumerConfigAsync(_stream, "c");
        var shown = (await _client.ConsumerAsync(_stream, "c"))["config"]!.ToJsonString();

        var answer = (await ManageAsync(HttpMethod.Put, "/c?strict=true", shown)).Expect(200).Answer;

        Assert.That(answer.Body["warnings"], Is.Null, shown);
        var after = await _raw.ConsumerConfigAsync(_stream, "c");
        Assert.That(JsonNode.DeepEquals(after, before), Is.True, () => $"{after.ToJsonString()}\ninstead of\n{before.ToJsonString()}");
    }

    private async Task<Checked> ManageAsync(HttpMethod method, string path, string body) =>
        new(await _client.ManageAsync(method, $"/v1/admin/stream/{_stream}/consumer{path}", body));
}
