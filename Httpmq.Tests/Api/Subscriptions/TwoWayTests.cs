using System.Net;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>Subscriptions in both directions: the same over duplex HTTP/2 and over WebSockets.</summary>
[TestFixture(TwoWay.Duplex)]
[TestFixture(TwoWay.WebSocket1)]
[TestFixture(TwoWay.WebSocket2)]
internal sealed class TwoWayTests(string way) : SubscriptionTest
{
    [SetUp]
    public async Task DefineAsync()
    {
        await First.DefineStreamAsync(Stream, Stream);
        await First.DefineConsumerAsync(Stream, "c1", new JsonObject { ["mode"] = "pull", ["max_inflight"] = 100 });
    }

    [Test]
    public async Task Settle_EachVerb_IsConfirmedOnTheSameStream()
    {
        await PublishAsync(4);
        await using var open = await OpenAsync("encoding=utf8");
        var deliveries = await TakeAsync(open, 4);
        Assert.That(deliveries.Select(delivery => (string)delivery["msg"]!), Is.EqualTo(new[] { "1", "2", "3", "4" }));

        await open.SendAsync(new JsonObject
        {
            ["id"] = "first",
            ["ack"] = new JsonArray(Token(deliveries[0])),
            ["nak"] = new JsonArray(new JsonObject { ["stream"] = 2, ["consumer"] = 2, ["delay"] = 0 }),
            ["term"] = new JsonArray(Token(deliveries[2])),
            ["progress"] = new JsonArray(Token(deliveries[3])),
        }.ToJsonString());

        var (settled, again) = (await open.ReadAsync(), await open.ReadAsync());
        if (settled!["event"] is null)
        {
            // What was nakked may come back before it is told that it was.
            (settled, again) = (again, settled);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(settled!.ToJsonString(), Is.EqualTo("""{"event":"settled","id":"first","settled":4,"failed":0,"results":[]}"""));
            Assert.That(again!["sequence"]!.ToJsonString(), Is.EqualTo("""{"stream":2,"consumer":5}"""));
        }
    }

    [Test]
    public async Task Deliver_SubjectName_IsNotRepeated()
    {
        await First.DefineStreamAsync($"{Stream}-w", $"{Stream}.*");
        await First.DefineConsumerAsync($"{Stream}-w", "c1");
        await First.PublishAsync($"{Stream}.a", "one");
        await using var open = await TwoWay.OpenAsync(
            way, Instances.First.Dataplane, $"{Stream}-w", "c1", $"subject_name={Stream}.*");

        Assert.That((string)(await open.ReadAsync(named: null))["subject"]!, Is.EqualTo($"{Stream}.a"));
    }

