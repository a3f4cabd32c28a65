using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
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
    [TestCase("""{"token":"AQYBGPb9XA"}""", "token: 'AQYBGPb9XA' is not the token of a delivery of consumer c")]
    [TestCase("""{"token":1}""", "token: it is a text")]
    [TestCase("""{"token":""}""", "token: '' is not")]
    [TestCase("""{"stream":"other","consumer":"c","sequence":{"stream":1,"consumer":1}}""", "stream: the delivery is of stream 'other'")]
    [TestCase("""{"consumer":"d","sequence":{"stream":1,"consumer":1}}""", "consumer: the delivery is of consumer 'd'")]
    [TestCase("""{"consumer":"c","sequence":{"stream":1}}""", "consumer is required")]
    [TestCase("""{"stream":1""", "line 1")]
    [TestCase("""{"stream":1,"consumer":1}xyz""", "line 1, byte 26")]
    [TestCase("", "the body is empty")]
    [TestCase(null, "the body is empty")]
    public async Task Body_Wrong_Is400WithFieldAndValue(string? body, string detail) => (await AckAsync(body)).Expect(400, detail);

    [TestCase("""{"stream":1,"consumer":1}""")]
    [TestCase("""{"stream":1,"consumer":1,"foo":2}""")]
    [TestCase("""{"Stream":1,"CONSUMER":1}""")]
    public async Task Ack_OfADelivery_Is200AndTheMessageDoesNotComeAgain(string body)
    {
        await DeliverAsync(1);
        (await AckAsync(body)).Expect(200);
        await AssertPendingAsync(0, floor: 1);
    }

    [Test]
    public async Task Ack_WithTheWholeLineAsItCame_AcknowledgesTheMessage()
    {
        await Client.PublishAsync(_stream, "message");
        string line;
        await using (var subscription = await Client.SubscribeAsync(_stream, "c", $"subject_name={_stream}"))
        {
            line = (await subscription.NextAsync()).Json.ToJsonString();
        }

        (await AckAsync(line)).Expect(200);
        await AssertPendingAsync(0, floor: 1);
    }

    [Test]
    public async Task Ack_WithTheToken_AcknowledgesTheMessage()
    {
        await DeliverAsync(2);
        (await AckAsync($$"""{"token":"{{Token("c", 1, 1)}}"}""")).Expect(200);
        (await AckAsync($$"""{"token":"{{Token("c", 2, 2)}}","stream":2,"consumer":2}""")).Expect(200);
        await AssertPendingAsync(0, floor: 2);
    }

    [Test]
    public async Task Ack_WithATokenThatIsNotOfThisDelivery_Is400AndNothingIsTouched()
    {
        await DeliverAsync(1);
        var token = Token("c", 1, 1);
        (await AckAsync($$"""{"token":"{{token[..^1]}}"}""")).Expect(400, "token:");
        (await AckAsync($$"""{"token":"{{Token("d", 1, 1)}}"}""")).Expect(400, "token:");
        (await AckAsync($$"""{"token":"{{token}}","stream":2}""")).Expect(400, "token: it names stream sequence 1");
        await AssertPendingAsync(1, floor: 0);
    }

    [TestCase(1UL, 2UL)]
    [TestCase(1UL, 123456UL)]
    public async Task Ack_ConsumerSequenceBeyondWhatWasDelivered_Is404AndNothingIsTouched(ulong stream, ulong consumer)
    {
        await DeliverAsync(1);
        (await AckAsync(stream, consumer)).Expect(404, "did you swap stream and consumer?");
        await AssertPendingAsync(1, floor: 0);
    }

    [Test]
    public async Task Ack_SequencesOfDifferentDeliveries_Is404WhereTheyWentThroughHere()
    {
        await DeliverAsync(3);
        (await AckAsync(1, 3)).Expect(404, "was never sent a message with stream sequence 1 as delivery 3");
        await AssertPendingAsync(3, floor: 0);
        (await AckAsync(3, 3)).Expect(200);
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

        (await DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/one/ack", $$"""{"stream":{{sequence}},"consumer":1}""")).Expect(
            404, "never sent");

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
        (await DataAsync("POST", "/v1/data/stream/absent/consumer/c/ack", """{"stream":1,"consumer":1}""")).Expect(
            404, "stream not found (err_code 10059)");
        (await DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/absent/ack", """{"stream":1,"consumer":1}""")).Expect(
            404, "consumer not found (err_code 10014)");
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
        await Eventually.HoldsAsync(
            async () => (await AckAsync(1, 1)).Status == 404, "a refusal once the gateway heard of the new consumer");
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
            await Eventually.HoldsAsync(
                async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "the other instance ready");
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
        await raw.CreateConsumerAsync(
            _stream, "other", new JsonObject { ["ack_policy"] = policy, ["deliver_subject"] = $"deliver.{_stream}" });
        (await DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/other/ack", """{"stream":1,"consumer":1}""")).Expect(
            409, $"'{policy}'");
    }

    private string Token(string consumer, ulong streamSequence, ulong consumerSequence)
    {
        var utf8 = new byte[DeliveryToken.MaxLength];
        var tokens = DeliveryToken.Of(StreamName.OfExisting(_stream), ConsumerName.OfExisting(consumer));
        return Encoding.ASCII.GetString(utf8.AsSpan(0, tokens.Write(new DeliverySequence(streamSequence, consumerSequence), utf8)));
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
