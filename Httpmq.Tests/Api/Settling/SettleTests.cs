using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;
using NATS.Client.Core;

namespace Httpmq.Tests.Api.Settling;

/// <summary>The settle route: what each verb does at the server, and what becomes of entries among others.</summary>
[Parallelizable]
[Category(ServerUnderTest.Category)]
internal sealed class SettleTests
{
    private GatewayClient _client = null!;
    private RawJetStream _raw = null!;
    private string _stream = null!;

    [SetUp]
    public async Task DefineAsync()
    {
        _client = SharedServers.Gateway.Client();
        _raw = new RawJetStream(SharedServers.Nats.Url);
        _stream = SharedServers.NewName();
        await _client.DefineStreamAsync(_stream, _stream);
        await _client.DefineConsumerAsync(_stream, "c", new JsonObject { ["mode"] = "pull", ["max_inflight"] = 20_000 });
    }

    [TearDown]
    public async Task DisconnectAsync()
    {
        _client.Dispose();
        await _raw.DisposeAsync();
    }

    [Test]
    public async Task Settle_EveryVerb_DoesAtTheServerWhatItSays()
    {
        await using var subscription = await DeliverAsync(4);

        var answer = await SettleAsync(
            """{"ack":[{"stream":1,"consumer":1}],"nak":[{"stream":2,"consumer":2,"delay":0}],"term":[{"stream":3,"consumer":3}],"progress":[{"stream":4,"consumer":4}]}""");

        Assert.That(((int)answer.Body["settled"]!, (int)answer.Body["failed"]!), Is.EqualTo((4, 0)), answer.ToString());
        Assert.That(answer.Body["results"]!.AsArray(), Is.Empty);
        var again = await subscription.NextAsync();
        Assert.That((again.StreamSequence, again.ConsumerSequence), Is.EqualTo((2, 5)));
        var pending = (int)(await _client.ConsumerAsync(_stream, "c"))["num_ack_pending"]!;
        Assert.That(pending, Is.EqualTo(2), "the nakked one and the one in progress");
    }

    [TestCase("", 900)]
    [TestCase(""","delay":"1500ms" """, 1400)]
    [TestCase(""","delay":1500000000""", 1400)]
    public async Task Settle_Nak_RedeliversAfterItsDelayOrASecond(string delay, int least)
    {
        await using var subscription = await DeliverAsync(1);
        var clock = Stopwatch.StartNew();

        await SettleAsync($$"""{"nak":[{"stream":1,"consumer":1{{delay}}}]}""");

        Assert.That((await subscription.NextAsync()).StreamSequence, Is.EqualTo(1));
        Assert.That(clock.ElapsedMilliseconds, Is.GreaterThanOrEqualTo(least));
    }

    [Test]
    public async Task Settle_NakOfAConsumerWithBackoff_RedeliversAfterTheStepWhoseTurnItIs()
    {
        var backoff = new JsonArray(600_000_000, 2_000_000_000);
        await _raw.CreateConsumerAsync(_stream, "b", new JsonObject { ["max_deliver"] = 5, ["backoff"] = backoff });
        await _client.PublishAsync(_stream, "m");
        await using var subscription = await _client.SubscribeAsync(_stream, "b", "metadata=true");
        var line = await subscription.NextAsync();
        var clock = new Stopwatch();
        foreach (var least in new[] { 550, 1900 })
        {
            clock.Restart();
            await SettleAsync($$"""{"nak":[{"token":"{{line.Json["token"]}}"}]}""", "b");
            line = await subscription.NextAsync();
            Assert.That(clock.ElapsedMilliseconds, Is.GreaterThanOrEqualTo(least));
        }
    }

    [Test]
    public async Task Settle_Progress_BeginsTheAckWaitAnew()
    {
        await _client.DefineConsumerAsync(_stream, "w", new JsonObject { ["mode"] = "pull", ["ack_wait"] = "5s" });
        await _client.PublishAsync(_stream, "m");
        await using var subscription = await _client.SubscribeAsync(_stream, "w", string.Empty);
        await subscription.NextAsync();
        Assert.That(await subscription.IsSilentAsync(TimeSpan.FromSeconds(1)), Is.True);
        var clock = Stopwatch.StartNew();

        await SettleAsync("""{"progress":[{"stream":1,"consumer":1}]}""", "w");

        await subscription.NextAsync();
        Assert.That(clock.ElapsedMilliseconds, Is.GreaterThanOrEqualTo(4900));
    }