    [Test]
    public async Task Settle_UnknownFields_AreNamedInTheAnswer()
    {
        await PublishAsync(1);
        await using var open = await OpenAsync();
        await open.ReadAsync(named: null);

        await open.SendAsync("""{"credit":5,"id":"one","ack":[{"stream":1,"consumer":1,"foo":1}],"prgress":2}""");

        var settled = await open.ReadAsync("settled");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(((string)settled["id"]!, (int)settled["settled"]!), Is.EqualTo(("one", 1)));
            Assert.That(settled["warnings"]?.AsArray().Select(static warning => (string)warning!), Is.EqualTo(new[]
            {
                "unknown field 'foo'", "unknown field 'prgress'; did you mean 'progress'?",
            }));
        }
    }

    [TestCase("""{"id":"one","ack":[{"stream":1,"consumer":1,"foo":1}]}""", "unknown field 'foo'")]
    [TestCase("""{"id":"one","ack":[{"stream":1,"consumer":1}],"bar":2}""", "unknown field 'bar'")]
    [TestCase("""{"id":"one","credit":1,"bar":2}""", "unknown field 'bar'")]
    public async Task Send_UnknownFieldWhereItIsStrict_IsRefusedAndTheSubscriptionGoesOn(string message, string detail)
    {
        await PublishAsync(1);
        await using var open = await OpenAsync("strict=true");
        await open.ReadAsync(named: null);

        await open.SendAsync(message);
        var refused = await open.ReadAsync("error");
        await open.SendAsync("""{"id":"two","ack":[{"stream":1,"consumer":1}]}""");
        var settled = await open.ReadAsync("settled");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(((string)refused["id"]!, (int)refused["error"]!["code"]!), Is.EqualTo(("one", 400)));
            Assert.That((string)refused["error"]!["detail"]!, Does.Contain(detail));
            Assert.That(((string)settled["id"]!, (int)settled["settled"]!), Is.EqualTo(("two", 1)));
        }
    }

    [Test]
    public async Task Settle_WhatWasNeverDelivered_FailsAloneAndIsNamed()
    {
        await PublishAsync(1);
        await using var open = await OpenAsync();
        var delivery = await open.ReadAsync(named: null);

        await open.SendAsync($$"""{"ack":[{"stream":9,"consumer":9},{{Token(delivery).ToJsonString()}},{"token":"AAAA"}]}""");
        var settled = await open.ReadAsync("settled");
        await open.SendAsync("""{"id":"empty","ack":[]}""");
        var refused = await open.ReadAsync("error");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(((int)settled["settled"]!, (int)settled["failed"]!), Is.EqualTo((1, 2)));
            Assert.That(settled["results"]!.AsArray().Select(result => ((int)result!["index"]!, (int)result["code"]!)), Is.EqualTo(new[]
            {
                (0, 404), (2, 400),
            }));
            Assert.That(((string)refused["id"]!, (int)refused["error"]!["code"]!), Is.EqualTo(("empty", 400)), "it goes on");
        }

        await PublishAsync(1);
        Assert.That((int)(await open.ReadAsync(named: null))["sequence"]!["stream"]!, Is.EqualTo(2));
    }

    [Test]
    public async Task Credit_UsedUp_HoldsTheRestUntilThereIsMore()
    {
        await PublishAsync(6);
        await using var open = await OpenAsync("credit=2");

        await AssertComeAsync(1, 2);
        await open.SendAsync("""{"credit":1}""");
        await AssertComeAsync(3);
        await open.SendAsync("""{"credit":1000000}""");
        await AssertComeAsync(4, 5, 6);

        async Task AssertComeAsync(params int[] sequences)
        {
            var deliveries = await TakeAsync(open, sequences.Length);
            Assert.That(deliveries.Select(static delivery => (int)delivery["sequence"]!["stream"]!), Is.EqualTo(sequences));

            // And no more: two of its messages are answered one after the other, and no delivery comes in between.
            for (var answer = 0; answer < 2; answer++)
            {
                await open.SendAsync("""{"ack":[{"stream":99,"consumer":99}]}""");
                Assert.That((string?)(await open.ReadAsync())!["event"], Is.Not.Null, "a delivery beyond the credit");
            }
        }
    }

    /// <summary>What JetStream delivers counts, whoever reads it: with max_retry, messages would be lost.</summary>
    [Test]
    public async Task Credit_PullConsumer_IsAskedForNoMore()
    {
        await First.DefineConsumerAsync(
            Stream, "c2", new JsonObject { ["mode"] = "pull", ["max_inflight"] = 100, ["max_retry"] = 2 });
        await PublishAsync(3);
        for (var visits = 0; visits < 2; visits++)
        {
            await using var silent = await OpenConsumerAsync("c2", "credit=0");
        }

        await using var open = await OpenConsumerAsync("c2", "credit=1");
        Assert.That((int)(await open.ReadAsync(named: null))["sequence"]!["consumer"]!, Is.EqualTo(1));
        Assert.That((int)(await First.ConsumerAsync(Stream, "c2"))["delivered"]!["consumer_seq"]!, Is.EqualTo(1));

        await open.SendAsync("""{"credit":5}""");
        Assert.That((await TakeAsync(open, 2)).Select(line => (int)line["sequence"]!["consumer"]!), Is.EqualTo(new[] { 2, 3 }));
    }

    [Test]
    public async Task Credit_None_AndTheConsumerIsDeleted_EndsAllTheSame()
    {
        await PublishAsync(1);
        await using var open = await OpenAsync("credit=0");

        await First.ManageAsync(HttpMethod.Delete, $"/v1/admin/stream/{Stream}/consumer/c1");

        await AssertEndAsync(open, 404, "consumer-deleted", 4404);
    }

    // What is JSON and no object a settlement refuses itself.
    [TestCase("nonsense", "invalid-json", 1007)]
    [TestCase("{\"credit\":1", "invalid-json", 1007)]
    [TestCase("\"\\ud800\"", null, null)]
    [TestCase("[1]", null, 1008)]
    [TestCase("null", "malformed-subscriber-message", 1008)]
    [TestCase("{}", "malformed-subscriber-message", 1008)]
    [TestCase("{\"credits\":1}", "malformed-subscriber-message", 1008)]
    [TestCase("{\"credit\":0}", "malformed-subscriber-message", 1008)]
    [TestCase("{\"id\":\"\\ud800\",\"credit\":1}", "malformed-subscriber-message", 1008)]
    [TestCase("{\"credit\":-1}", "malformed-subscriber-message", 1008)]
    [TestCase("{\"credit\":1000001}", "malformed-subscriber-message", 1008)]
    [TestCase("{\"credit\":\"5\"}", "malformed-subscriber-message", 1008)]
    [TestCase("{\"credit\":1e30}", "malformed-subscriber-message", 1008)]
    [TestCase("{\"ack\":{}}", null, 1008)]
    [TestCase("{\"id\":7,\"ack\":[{\"stream\":1,\"consumer\":1}]}", "malformed-subscriber-message", 1008)]
    public async Task Send_WhatIsNoMessage_EndsItWithTheReasonAndSettlesNothing(string message, string? type, int? status)
    {
        await PublishAsync(1);
        await using var open = await OpenAsync();
        await open.ReadAsync(named: null);

        await open.SendAsync(message);

        await AssertEndAsync(open, 400, type, status);
        var consumer = await First.ManageAsync(HttpMethod.Get, $"/v1/admin/stream/{Stream}/consumer/c1");
        Assert.That((int)consumer.Body["consumer"]!["ack_floor"]!["stream_seq"]!, Is.Zero);
    }

    [Test]
    public async Task Send_TooManyEntriesOrTooMuch_EndsIt()
    {
        await using (var open = await OpenAsync())
        {
            var entries = string.Join(',', Enumerable.Repeat("""{"stream":1,"consumer":1}""", 10_001));
            await open.SendAsync($$"""{"ack":[{{entries}}]}""");
            await AssertEndAsync(open, 400, type: null, 1008);
        }

        await using var other = await OpenAsync();
        try
        {
            await other.SendAsync($$"""{"id":"{{new string('a', 2 * 1024 * 1024)}}"}""");
        }
        catch (Exception exception) when (exception is WebSocketException or IOException)
        {
            // It was told before all was sent.
        }

        await AssertEndAsync(other, 413, "body-too-large", 1009);
    }

    [Test]
    public async Task Leave_PushConsumer_IsFreeForTheNext()
    {
        await First.DefineConsumerAsync(Stream, "c2");
        await using (await OpenConsumerAsync("c2"))
        {
            var (open, refusal) = await First.TrySubscribeAsync(Stream, "c2", string.Empty);
            Assert.That(((int?)refusal?.Status, open), Is.EqualTo(((int?)409, (OpenStream?)null)));
        }

        await using var next = await OpenConsumerAsync("c2");
        await PublishAsync(1);
        Assert.That((int)(await next.ReadAsync(named: null))["sequence"]!["stream"]!, Is.EqualTo(1));
    }

    [Test]
    public async Task Settle_ManyMessagesWithoutReading_AreAllAnswered()
    {
        await PublishAsync(100);
        await using var open = await OpenAsync();
        var deliveries = await TakeAsync(open, 100);
        foreach (var delivery in deliveries)
        {
            await open.SendAsync(new JsonObject { ["ack"] = new JsonArray(Token(delivery)) }.ToJsonString());
        }

        for (var answer = 0; answer < 100; answer++)
        {
            Assert.That((int)(await open.ReadAsync("settled"))["settled"]!, Is.EqualTo(1));
        }
    }

    [TestCase("credit=-1")]
    [TestCase("credit=1000001")]
    [TestCase("credit=")]
    [TestCase("heartbeat=0")]
    public void Open_ValueThatIsNone_IsRefused(string query) => Assert.That(
        async () => await RefusedAsync(Stream, "c1", query), Is.EqualTo(400));

    [Test]
    public void Open_UnknownConsumer_Is404() => Assert.That(async () => await RefusedAsync(Stream, "c9", string.Empty), Is.EqualTo(404));

    [Test]
    public async Task Stop_TheGateway_TellsWhatWasBegunAndThatItStops()
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats);
        await PublishAsync(1);
        await using var open = await TwoWay.OpenAsync(way, gateway.Dataplane, Stream, "c1");
        var delivery = await open.ReadAsync(named: null);
        await open.SendAsync(new JsonObject { ["ack"] = new JsonArray(Token(delivery)) }.ToJsonString());
        await open.ReadAsync("settled");

        var stopping = gateway.StopDataplaneAsync();

        await AssertEndAsync(open, 503, "server-stopping", 1001);
        await open.DisposeAsync();
        await stopping.WaitAsync(Eventually.TimeLimit);
    }

    private Task<TwoWay> OpenAsync(string query = "") => OpenConsumerAsync("c1", query);

    private Task<TwoWay> OpenConsumerAsync(string consumer, string query = "") =>
        TwoWay.OpenAsync(way, Instances.First.Dataplane, Stream, consumer, query);

    private async Task PublishAsync(int count)
    {
        for (var message = 1; message <= count; message++)
        {
            await First.PublishAsync(Stream, $"{message}");
        }
    }

    private static async Task<List<JsonNode>> TakeAsync(TwoWay open, int count)
    {
        var deliveries = new List<JsonNode>();
        while (deliveries.Count < count)
        {
            deliveries.Add(await open.ReadAsync(named: null));
        }

        return deliveries;
    }

    private static JsonObject Token(JsonNode delivery) => new() { ["token"] = (string)delivery["token"]! };

    private static async Task AssertEndAsync(TwoWay open, int code, string? type, int? status)
    {
        var last = await open.ReadAsync();
        while (last?["success"] is null || (bool)last["success"]!)
        {
            Assert.That(last, Is.Not.Null);
            last = await open.ReadAsync();
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That((int)last["error"]!["code"]!, Is.EqualTo(code), last.ToJsonString());
            Assert.That((string)last["error"]!["type"]!, type is null ? Is.Not.Empty : Is.EqualTo(type));
            Assert.That(await open.ReadAsync(), Is.Null);
            if (open.CloseStatus is { } closed && status is not null)
            {
                Assert.That(closed, Is.EqualTo(status));
                Assert.That(open.CloseReason, Is.EqualTo((string)last["error"]!["type"]!));
            }
        }
    }

    private async Task<int> RefusedAsync(string stream, string consumer, string query)
    {
        if (way is TwoWay.Duplex)
        {
            var answer = await First.DataAsync(
                HttpMethod.Post, $"/v1/data/stream/{stream}/consumer/{consumer}/duplex?{query}", new StringContent(string.Empty));
            return (int)answer.Status;
        }

        try
        {
            await using var open = await TwoWay.OpenAsync(way, Instances.First.Dataplane, stream, consumer, query);
            return 200;
        }
        catch (HttpRequestException exception)
        {
            return exception.StatusCode is { } status ? (int)status : 0;
        }
    }
}

