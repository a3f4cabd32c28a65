using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>Section 4: acknowledge.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class AcknowledgeTests(string version) : ContractTest(version)
{
    private string _stream = null!;

    [SetUp]
    public async Task DefineStream()
    {
        _stream = SharedServers.NewName();
        await Client.DefineStreamAsync(_stream, _stream);
        await Client.DefineConsumerAsync(_stream, "c", new JsonObject { ["ack_wait"] = 300_000_000 });
    }

    [TestCase("{}", "stream is required")]
    [TestCase("""{"stream":1}""", "consumer is required")]
    [TestCase("""{"consumer":1}""", "stream is required")]
    [TestCase("""{"stream":null,"consumer":1}""", "stream is required")]
    [TestCase("""{"stream":0,"consumer":1}""", "stream: 0 ")]
    [TestCase("""{"stream":1,"consumer":0}""", "consumer: 0 ")]
    [TestCase("""{"stream":-1,"consumer":1}""", "stream: -1 ")]
    [TestCase("""{"stream":1.5,"consumer":1}""", "stream: 1.5 ")]
    [TestCase("""{"stream":"1","consumer":1}""", "stream: \"1\" ")]
    [TestCase("""{"stream":18446744073709551616,"consumer":1}""", "stream: 18446744073709551616 ")]
    [TestCase("[1,1]", "not a pair of sequences")]
    [TestCase("""{"stream":1""", "line 1")]
    [TestCase("""{"stream":1,"consumer":1}xyz""", "line 1, byte 26")]
    [TestCase("", "the body is empty")]
    [TestCase(null, "the body is empty")]
    public async Task Body_Wrong_Is400WithFieldAndValue(string? body, string detail) => (await AckAsync(body)).Expect(400, detail);

    [TestCase("""{"stream":1,"consumer":1}""")]
    [TestCase("""{"stream":1,"consumer":1,"foo":2}""")]
    [TestCase("""{"Stream":1,"CONSUMER":1}""")]
    [TestCase("""{"stream":1,"consumer":99}""", Description = "the message decides, not the delivery")]
    public async Task Ack_OfADelivery_Is200AndTheMessageDoesNotComeAgain(string body)
    {
        await DeliverAsync(1);
        (await AckAsync(body)).Expect(200);
        await AssertPendingAsync(0, floor: 1);
    }

    [Test]
    public async Task Ack_Twice_Is200()
    {
        await DeliverAsync(1);
        (await AckAsync(1, 1)).Expect(200);
        (await AckAsync(1, 1)).Expect(200);
    }

    [Test]
    public async Task Ack_WithAnOlderDeliverysSequence_AcknowledgesTheMessage()
    {
        await Client.PublishAsync(_stream, "again");
        await using (var subscription = await Client.SubscribeAsync(_stream, "c", $"subject_name={_stream}"))
        {
            var lines = await subscription.TakeAsync(2);
            Assert.That(lines.Select(line => (line.StreamSequence, line.ConsumerSequence)), Is.EqualTo(new[] { (1UL, 1UL), (1UL, 2UL) }));
        }

        (await AckAsync(1, 1)).Expect(200);
        await AssertPendingAsync(0, floor: 1);
    }

    [TestCase(2UL)]
    [TestCase(99UL)]
    [TestCase(ulong.MaxValue)]
    public async Task Ack_NeverSent_Is404AndNothingIsTouched(ulong sequence)
    {
        await Client.DefineConsumerAsync(_stream, "one", new JsonObject { ["max_inflight"] = 1 });
        await Client.PublishAsync(_stream, "sent");
        await Client.PublishAsync(_stream, "not sent before the first is acknowledged");
        await using var subscription = await Client.SubscribeAsync(_stream, "one", $"subject_name={_stream}");
        await subscription.NextAsync();
        var before = (await Client.ConsumerAsync(_stream, "one")).ToJsonString();

        (await DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/one/ack", $$"""{"stream":{{sequence}},"consumer":1}""")).Expect(404, "never sent");

        Assert.That((await Client.ConsumerAsync(_stream, "one")).ToJsonString(), Is.EqualTo(before));
    }

    [Test]
    public async Task Ack_OutOfOrder_LeavesTheOther()
    {
        await DeliverAsync(3);
        (await AckAsync(2, 2)).Expect(200);
        await AssertPendingAsync(2, floor: 0);
    }

    [Test]
    public async Task Ack_UnknownStreamOrConsumer_Is404()
    {
        (await DataAsync("POST", "/v1/data/stream/absent/consumer/c/ack", """{"stream":1,"consumer":1}""")).Expect(404, "stream not found (err_code 10059)");
        (await DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/absent/ack", """{"stream":1,"consumer":1}""")).Expect(404, "consumer not found (err_code 10014)");
    }

    [Test]
    public async Task Ack_OfAConsumerThatIsGone_Is404EvenIfItWasKnownHere()
    {
        await DeliverAsync(1);
        (await AckAsync(1, 1)).Expect(200);
        (await ManageAsync("DELETE", $"/v1/admin/stream/{_stream}/consumer/c")).Expect(200);
        (await AckAsync(1, 1)).Expect(404, "consumer not found");
    }

    [Test]
    public async Task Ack_OfAConsumerMadeAnew_Is404UntilItIsSentTheMessage()
    {
        await DeliverAsync(1);
        (await AckAsync(1, 1)).Expect(200);
        (await ManageAsync("DELETE", $"/v1/admin/stream/{_stream}/consumer/c")).Expect(200);
        await Client.DefineConsumerAsync(_stream, "c");
        await Eventually.HoldsAsync(async () => (await AckAsync(1, 1)).Status == 404, "a refusal once the gateway heard of the new consumer");
        Assert.That((ulong)(await Client.ConsumerAsync(_stream, "c"))["num_pending"]!, Is.EqualTo(1));
    }

    [Test]
    public async Task Ack_AtAnotherInstanceAndAfterARestart_Is200()
    {
        await DeliverAsync(2);
        foreach (var sequence in new ulong[] { 1, 2 })
        {
            // Each is new: it has seen neither the delivery nor the subscriber.
            await using var other = await Gateway.StartAsync(SharedServers.Nats.Url);
            using var client = other.Client();
            await Eventually.HoldsAsync(async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "the other instance ready");
            var answer = await client.TryAckAsync(_stream, "c", sequence, sequence);
            Assert.That(answer.Success, Is.True, answer.ToString());
        }

        await AssertPendingAsync(0, floor: 2);
    }

    [Test]
    public async Task Ack_ByTheSubscriberWhileSubscribed_LetsTheNextOneCome()
    {
        await Client.DefineConsumerAsync(_stream, "one", new JsonObject { ["max_inflight"] = 1 });
        await using var subscription = await Client.SubscribeAsync(_stream, "one", $"subject_name={_stream}");
        for (ulong sequence = 1; sequence <= 3; sequence++)
        {
            await Client.PublishAsync(_stream, "next");
            var line = await subscription.NextAsync();
            Assert.That(line.StreamSequence, Is.EqualTo(sequence));
            await Client.AckAsync(_stream, "one", line);
        }
    }

    [TestCase("none")]
    [TestCase("all")]
    public async Task Ack_OfAConsumerThatOthersMadeWithAnotherPolicy_Is409(string policy)
    {
        await using var raw = new RawJetStream(SharedServers.Nats.Url);
        await raw.CreateConsumerAsync(_stream, "other", new JsonObject { ["ack_policy"] = policy, ["deliver_subject"] = $"deliver.{_stream}" });
        (await DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/other/ack", """{"stream":1,"consumer":1}""")).Expect(409, $"'{policy}'");
    }

    private Task<WireAnswer> AckAsync(string? body) => DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/c/ack", body);

    private Task<WireAnswer> AckAsync(ulong stream, ulong consumer) => AckAsync($$"""{"stream":{{stream}},"consumer":{{consumer}}}""");

    /// <summary>Publishes so many messages, and has each delivered once.</summary>
    private async Task DeliverAsync(int count)
    {
        for (var number = 0; number < count; number++)
        {
            await Client.PublishAsync(_stream, "message");
        }

        await using var subscription = await Client.SubscribeAsync(_stream, "c", $"subject_name={_stream}");
        await subscription.TakeAsync(count);
    }

    private async Task AssertPendingAsync(long pending, ulong floor)
    {
        var consumer = await Client.ConsumerAsync(_stream, "c");
        using (Assert.EnterMultipleScope())
        {
            Assert.That((long)consumer["num_ack_pending"]!, Is.EqualTo(pending));
            Assert.That((ulong)consumer["ack_floor"]!["stream_seq"]!, Is.EqualTo(floor));
        }
    }
}
