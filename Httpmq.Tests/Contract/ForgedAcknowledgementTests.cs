using System.Text.Json.Nodes;
using Httpmq.Tests.Support;
using NATS.Client.Core;

namespace Httpmq.Tests.Contract;

/// <summary>
/// Section 4: "a stream sequence that this consumer was never sent: 404, and nothing is touched". On older servers such an
/// acknowledgement destroys messages of workqueue and interest streams (docs/adr/0001-stateless-confirmed-acknowledgements.md);
/// each disaster is shown to be impossible through the gateway, and to happen without it on exactly the servers that allow it.
/// </summary>
internal sealed class ForgedAcknowledgementTests() : ContractTest("2.0")
{
    private static readonly string[] Retentions = ["workqueue", "interest"];

    private RawJetStream? _opened;
    private string _stream = null!;

    private RawJetStream Raw => _opened!;

    [SetUp]
    public void Open()
    {
        _opened = new RawJetStream(SharedServers.Nats.Url);
        _stream = SharedServers.NewName();
    }

    [TearDown]
    public async Task CloseAsync()
    {
        if (_opened is not null)
        {
            await _opened.DisposeAsync();
        }
    }

    [TestCaseSource(nameof(Retentions))]
    public async Task Ack_OfAMessageNotSentYet_DeletesItOnOldServersAndNotThroughTheGateway(string retention)
    {
        await DefineAsync(retention, ("c", $"{_stream}.>"));
        await PublishAsync("a", "a", "a", "a");

        (await AckAsync("c", 3)).Expect(404, "never sent");
        Assert.That(await Raw.MessagesAsync(_stream), Is.EqualTo(4));

        // From 2.10.26 on the server protects itself: no answer, and the message stays.
        var answered = await Raw.ForgeAckAsync(_stream, "c", 3);
        Assert.That((answered, await IsGoneAsync(3)), Is.EqualTo(
            (!ServerUnderTest.IgnoresAckOfUndelivered, !ServerUnderTest.IgnoresAckOfUndelivered)));
    }

    [TestCaseSource(nameof(Retentions))]
    public async Task Ack_OfAnotherConsumersMessage_DeletesItOnOldServersAndNotThroughTheGateway(string retention)
    {
        await DefineAsync(retention, ("first", $"{_stream}.a"), ("second", $"{_stream}.b"));
        await PublishAsync("a", "b", "a");
        await using var subscription = await Client.SubscribeAsync(_stream, "first", $"subject_name={_stream}.a");
        await subscription.TakeAsync(2);

        // Below the high-water mark of "first", so that the mark alone would let it through.
        (await AckAsync("first", 2)).Expect(404, "never sent");
        Assert.That(await Raw.MessagesAsync(_stream), Is.EqualTo(3));

        await Raw.ForgeAckAsync(_stream, "first", 2);

        // An interest stream asks its other consumers first, and from 2.12.5 on a work queue does, too.
        Assert.That(await IsGoneAsync(2), Is.EqualTo(retention is "workqueue" && !ServerUnderTest.Facts.KeepsMessagesOfOthers));
    }

    [TestCaseSource(nameof(Retentions))]
    public async Task Ack_OfAMessageThatWasSent_RemovesItAndAgainIs200(string retention)
    {
        await DefineAsync(retention, ("first", $"{_stream}.a"), ("second", $"{_stream}.b"));
        await PublishAsync("a", "b");
        await using var subscription = await Client.SubscribeAsync(_stream, "first", $"subject_name={_stream}.a");
        await subscription.NextAsync();

        (await AckAsync("first", 1)).Expect(200);
        (await AckAsync("first", 1)).Expect(200);
        Assert.That(await Raw.MessagesAsync(_stream), Is.EqualTo(1));
    }

    [TestCase("limits", false)]
    [TestCase("limits", true)]
    [TestCase("workqueue", false)]
    [TestCase("interest", false)]
    public async Task Ack_OfAMessageThatTheFilterExcludes_Is404AtAnyInstance(string retention, bool several)
    {
        // Several filters: from 2.10 on, earlier servers ignore them.
        several &= ServerUnderTest.IsAtLeast(2, 10);
        await Raw.CreateStreamAsync(_stream, [$"{_stream}.>"], new JsonObject { ["retention"] = retention });
        await Raw.CreateConsumerAsync(_stream, "c", several
            ? new JsonObject { ["filter_subjects"] = new JsonArray($"{_stream}.a", $"{_stream}.c") }
            : new JsonObject { ["filter_subject"] = $"{_stream}.a" });
        await Raw.CreateConsumerAsync(_stream, "other", new JsonObject { ["filter_subject"] = $"{_stream}.b" });
        await PublishAsync("a", "b", "a", "a");
        await using (var subscription = await Client.SubscribeAsync(_stream, "c", $"subject_name={_stream}.a"))
        {
            await subscription.TakeAsync(3);
        }

        (await AckAsync("c", 2)).Expect(404, "never sent");

        // Its ledger knows nothing of the deliveries, and after the first one the consumer.
        await using var elsewhere = await Gateway.StartAsync(SharedServers.Nats.Url);
        using var client = elsewhere.Client();
        await Eventually.HoldsAsync(
            async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "the other instance ready");
        var results = new[]
        {
            await client.TryAckAsync(_stream, "c", 1, 1),
            await client.TryAckAsync(_stream, "c", 2, 1),
            await client.TryAckAsync(_stream, "c", 3, 2),
        };
        var told = string.Join<GatewayAnswer>(" ", results);
        Assert.That(results.Select(result => (int)result.Status), Is.EqualTo(new[] { 200, 404, 200 }), told);
        var messages = await Raw.MessagesAsync(_stream);
        Assert.That(messages, Is.EqualTo(retention is "limits" ? 4UL : 2UL));
    }