/// <summary>What only WebSockets have, and what duplex has not.</summary>
internal sealed class WebSocketTests : SubscriptionTest
{
    [SetUp]
    public async Task DefineAsync()
    {
        await First.DefineStreamAsync(Stream, Stream);
        await First.DefineConsumerAsync(Stream, "c1");
    }

    [TestCase("httpmq.v1.json", "httpmq.v1.json")]
    [TestCase("mqtt,httpmq.v1.json", "httpmq.v1.json")]
    [TestCase("", null)]
    public async Task Open_Subprotocols_TakesTheKnownOne(string offered, string? taken)
    {
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            await using var open = await OpenAsync(version, offered);
            Assert.That(open.Subprotocol, Is.EqualTo(taken));
        }
    }

    [Test]
    public void Open_UnknownSubprotocol_IsRefused()
    {
        var refused = Assert.ThrowsAsync<HttpRequestException>(async () => await OpenAsync(HttpVersion.Version11, "mqtt"));
        Assert.That((int?)refused!.StatusCode, Is.EqualTo(400));
    }

    [TestCase("1.1")]
    [TestCase("2.0")]
    public async Task Send_Binary_ClosesIt(string version)
    {
        await using var open = await OpenAsync(System.Version.Parse(version), "httpmq.v1.json");
        await open.ReadAsync();

        await open.Socket.SendAsync(new byte[] { 1, 2 }, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);

        Assert.That((int)(await open.ReadAsync())!["error"]!["code"]!, Is.EqualTo(400));
        Assert.That((await open.ReadAsync(), open.CloseStatus), Is.EqualTo(((JsonNode?)null, (int?)1008)));
    }

    /// <summary>In one message of many frames; it is told long before the last.</summary>
    [TestCase("1.1")]
    [TestCase("2.0")]
    public async Task Send_AHundredMegabytes_ClosesItAndNobodyElseNotices(string version)
    {
        await First.DefineConsumerAsync(Stream, "c2");
        await using var other = await First.SubscribeAsync(Stream, "c2", string.Empty);
        await using var open = await OpenAsync(System.Version.Parse(version), "httpmq.v1.json");
        await open.ReadAsync();
        await First.PublishAsync(Stream, "one");
        await open.ReadAsync(named: null);

        using var enough = new CancellationTokenSource();
        var sending = SendAsync();
        var error = (await open.ReadAsync(named: null))["error"]!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(((int)error["code"]!, (string)error["type"]!), Is.EqualTo((413, "body-too-large")));
            Assert.That(await open.ReadAsync(), Is.Null);
            Assert.That((open.CloseStatus, open.CloseReason), Is.EqualTo((1009, "body-too-large")));
            Assert.That((await other.NextAsync()).Text, Is.EqualTo("one"));
            Assert.That((int)(await First.ConsumerAsync(Stream, "c1"))["ack_floor"]!["stream_seq"]!, Is.Zero);
        }

        // Over HTTP/2 the client's library may wait for ever for the server to take more.
        await enough.CancelAsync();
        await sending.WaitAsync(Eventually.TimeLimit);

        async Task SendAsync()
        {
            var megabyte = new byte[1_000_000];
            Array.Fill(megabyte, (byte)' ');
            for (var sent = 0; sent < 100; sent++)
            {
                try
                {
                    await open.Socket.SendAsync(megabyte, WebSocketMessageType.Text, endOfMessage: sent == 99, enough.Token);
                }
                catch (Exception exception) when (exception is WebSocketException or IOException or OperationCanceledException
                    or ObjectDisposedException)
                {
                    return;
                }
            }
        }
    }

    [Test]
    public async Task Close_ByTheClient_IsAnsweredAndEndsTheSubscription()
    {
        await using (var open = await OpenAsync(HttpVersion.Version11, "httpmq.v1.json"))
        {
            await open.ReadAsync();
            await open.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", CancellationToken.None).WaitAsync(Eventually.TimeLimit);
            Assert.That(open.CloseStatus, Is.EqualTo(1000));
        }

        await using var next = await First.SubscribeAsync(Stream, "c1", string.Empty);
    }

    [TestCase("application/jsonl", "application/jsonl")]
    [TestCase("application/json-seq", "application/json-seq")]
    [TestCase("application/jsonl;q=0.5, application/x-ndjson", "application/x-ndjson")]
    [TestCase("*/*, application/jsonl", "application/jsonl")]
    [TestCase("application/*", "application/x-ndjson")]
    [TestCase("application/problem+json", "application/x-ndjson")]
    [TestCase("", "application/x-ndjson")]
    public async Task Duplex_Accept_ChoosesTheFraming(string accept, string contentType)
    {
        using var answer = await DuplexAsync(accept, "credit=0", string.Empty);
        var objects = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(((int)answer.StatusCode, $"{answer.Content.Headers.ContentType}"), Is.EqualTo((200, contentType)));
            Assert.That(objects, Has.Length.EqualTo(2).And.All.StartsWith(contentType is "application/json-seq" ? "\u001e{" : "{"));
        }
    }

    [TestCase("text/event-stream")]
    [TestCase("application/json, application/x-ndjson;q=0")]
    public async Task Duplex_AcceptOfNoLines_IsRefused(string accept)
    {
        using var answer = await DuplexAsync(accept, "credit=0", string.Empty);

        Assert.That((int)answer.StatusCode, Is.EqualTo(406));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain("framing-not-acceptable").And.Contain("application/jsonl"));
    }

    /// <summary>What was begun is answered before, and what there is credit for is sent.</summary>
    [Test]
    public async Task Duplex_RequestHasEndedAndCreditIsUsedUp_EndsWithTheReason()
    {
        await First.PublishAsync(Stream, "one");
        await First.PublishAsync(Stream, "two");

        using var answer = await DuplexAsync(
            "application/x-ndjson", "credit=0&encoding=utf8", """
            {"ack":[{"stream":9,"consumer":9}]}
            {"credit":1}
            """);
        var objects = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => JsonNode.Parse(line)!).ToArray();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                objects.Select(static line => (string?)line["event"]).Order(StringComparer.Ordinal),
                Is.EqualTo([null, null, "open", "settled"]));
            Assert.That((string)objects[^1]["error"]!["type"]!, Is.EqualTo("out-of-credit"));
            Assert.That(objects.Select(static line => (string?)line["msg"]).OfType<string>(), Is.EqualTo(["one"]));
        }
    }

    [Test]
    public async Task Duplex_OverHttp11_IsRefused()
    {
        using var http = new HttpClient();
        using var answer = await http.PostAsync(
            new Uri(Instances.First.Dataplane, $"/v1/data/stream/{Stream}/consumer/c1/duplex"), new StringContent("{}"));

        Assert.That((int)answer.StatusCode, Is.EqualTo(400));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain("http2-required"));
    }

    /// <summary>Sends all that there is to say, and reads until the answer ends.</summary>
    private async Task<HttpResponseMessage> DuplexAsync(string accept, string query, string lines)
    {
        using var http = new HttpClient { Timeout = Eventually.TimeLimit };
        using var request = new HttpRequestMessage(
            HttpMethod.Post, new Uri(Instances.First.Dataplane, $"/v1/data/stream/{Stream}/consumer/c1/duplex?{query}"));
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.Content = new StringContent(lines);
        if (accept.Length > 0)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        return await http.SendAsync(request);
    }

    private Task<TwoWay.WebSocketWay> OpenAsync(Version version, string offered) => TwoWay.WebSocketWay.OpenAsync(
        new UriBuilder(new Uri(Instances.First.Dataplane, $"/v1/data/stream/{Stream}/consumer/c1")) { Scheme = "ws" }.Uri,
        version,
        offered.Split(',', StringSplitOptions.RemoveEmptyEntries));
}