    [Test]
    public async Task Settle_TermWithAReason_IsInTheAdvisoryOrFailsWhereTheServerWouldIgnoreIt()
    {
        await using var nats = new NatsConnection(new NatsOpts { Url = SharedServers.Nats.Url });
        await using var advisories = await nats.SubscribeCoreAsync<string>($"$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.{_stream}.c");
        await nats.PingAsync();
        await using var subscription = await DeliverAsync(1);

        var answer = await SettleAsync("""{"term":[{"stream":1,"consumer":1,"reason":"no such \"order\" é"}]}""");

        var pending = (int)(await _client.ConsumerAsync(_stream, "c"))["num_ack_pending"]!;
        if (ServerUnderTest.IsAtLeast(2, 10, 4))
        {
            Assert.That(((int)answer.Body["settled"]!, pending), Is.EqualTo((1, 0)), answer.ToString());
            var advisory = await advisories.Msgs.ReadAsync().AsTask().WaitAsync(Eventually.TimeLimit);
            Assert.That((string)JsonNode.Parse(advisory.Data!)!["reason"]!, Is.EqualTo("no such \"order\" é"));
        }
        else
        {
            var failure = answer.Body["results"]![0]!;
            Assert.That(((int)failure["code"]!, (string)failure["type"]!, pending), Is.EqualTo((501, "server-too-old", 1)));
            Assert.That((string)failure["detail"]!, Does.Contain("reason needs nats-server 2.10.4").And.Contain("nothing was settled"));
        }
    }

