using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>Section 4: what is refused before a subscription starts, and what its answer starts with where it is not.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class SubscribeRefusalTests(string version) : ContractTest(version)
{
    private string _stream = null!;

    [SetUp]
    public async Task DefineStream()
    {
        _stream = SharedServers.NewName();
        await Client.DefineStreamAsync(_stream, $"{_stream}.a", $"{_stream}.b");
        await Client.DefineConsumerAsync(_stream, "plain");
        await Client.DefineConsumerAsync(_stream, "filtered", new JsonObject { ["filter_subject"] = $"{_stream}.a" });
        await Client.DefineConsumerAsync(_stream, "grouped", new JsonObject { ["delivery_group"] = "g1" });
        await Client.DefineConsumerAsync(_stream, "pulled", new JsonObject { ["mode"] = "pull" });
    }

    [TestCase("?subject_name")]
    [TestCase("?subject_name=")]
    [TestCase("?subject_name={0}.a&subject_name={0}.b")]
    [TestCase("?subject_name={0}.a&subject_name={0}.a")]
    [TestCase("?SUBJECT_NAME={0}.a&subject_name={0}.a")]
    public async Task SubjectName_EmptyOrNotOnce_Is400(string query) => (await SubscribeAsync("plain", query)).Expect(400, "subject_name");

    [TestCase("")]
    [TestCase("abc")]
    [TestCase("1.5")]
    [TestCase("1e2")]
    [TestCase("0")]
    [TestCase("-1")]
    [TestCase("%201")]
    [TestCase("0x10")]
    [TestCase("99999999999999999999")]
    [TestCase("1&max_msg_inflight=1")]
    public async Task MaxMsgInflight_DuplicateOrNonsense_Is400(string value) =>
        (await SubscribeAsync("plain", $"?subject_name={{0}}.a&max_msg_inflight={value}")).Expect(400, "max_msg_inflight");

    [TestCase("")]
    [TestCase("True")]
    [TestCase("1")]
    [TestCase("yes")]
    [TestCase("true&metadata=true")]
    public async Task Metadata_NeitherTrueNorFalse_Is400(string value) =>
        (await SubscribeAsync("plain", $"?metadata={value}")).Expect(400, "metadata");

    [TestCase("")]
    [TestCase("a.b")]
    [TestCase("g1&delivery_group=g1")]
    [TestCase("g1&delivery_group=g2")]
    public async Task DeliveryGroup_DuplicateOrNonsense_Is400(string value) =>
        (await SubscribeAsync("grouped", $"?subject_name={{0}}.a&delivery_group={value}")).Expect(400, "delivery_group");

    [TestCase("grouped", "")]
    [TestCase("grouped", "&delivery_group=other")]
    [TestCase("grouped", "&delivery_group=G1")]
    [TestCase("plain", "&delivery_group=g1")]
    [TestCase("pulled", "&delivery_group=g1")]
    public async Task DeliveryGroup_OtherThanTheConsumers_Is400(string consumer, string group) =>
        (await SubscribeAsync(consumer, "?subject_name={0}.a" + group)).Expect(400, "delivery_group: ");

    [TestCase("filtered", "{0}.b")]
    [TestCase("filtered", "{0}.*")]
    [TestCase("filtered", "%3E")]
    [TestCase("plain", "{0}.c")]
    [TestCase("plain", "{0}")]
    [TestCase("plain", "elsewhere")]
    [TestCase("plain", "*")]
    [TestCase("pulled", "{0}.c")]
    [TestCase("plain", "a..b")]
    public async Task Subject_NotTheFilterOrNotTheStreams_Is400(string consumer, string subject)
    {
        var group = consumer is "grouped" ? "&delivery_group=g1" : string.Empty;
        (await SubscribeAsync(consumer, "?subject_name=" + subject + group)).Expect(400, "subject_name: ");
    }

    [Test]
    public async Task Consumer_Unknown_Is404AndNoneIsCreated()
    {
        (await SubscribeAsync("absent", "?subject_name={0}.a")).Expect(404, "consumer not found");
        (await DataAsync("GET", $"/v1/data/stream/absent/consumer/plain?subject_name={_stream}.a")).Expect(
            404, "stream not found (err_code 10059); define it with POST /v1/admin/stream");
        var consumers = (await ManageAsync("GET", $"/v1/admin/stream/{_stream}/consumer")).Expect(200).Json["consumers"]!.AsObject();
        Assert.That(consumers, Has.Count.EqualTo(4));
    }

    [TestCase("plain", "")]
    [TestCase("plain", "?")]
    [TestCase("plain", "?metadata=true")]
    [TestCase("plain", "?subject_name={0}.a")]
    [TestCase("plain", "?subject_name={0}.*")]
    [TestCase("plain", "?subject_name={0}.%3E")]
    [TestCase("plain", "?subject_name={0}.a&max_msg_inflight=1")]
    [TestCase("plain", "?subject_name={0}.a&max_msg_inflight=%2B2")]
    [TestCase("plain", "?subject_name={0}.a&unknown=1")]
    [TestCase("filtered", "")]
    [TestCase("filtered", "?subject_name={0}.a")]
    [TestCase("grouped", "?delivery_group=g1")]
    [TestCase("grouped", "?subject_name={0}.a&delivery_group=g1")]
    [TestCase("pulled", "")]
    [TestCase("pulled", "?subject_name={0}.a")]
    public async Task Subscribe_AsTheConsumerIs_StartsWithItsHeadersAtOnce(string consumer, string query)
    {
        using var response = await OpenAsync(
            Gateway.Dataplane, "GET", Target(consumer, query), body: null, $"{WireAnswer.RequestIdHeader}: sub-1");
        using (Assert.EnterMultipleScope())
        {
            Assert.That((int)response.StatusCode, Is.EqualTo(200));
            Assert.That(response.Content.Headers.GetValues("Content-Type"), Is.EqualTo(new[] { "text/event-stream" }));
            Assert.That(response.Headers.GetValues("Cache-Control"), Is.EqualTo(new[] { "no-cache" }));
            Assert.That(response.Headers.GetValues("X-Accel-Buffering"), Is.EqualTo(new[] { "no" }));
            Assert.That(response.Headers.GetValues(WireAnswer.RequestIdHeader), Is.EqualTo(new[] { "sub-1" }));
        }
    }

    [Test]
    public async Task Line_OfAMessage_HasExactlyItsKeysAndBothSubjects()
    {
        await Client.PublishAsync($"{_stream}.b", "hi");
        using var response = await OpenAsync(
            Gateway.Dataplane, "GET", Target("plain", "?subject_name={0}.a"), body: null, $"{WireAnswer.RequestIdHeader}: sub-é");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var line = await reader.ReadLineAsync().WaitAsync(Eventually.TimeLimit);
        Assert.That(line, Is.EqualTo(
            $$$"""{"success":true,"request_id":"sub-é","stream":"{{{_stream}}}","subject":"{{{_stream}}}.a","consumer":"plain","sequence":{"stream":1,"consumer":1},"b64_msg":"aGk=","message_subject":"{{{_stream}}}.b"}"""));
    }

    [Test]
    public async Task Consumer_BoundHere_Is409()
    {
        await using var first = await Client.SubscribeAsync(_stream, "plain", $"subject_name={_stream}.a");
        (await SubscribeAsync("plain", "?subject_name={0}.a")).Expect(409, "delivery group");
    }

    [Test]
    public async Task Consumer_BoundOnAnotherInstance_Is409()
    {
        await using var other = await Gateway.StartAsync(SharedServers.Nats.Url);
        using var client = other.Client();
        await Eventually.HoldsAsync(
            async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "the other instance ready");
        await using var first = await client.SubscribeAsync(_stream, "plain", $"subject_name={_stream}.a");
        (await SubscribeAsync("plain", "?subject_name={0}.a")).Expect(409, "delivery group");
    }

    [Test]
    public async Task Consumer_BoundAndAskedWrongly_IsToldWhatIsWrong()
    {
        await using var first = await Client.SubscribeAsync(_stream, "filtered", $"subject_name={_stream}.a");
        (await SubscribeAsync("filtered", "?subject_name={0}.b")).Expect(400, "subject_name: ");
        (await SubscribeAsync("filtered", "?subject_name={0}.a&delivery_group=g1")).Expect(400, "delivery_group: ");
    }

    [TestCase("grouped", "&delivery_group=g1")]
    [TestCase("pulled", "")]
    public async Task Consumer_SharedByItsNature_TakesASecondSubscriber(string consumer, string group)
    {
        await using var first = await Client.SubscribeAsync(_stream, consumer, $"subject_name={_stream}.a{group}");
        await using var second = await Client.SubscribeAsync(_stream, consumer, $"subject_name={_stream}.a{group}");
    }

    [Test]
    public async Task Consumer_AfterADisconnect_IsSubscribedAtOnce()
    {
        for (var again = 0; again < 5; again++)
        {
            using var response = await OpenAsync(Gateway.Dataplane, "GET", Target("plain", "?subject_name={0}.a"), body: null);
            Assert.That((int)response.StatusCode, Is.EqualTo(200));
        }
    }

    private string Target(string consumer, string query) =>
        $"/v1/data/stream/{_stream}/consumer/{consumer}" + query.Replace("{0}", _stream, StringComparison.Ordinal);

    private Task<WireAnswer> SubscribeAsync(string consumer, string query) => DataAsync("GET", Target(consumer, query));
}
