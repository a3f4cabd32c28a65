using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Settling;

/// <summary>The acknowledge route with an array.</summary>
[Parallelizable]
[Category(ServerUnderTest.Category)]
internal sealed class BatchAckTests
{
    private GatewayClient _client = null!;
    private string _stream = null!;

    [SetUp]
    public async Task DeliverAsync()
    {
        _client = SharedServers.Gateway.Client();
        _stream = SharedServers.NewName();
        await _client.DefineStreamAsync(_stream, _stream);
        await _client.DefineConsumerAsync(_stream, "c", new JsonObject { ["max_inflight"] = 2000 });
    }

    [TearDown]
    public void Disconnect() => _client.Dispose();

    [Test]
    public async Task Acknowledge_ManyPairs_ConfirmsAll()
    {
        const int Count = 1500;
        for (var number = 0; number < Count; number += 50)
        {
            await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => _client.PublishAsync(_stream, "m")));
        }

        await using var subscription = await _client.SubscribeAsync(_stream, "c", $"subject_name={_stream}");
        var lines = await subscription.TakeAsync(Count);
        var answer = await AcknowledgeAsync(new JsonArray([.. lines.Select(line => line.Json["sequence"]!.DeepClone())]));

        Assert.That((int)answer.Body["acknowledged"]!, Is.EqualTo(Count));
        Assert.That((int)(await _client.ConsumerAsync(_stream, "c"))["num_ack_pending"]!, Is.Zero);
    }

    [Test]
    public async Task Acknowledge_BadPairsAmongGood_TellsTheOutcomeOfEach()
    {
        await _client.PublishAsync(_stream, "one");
        await _client.PublishAsync(_stream, "two");
        await using var subscription = await _client.SubscribeAsync(_stream, "c", $"subject_name={_stream}");
        await subscription.TakeAsync(2);

        var answer = await AcknowledgeAsync(JsonNode.Parse(
            """[{"stream":1,"consumer":1},{"stream":99,"consumer":1},{"stream":"x","consumer":1},{"stream":0,"consumer":1},{},null,7,{"stream":2,"consumer":2},{"stream":1,"consumer":1}]""")!);

        var results = answer.Body["acks"]!.AsArray().Select(ack => (int?)ack!["error"]?["code"] ?? 200);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(results, Is.EqualTo(new[] { 200, 404, 400, 400, 400, 400, 400, 200, 200 }));
            Assert.That((int)answer.Body["acknowledged"]!, Is.EqualTo(3));
            Assert.That((int)answer.Body["failed"]!, Is.EqualTo(6));
            Assert.That((int)(await _client.ConsumerAsync(_stream, "c"))["ack_floor"]!["stream_seq"]!, Is.EqualTo(2));
        }
    }

    /// <summary>
    /// A consumer with copies answers one of two acknowledgements of a message that are under way together: each is sent once.
    /// </summary>
    [Test]
    public async Task Acknowledge_OnePairTwiceOfAConsumerWithCopies_ConfirmsBoth()
    {
        await using var cluster = await ServerUnderTest.StartClusterAsync();
        await using var gateway = await Gateway.StartAsync(cluster.Nodes[0].Url);
        using var client = gateway.Client();
        await OwnGateway.IsReadyAsync(client);
        await Eventually.HoldsAsync(
            async () => (await client.ManageAsync(HttpMethod.Post, "/v1/admin/stream", """{"name":"s","replicas":3}""")).Success,
            "a stream of three copies",
            TimeSpan.FromMinutes(2));
        await client.DefineConsumerAsync("s", "c", new JsonObject { ["max_inflight"] = 100 });
        await using var subscription = await client.SubscribeAsync("s", "c", "subject_name=s");
        for (var round = 0; round < 5; round++)
        {
            await client.PublishAsync("s", "message");
            var pair = (await subscription.NextAsync()).Json["sequence"]!;
            var (status, text) = await client.SendRawAsync(
                HttpMethod.Post, "/v1/data/stream/s/consumer/c/ack",
                new StringContent(new JsonArray(pair.DeepClone(), pair.DeepClone(), pair.DeepClone()).ToJsonString()));

            Assert.That(status, Is.EqualTo(HttpStatusCode.OK), text);
            Assert.That((int)JsonNode.Parse(text)!["acknowledged"]!, Is.EqualTo(3), text);
        }
    }

    [TestCase("[]")]
    [TestCase("""[{"stream":1,"consumer":1}""")]
    public async Task Acknowledge_NoOrBrokenArray_IsRefusedWhole(string body) =>
        Assert.That((await SendAsync(body)).Status, Is.EqualTo(HttpStatusCode.BadRequest));

    [Test]
    public async Task Acknowledge_MorePairsThanARequestTakes_IsRefusedWhole()
    {
        var pairs = string.Join(',', Enumerable.Repeat("""{"stream":1,"consumer":1}""", 10_001));
        var answer = await SendAsync($"[{pairs}]");

        Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(answer.Detail, Does.Contain("10001"));
    }

    [Test]
    public async Task Acknowledge_TokensAndLinesAmongPairs_TellsTheOutcomeOfEach()
    {
        await _client.PublishAsync(_stream, "one");
        await _client.PublishAsync(_stream, "two");
        await using var subscription = await _client.SubscribeAsync(_stream, "c", $"subject_name={_stream}");
        var lines = await subscription.TakeAsync(2);
        var utf8 = new byte[DeliveryToken.MaxLength];
        var token = Encoding.ASCII.GetString(utf8.AsSpan(
            0, DeliveryToken.Of(StreamName.OfExisting(_stream), ConsumerName.OfExisting("c")).Write(new DeliverySequence(1, 1), utf8)));

        var answer = await SendAsync($$"""[{"token":"{{token}}"},{"token":"{{token}}x"},{{lines[1].Json.ToJsonString()}}]""");

        var acks = answer.Body["acks"]!.AsArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(acks.Select(ack => (int?)ack!["error"]?["code"] ?? 200), Is.EqualTo(new[] { 200, 400, 200 }));
            Assert.That((string)acks[1]!["error"]!["type"]!, Is.EqualTo("invalid-acknowledgement"));
            Assert.That(acks.Select(ack => (ulong)ack!["stream"]!), Is.EqualTo(new[] { 1UL, 0UL, 2UL }));
        }
    }

    [Test]
    public async Task Acknowledge_ToAConsumerThatDoesNotExist_Is404WhateverTheFirstPairIs() =>
        Assert.That(
            (await _client.DataAsync(HttpMethod.Post, $"/v1/data/stream/{_stream}/consumer/absent/ack",
                new StringContent("""[7,{"stream":1,"consumer":1}]"""))).Status,
            Is.EqualTo(HttpStatusCode.NotFound));

    private Task<GatewayAnswer> AcknowledgeAsync(JsonNode pairs) => SendAsync(pairs.ToJsonString());

    private Task<GatewayAnswer> SendAsync(string body) =>
        _client.DataAsync(HttpMethod.Post, $"/v1/data/stream/{_stream}/consumer/c/ack", new StringContent(body));
}