    [TestCase("""{"ack":[{"stream":1,"consumer":1}],"ack":[{"stream":2,"consumer":2}]}""", "ack: it is named twice")]
    [TestCase("""{"nak":[{"stream":1,"consumer":1}],"ack":[],"NAK":null}""", "nak: it is named twice")]
    public async Task Settle_VerbThatIsNamedTwice_IsRefusedAndNothingIsSettled(string body, string detail)
    {
        await using var subscription = await DeliverAsync(2);

        var answer = await SettleAsync(body);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.BadRequest));
            Assert.That((string)answer.Body["error"]!["detail"]!, Does.Contain(detail));
            Assert.That((int)(await _client.ConsumerAsync(_stream, "c"))["num_ack_pending"]!, Is.EqualTo(2));
        }
    }

    [Test]
    public async Task Settle_BadEntriesAmongGood_TellsOnlyTheFailedByVerbAndIndex()
    {
        await using var subscription = await DeliverAsync(3);

        var answer = await SettleAsync(
            """{"progress":[{"stream":3,"consumer":3}],"ack":[{"stream":1,"consumer":1},{"stream":99,"consumer":1},7,null],"nak":[{"stream":2,"consumer":2,"delay":-1},{"stream":0,"consumer":1}],"term":[{"token":"AQYBGPb9XA"}]}""");

        var failed = answer.Body["results"]!.AsArray()
            .Select(static result => $"{result!["verb"]}[{result["index"]}] {result["code"]} {result["type"]}");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(((int)answer.Body["settled"]!, (int)answer.Body["failed"]!), Is.EqualTo((2, 6)));
            Assert.That(failed, Is.EqualTo(new[]
            {
                "ack[1] 404 ack-never-sent", "ack[2] 400 invalid-acknowledgement", "ack[3] 400 invalid-acknowledgement",
                "nak[0] 400 invalid-acknowledgement", "nak[1] 400 invalid-acknowledgement", "term[0] 400 invalid-acknowledgement",
            }));
            Assert.That((int)(await _client.ConsumerAsync(_stream, "c"))["num_ack_pending"]!, Is.EqualTo(2));
        }
    }

    [TestCase("""{"stream":1,"consumer":1,"delay":30}""", "for 30 seconds write \"30s\"")]
    [TestCase("""{"stream":1,"consumer":1,"delay":"-1s"}""", "is negative")]
    [TestCase("""{"stream":1,"consumer":1,"delay":"soon"}""", "a duration is an integer of nanoseconds")]
    [TestCase("""{"stream":1,"consumer":1,"delay":[1]}""", "a duration is an integer of nanoseconds")]
    [TestCase("""{"stream":1,"consumer":1,"delay":9223372036854775808}""", "a duration is an integer of nanoseconds")]
    [TestCase("""{"stream":1,"consumer":1,"delay":"8761h"}""", "longer than a year")]
    [TestCase("""{"stream":1,"consumer":1,"reason":"x"}""", "only a term has one")]
    [TestCase("""{"stream":18446744073709551616,"consumer":1}""", "not a delivery")]
    [TestCase("""{"stream":18446744073709551615,"consumer":1}""", "was never sent")]
    public async Task Settle_NakThatCannotBe_FailsAndLeavesTheDeliveryAsItWas(string entry, string says)
    {
        await using var subscription = await DeliverAsync(2);

        var answer = await SettleAsync($$"""{"nak":[{{entry}}],"ack":[{"stream":2,"consumer":2}]}""");

        Assert.That(((int)answer.Body["settled"]!, (int)answer.Body["failed"]!), Is.EqualTo((1, 1)), answer.ToString());
        Assert.That((string)answer.Body["results"]![0]!["detail"]!, Does.Contain(says));
        Assert.That((int)(await _client.ConsumerAsync(_stream, "c"))["num_ack_pending"]!, Is.EqualTo(1));
    }

    [TestCase("{}", "0 entries")]
    [TestCase("""{"ack":[]}""", "0 entries")]
    [TestCase("""{"ack":null}""", "0 entries")]
    [TestCase("""{"ack":{"stream":1,"consumer":1}}""", "ack: it is an array")]
    [TestCase("""[{"stream":1,"consumer":1}]""", "a settlement is an object")]
    [TestCase("7", "a settlement is an object")]
    [TestCase("""{"ack":[7]}""", "not a delivery")]
    [TestCase("""{"ack":[{"stream":1,"consumer":1}]""", "line 1")]
    [TestCase("""{"term":[{"stream":1,"consumer":1,"reason":"\ud800"}]}""", "half of a character")]
    [TestCase("""{"nak":[{"stream":1,"consumer":1,"delay":"\ud800"}]}""", "half of a character")]
    [TestCase("""{"ack":[{"token":"\ud800"}]}""", "half of a character")]
    [TestCase("""{"\ud800":[]}""", "half of a character")]
    public async Task Settle_NothingThatCanBeRead_IsRefusedWhole(string body, string says)
    {
        var answer = await SettleAsync(body);

        Assert.That((answer.Status, answer.Detail), Is.EqualTo((HttpStatusCode.BadRequest, answer.Detail)));
        Assert.That(answer.Detail, Does.Contain(says));
    }

    [Test]
    public async Task Settle_TenThousandEntries_AreTakenAndOneMoreIsRefusedBeforeAnythingIsDone()
    {
        await using var subscription = await DeliverAsync(1);
        var many = string.Join(',', Enumerable.Repeat("""{"stream":1,"consumer":1}""", 10_000));

        var refused = await SettleAsync($$"""{"ack":[{"stream":1,"consumer":1}],"progress":[{{many}}]}""");
        var before = (int)(await _client.ConsumerAsync(_stream, "c"))["num_ack_pending"]!;
        var taken = await SettleAsync($$"""{"progress":[{{many}}]}""");

        using (Assert.EnterMultipleScope())
        {
            Assert.That((refused.Status, before), Is.EqualTo((HttpStatusCode.BadRequest, 1)), refused.ToString());
            Assert.That(refused.Detail, Does.Contain("10001 or more entries").And.Contain("nothing was settled"));
            Assert.That((taken.Status, (int)taken.Body["settled"]!), Is.EqualTo((HttpStatusCode.OK, 10_000)));
        }
    }

    [Test]
    public async Task Settle_MessageNamedWithTwoVerbs_FailsTwiceAndNothingIsDoneWithIt()
    {
        await using var subscription = await DeliverAsync(2);

        var answer = await SettleAsync(
            """{"ack":[{"stream":1,"consumer":1},{"stream":2,"consumer":2},{"stream":2,"consumer":2}],"nak":[{"stream":1,"consumer":1}]}""");

        Assert.That(((int)answer.Body["settled"]!, (int)answer.Body["failed"]!), Is.EqualTo((2, 2)), answer.ToString());
        Assert.That((string)answer.Body["results"]![0]!["detail"]!, Does.Contain("stream sequence 1 is named twice"));
        Assert.That((int)(await _client.ConsumerAsync(_stream, "c"))["num_ack_pending"]!, Is.EqualTo(1));
    }

    [Test]
    public async Task Settle_TokensAndWholeLines_NameTheirDeliveries()
    {
        await using var subscription = await DeliverAsync(0);
        await _client.PublishAsync(_stream, "a");
        await _client.PublishAsync(_stream, "b");
        var lines = await subscription.TakeAsync(2);

        var answer = await SettleAsync($$"""{"ack":[{"token":"{{lines[0].Json["token"]}}"}],"term":[{{lines[1].Json.ToJsonString()}}]}""");

        Assert.That((int)answer.Body["settled"]!, Is.EqualTo(2), answer.ToString());
        Assert.That(answer.Body["warnings"], Is.Null);
        Assert.That((int)(await _client.ConsumerAsync(_stream, "c"))["num_ack_pending"]!, Is.Zero);
    }

    [Test]
    public async Task Settle_MisspeltField_IsNamedAndStrictRefusesIt()
    {
        await using var subscription = await DeliverAsync(1);
        const string Body = """{"nak":[{"stream":1,"consumer":1,"dealy":"30s"}],"terms":[]}""";

        var strict = await SettleAsync(Body, query: "?strict=true");
        var lenient = await SettleAsync(Body);

        Assert.That((strict.Status, (string)strict.Body["error"]!["type"]!), Is.EqualTo((HttpStatusCode.BadRequest, "unknown-name")));
        Assert.That(lenient.Body["warnings"]!.AsArray().Select(static text => (string)text!), Is.EquivalentTo(new[]
        {
            "unknown field 'dealy'; did you mean 'delay'?", "unknown field 'terms'; did you mean 'term'?",
        }));
    }

    [TestCase("{0}", "absent", "consumer-not-found")]
    [TestCase("absent", "c", "stream-not-found|consumer-not-found")]
    public async Task Settle_ConsumerThatDoesNotExist_Is404(string stream, string consumer, string types)
    {
        var path = $"/v1/data/stream/{stream.Replace("{0}", _stream, StringComparison.Ordinal)}/consumer/{consumer}/settle";

        var answer = await _client.DataAsync(HttpMethod.Post, path, new StringContent("""{"ack":[7,{"stream":1,"consumer":1}]}"""));

        Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(types.Split('|'), Does.Contain((string)answer.Body["error"]!["type"]!));
    }

    /// <summary>A term removes another consumer's message from a work queue before 2.12.5, as an acknowledgement does.</summary>
    [Test]
    public async Task Settle_MessageOfAnotherConsumer_IsRefusedAndStays()
    {
        var queue = SharedServers.NewName();
        await _raw.CreateStreamAsync(queue, [$"{queue}.*"], new JsonObject { ["retention"] = "workqueue" });
        await _raw.CreateConsumerAsync(queue, "a", new JsonObject { ["filter_subject"] = $"{queue}.a" });
        await _raw.CreateConsumerAsync(queue, "b", new JsonObject { ["filter_subject"] = $"{queue}.b" });
        foreach (var subject in new[] { "a", "b", "a" })
        {
            await _client.PublishAsync($"{queue}.{subject}", "m");
        }

        await using var subscription = await _client.SubscribeAsync(queue, "a", string.Empty);
        await subscription.TakeAsync(2);

        using var body = new StringContent("""{"term":[{"stream":2,"consumer":1},{"stream":9,"consumer":1}]}""");
        var answer = await _client.DataAsync(HttpMethod.Post, $"/v1/data/stream/{queue}/consumer/a/settle", body);

        Assert.That((int)answer.Body["failed"]!, Is.EqualTo(2), answer.ToString());
        Assert.That(await _raw.MessagesAsync(queue), Is.EqualTo(3));
    }

    [Test]
    public async Task Settle_WithoutNats_IsUnavailable()
    {
        await using var gateway = await Gateway.StartAsync("nats://127.0.0.1:1");
        using var client = gateway.Client();

        using var body = new StringContent("""{"nak":[{"stream":1,"consumer":1}]}""");
        var answer = await client.DataAsync(HttpMethod.Post, "/v1/data/stream/s/consumer/c/settle", body);

        Assert.That((int)answer.Body["results"]![0]!["code"]!, Is.EqualTo(503), answer.ToString());
        Assert.That((string)answer.Body["results"]![0]!["type"]!, Is.EqualTo("nats-unavailable"));
    }

    private async Task<OpenStream> DeliverAsync(int count)
    {
        for (var number = 0; number < count; number++)
        {
            await _client.PublishAsync(_stream, "m");
        }

        var subscription = await _client.SubscribeAsync(_stream, "c", "metadata=true");
        await subscription.TakeAsync(count);
        return subscription;
    }

    private Task<GatewayAnswer> SettleAsync(string body, string consumer = "c", string query = "") =>
        _client.DataAsync(HttpMethod.Post, $"/v1/data/stream/{_stream}/consumer/{consumer}/settle{query}", new StringContent(body));
}