    [TestCaseSource(nameof(Retentions))]
    public async Task Ack_OfADeliveryThatWentThroughHere_AsksNothingOnceTheConsumerIsKnown(string retention)
    {
        await DefineAsync(retention, ("first", $"{_stream}.a"), ("second", $"{_stream}.b"));
        await PublishAsync("a", "b", "a");
        await using var subscription = await Client.SubscribeAsync(_stream, "first", $"subject_name={_stream}.a");
        await subscription.TakeAsync(2);
        (await AckAsync("first", 1)).Expect(200);

        await using var nats = new NatsConnection(new NatsOpts { Url = SharedServers.Nats.Url });
        await using var calls = await nats.SubscribeCoreAsync<string>("$JS.API.>");
        await nats.PingAsync();
        (await DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/first/ack", """{"stream":3,"consumer":2}""")).Expect(200);
        await nats.PublishAsync("$JS.API.END", "");

        var asked = new List<string>();
        await foreach (var call in calls.Msgs.ReadAllAsync())
        {
            if (call.Subject is "$JS.API.END")
            {
                break;
            }

            asked.Add(call.Subject);
        }

        // Other tests ask about streams of theirs.
        Assert.That(asked.Where(subject => subject.Contains(_stream, StringComparison.Ordinal)
            && !subject.Contains("MSG.NEXT", StringComparison.Ordinal)), Is.Empty);
        Assert.That(await Raw.MessagesAsync(_stream), Is.EqualTo(1));
    }

    [Test]
    public async Task Ack_OfDeliveriesOfAnotherInstanceAfterAReset_IsConfirmed()
    {
        Assume.That(ServerUnderTest.IsAtLeast(2, 14), "CONSUMER.RESET is there from 2.14 on");
        await DefineAsync("limits", ("c", $"{_stream}.a"));
        await PublishAsync([.. Enumerable.Repeat("a", 10)]);
        await using (var subscription = await Client.SubscribeAsync(_stream, "c", $"subject_name={_stream}.a"))
        {
            foreach (var line in await subscription.TakeAsync(10))
            {
                await Client.AckAsync(_stream, "c", line);
            }
        }

        // Whoever still asks for messages gets the ones that come again.
        await Eventually.HoldsAsync(
            async () => (int)(await Client.ConsumerAsync(_stream, "c"))["num_waiting"]! == 0, "the end of the subscription at NATS");
        await Raw.CallAsync($"CONSUMER.RESET.{_stream}.c", new JsonObject { ["seq"] = 5 });
        await using var elsewhere = await Gateway.StartAsync(SharedServers.Nats.Url);
        using var client = elsewhere.Client();
        await Eventually.HoldsAsync(
            async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "the other instance ready");
        await using var again = await client.SubscribeAsync(_stream, "c", $"subject_name={_stream}.a");
        foreach (var line in await again.TakeAsync(6))
        {
            await Client.AckAsync(_stream, "c", line);
        }
    }

    private async Task DefineAsync(string retention, params (string Name, string Filter)[] consumers)
    {
        await Raw.CreateStreamAsync(_stream, [$"{_stream}.>"], new JsonObject { ["retention"] = retention });
        foreach (var (name, filter) in consumers)
        {
            await Raw.CreateConsumerAsync(_stream, name, new JsonObject { ["filter_subject"] = filter, ["max_ack_pending"] = 100 });
        }
    }

    private async Task PublishAsync(params string[] subjects)
    {
        foreach (var subject in subjects)
        {
            await Client.PublishAsync($"{_stream}.{subject}", "message");
        }
    }

    private Task<WireAnswer> AckAsync(string consumer, ulong sequence) =>
        DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/{consumer}/ack", $$"""{"stream":{{sequence}},"consumer":1}""");

    private async Task<bool> IsGoneAsync(ulong sequence) =>
        (await Raw.TryCallAsync($"STREAM.MSG.GET.{_stream}", new JsonObject { ["seq"] = sequence }))["error"] is not null;
}
