using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Domain.Features;
using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;
using NATS.Client.Core;

namespace Httpmq.Tests.Api.Pulling;

/// <summary>The pull route: what it brings, how long it waits for it, and what becomes of what no client got.</summary>
[Parallelizable]
internal sealed class PullRouteTests() : ContractTest("2.0")
{
    private RawJetStream _raw = null!;
    private string _stream = null!;

    private string Path => $"/v1/data/stream/{_stream}/consumer/c";

    [SetUp]
    public async Task DefineAsync()
    {
        _raw = new RawJetStream(SharedServers.Nats.Url);
        _stream = SharedServers.NewName();
        await Client.DefineStreamAsync(_stream, _stream, $"{_stream}.>");
        await Client.DefineConsumerAsync(_stream, "c", new JsonObject { ["mode"] = "pull", ["max_inflight"] = 1000 });
    }

    [TearDown]
    public ValueTask DisconnectAsync() => _raw.DisposeAsync();

    [Test]
    public async Task Pull_ThenSettleByToken_IsSettledOnEveryInstance()
    {
        await PublishAsync("a", "b");

        var answer = await PullAsync("""{"batch":2}""");

        var messages = answer.Json["messages"]!.AsArray();
        Assert.That(answer.Json.AsObject().Select(static member => member.Key), Is.EqualTo(new[] { "success", "request_id", "messages" }));
        Assert.That(messages[0]!.AsObject().Select(static member => member.Key), Is.EqualTo(
            new[] { "subject", "sequence", "deliveries", "pending", "time", "token", "b64_msg" }));
        Assert.That(messages.Select(static message => Describe(message!)), Is.EqualTo(new[] { "a 1 1 1 1", "b 2 2 1 0" }));
        Assert.That((DateTimeOffset)messages[0]!["time"]!, Is.EqualTo(TimeProvider.System.GetUtcNow()).Within(TimeSpan.FromMinutes(5)));
        Assert.That((string)messages[0]!["subject"]!, Is.EqualTo(_stream));
        Assert.That((answer.Header("Content-Type"), answer.Header("Cache-Control")), Is.EqualTo(("application/json", "no-store")));

        var tokens = messages.Select(static message => new JsonObject { ["token"] = (string)message!["token"]! });
        var settled = await DataAsync("POST", $"{Path}/settle", new JsonObject { ["ack"] = new JsonArray([.. tokens]) }.ToJsonString());
        Assert.That((int)settled.Json["settled"]!, Is.EqualTo(2), settled.Text);
        var info = await Client.ConsumerAsync(_stream, "c");
        Assert.That(((int)info["num_ack_pending"]!, (int)info["ack_floor"]!["stream_seq"]!), Is.EqualTo((0, 2)));
    }

    [TestCase("", null, 4800, 5600)]
    [TestCase("""{"batch":3,"expires":"300ms"}""", null, 250, 900)]
    [TestCase("""{"batch":3,"expires":300000000}""", null, 250, 900)]
    [TestCase("{}", "Prefer: foo; wait=1, bar", 900, 1700, "wait=1")]
    [TestCase("""{"expires":"100ms"}""", "Prefer: wait=1", 50, 700)]
    [TestCase("""{"no_wait":true}""", null, 0, 500)]
    [TestCase("""{"no_wait":true,"expires":"200ms"}""", null, 100, 700)]
    [TestCase("{}", "Prefer: wait=0", 0, 500, "wait=0")]
    [TestCase("""{"no_wait":false}""", "Prefer: wait=0", 0, 500, "wait=0")]
    [TestCase("""{"expires":"100ms"}""", "Prefer: wait=0", 50, 700)]
    public async Task Pull_NothingThere_IsAnEmptyListAfterItsTime(string body, string? headers, int least, int most, string? applied = null)
    {
        var clock = Stopwatch.StartNew();

        var answer = await PullAsync(body, headers);

        Assert.That(answer.Json["messages"]!.AsArray(), Is.Empty);
        Assert.That(clock.ElapsedMilliseconds, Is.InRange(least, most + 2000), "with room for a machine that stalls");
        Assert.That(answer.Header("Preference-Applied"), Is.EqualTo(applied));
    }

    [Test]
    public async Task Pull_FewerThanAskedFor_ComeWhenTheTimeIsOverOrAtOnceWithNoWait()
    {
        await PublishAsync("a", "b", "c");

        var some = await PullAsync("""{"batch":2,"no_wait":true}""");
        var rest = await PullAsync("""{"batch":10,"no_wait":true,"expires":"10s"}""");

        Assert.That(Texts(some).Concat(Texts(rest)), Is.EqualTo(new[] { "a", "b", "c" }));
        var late = PullAsync("""{"batch":10,"expires":"700ms"}""");
        await PublishAsync("d");
        Assert.That(Texts(await late), Is.EqualTo(new[] { "d" }));
    }

    [Test]
    public async Task Pull_MaxBytes_EndsBeforeTheMessageThatDoesNotFit()
    {
        await PublishAsync(new string('x', 1000), new string('y', 1000), new string('z', 1000));

        var two = await PullAsync("""{"batch":3,"max_bytes":2500,"no_wait":true}""");
        var tooSmall = await DataAsync("POST", $"{Path}/pull", """{"max_bytes":10}""");

        Assert.That(Texts(two).Select(static text => text.Length), Is.EqualTo(new[] { 1000, 1000 }));
        Assert.That((tooSmall.Expect(409).Type, tooSmall.Detail), Is.EqualTo(
            ("pull-max-bytes-too-small", "the next message is larger than max_bytes, 10 bytes; nothing was delivered")));
    }

    [Test]
    public async Task Pull_Encodings_StandAsAskedForOrInBase64()
    {
        foreach (var payload in new byte[][] { "{\"a\":\n1}"u8.ToArray(), "é\"\u0001"u8.ToArray(), [0xFF, 0x00] })
        {
            await Client.TryPublishAsync(_stream, payload);
        }

        await using var nats = new NatsConnection(new NatsOpts { Url = SharedServers.Nats.Url });
        await nats.PublishAsync(_stream, "x", new NatsHeaders { ["A"] = new(["1", "é"]), ["b-B"] = "3" });
        await nats.PingAsync();
        var json = (await PullAsync("""{"batch":3,"encoding":"json"}""")).Json["messages"]!.AsArray();
        var utf8 = (await PullAsync("""{"batch":1,"encoding":"utf8"}""")).Json["messages"]!.AsArray();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(json[0]!["json"]!.ToJsonString(), Is.EqualTo("""{"a":1}"""));
            Assert.That((string)json[1]!["b64_msg"]!, Is.EqualTo(Convert.ToBase64String("é\"\u0001"u8)));
            Assert.That((string)json[2]!["b64_msg"]!, Is.EqualTo("/wA="));
            Assert.That((string)utf8[0]!["msg"]!, Is.EqualTo("x"));
            Assert.That(utf8[0]!["headers"]!.ToJsonString(), Is.EqualTo("""{"A":["1","?"],"b-B":["3"]}"""));
        }
    }

    [Test]
    public async Task Pull_OfBytes_HasTheMetadataInHeaders()
    {
        await Client.TryPublishAsync($"{_stream}.100%25", [0, 1, 2]);

        using var response = await OpenAsync(
            Gateway.Dataplane, "POST", $"{Path}/pull", new ByteArrayContent([]), "Accept: application/octet-stream");
        var bytes = await response.Content.ReadAsByteArrayAsync();
        var token = string.Join('|', response.Headers.GetValues("Httpmq-Token"));
        var nothing = await DataAsync("POST", $"{Path}/pull", """{"no_wait":true}""", "Accept: application/octet-stream");
        var several = await DataAsync("POST", $"{Path}/pull", """{"batch":2}""", "Accept: application/octet-stream");

        using (Assert.EnterMultipleScope())
        {
            Assert.That((bytes, (int)response.StatusCode), Is.EqualTo((new byte[] { 0, 1, 2 }, 200)));
            Assert.That(response.Content.Headers.ContentType!.ToString(), Is.EqualTo("application/octet-stream"));
            Assert.That(response.Headers.GetValues("Httpmq-Subject").Single(), Is.EqualTo($"{_stream}.100%25"));
            Assert.That(response.Headers.GetValues("Httpmq-Sequence").Single(), Is.EqualTo("1"));
            Assert.That(response.Headers.GetValues("Httpmq-Deliveries").Single(), Is.EqualTo("1"));
            Assert.That((nothing.Status, nothing.Text), Is.EqualTo((204, string.Empty)));
            Assert.That(several.Expect(400).Detail, Does.StartWith("batch: 2 messages"));
        }

        (await DataAsync("POST", $"{Path}/ack", $$"""{"token":"{{token}}"}""")).Expect(200);
    }

    [TestCase("""{"batch":0}""", "batch: 0 is not from 1 to 10000")]
    [TestCase("""{"batch":10001}""", "batch: 10001 is not from 1 to 10000")]
    [TestCase("""{"batch":1.5}""", "batch")]
    [TestCase("""{"batch":"1"}""", "batch")]
    [TestCase("""{"expires":30}""", "for 30 seconds write \"30s\"")]
    [TestCase("""{"expires":0}""", "expires: 0 ns is less than 1000000 ns (1 ms); for a pull that does not wait say no_wait")]
    [TestCase("""{"expires":"0s","no_wait":true}""", "for a pull that does not wait say no_wait")]
    [TestCase("""{"expires":"61s"}""", "is longer than")]
    [TestCase("""{"expires":-1}""", "expires")]
    [TestCase("""{"max_bytes":67108865}""", "max_bytes: 67108865 is not from 1 to 67108864")]
    [TestCase("""{"encoding":"hex"}""", "encoding: 'hex' is not base64, utf8 or json")]
    [TestCase("""{"id":"x"}""", "id: it is taken with group only")]
    [TestCase("""{"priority":1}""", "priority: it is taken with group only")]
    [TestCase("[]", "")]
    [TestCase("""{"batch":1""", "")]
    public async Task Pull_OutOfRange_IsRefused(string body, string detail) =>
        (await DataAsync("POST", $"{Path}/pull", body)).Expect(400, detail);

    [Test]
    public async Task Pull_WhatCannotBePulledFrom_IsToldAtOnce()
    {
        await Client.DefineConsumerAsync(_stream, "p");
        await _raw.CreateConsumerAsync(
            _stream, "m", new JsonObject { ["max_batch"] = 2, ["max_expires"] = 1_000_000_000, ["max_bytes"] = 5000 });
        await PublishAsync(new string('x', 3000), "b");

        (await DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/none/pull", "{}")).Expect(404, "consumer not found");
        (await DataAsync("POST", "/v1/data/stream/none/consumer/none/pull", "{}")).Expect(404, "stream not found");
        var push = (await DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/p/pull", "{}")).Expect(409, "is a push consumer");
        Assert.That(push.Type, Is.EqualTo("consumer-is-push"));
        var path = $"/v1/data/stream/{_stream}/consumer/m/pull";
        (await DataAsync("POST", path, """{"batch":3}""")).Expect(409, "Exceeded MaxRequestBatch of 2");
        (await DataAsync("POST", path, """{"expires":"2s"}""")).Expect(409, "Exceeded MaxRequestExpires of 1s");
        (await DataAsync("POST", path, """{"max_bytes":6000}""")).Expect(409, "Exceeded MaxRequestMaxBytes of 5000");
        var adapted = await DataAsync("POST", path, """{"batch":2}""");
        Assert.That(adapted.Json["messages"]!.AsArray(), Has.Count.EqualTo(2), "what was not named is adapted");
    }

    [Test]
    public async Task Pull_ClientGoesAway_OthersGetAtOnceWhatCame()
    {
        await Client.DefineConsumerAsync(_stream, "g", new JsonObject { ["mode"] = "pull", ["ack_wait"] = "10s" });
        await PublishAsync("a", "b");
        var path = $"/v1/data/stream/{_stream}/consumer/g/pull";
        using (var gone = new CancellationTokenSource())
        {
            using var http = new HttpClient();
            var waiting = http.PostAsync(
                new Uri(Gateway.Dataplane, path), new StringContent("""{"batch":3,"expires":"60s"}"""), gone.Token);
            await Eventually.HoldsAsync(
                async () => (int)(await Client.ConsumerAsync(_stream, "g"))["num_ack_pending"]! == 2, "both messages delivered");
            await gone.CancelAsync();
            Assert.That(async () => await waiting, Throws.InstanceOf<OperationCanceledException>());
        }

        // nats-server 2.9.10 now and then sends one of them twice, and the other after ack_wait.
        var again = new HashSet<string>(StringComparer.Ordinal);
        await Eventually.HoldsAsync(
            async () =>
            {
                again.UnionWith(Texts(await PullAsync("""{"batch":2,"expires":"1s"}""", consumer: "g")));
                return again.Count == 2;
            },
            "both messages again");
    }

    [Test]
    public async Task Pull_HalfOfTheAckWait_EndsItWithWhatIsHere()
    {
        await Client.DefineConsumerAsync(_stream, "w", new JsonObject { ["mode"] = "pull", ["ack_wait"] = "2s" });
        await PublishAsync("a");
        var clock = Stopwatch.StartNew();

        var answer = await DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/w/pull", """{"batch":5,"expires":"30s"}""");

        Assert.That(Texts(answer), Is.EqualTo(new[] { "a" }));
        Assert.That(clock.ElapsedMilliseconds, Is.InRange(900, 10_000));
    }

    [Test]
    public async Task Pull_ConsumerIsDeletedMeanwhile_SaysSo()
    {
        var waiting = DataAsync("POST", $"{Path}/pull", """{"expires":"30s"}""");
        await Eventually.HoldsAsync(async () => (int)(await Client.ConsumerAsync(_stream, "c"))["num_waiting"]! == 1, "a pull that waits");

        await ManageAsync("DELETE", $"/v1/admin/stream/{_stream}/consumer/c");

        Assert.That((await waiting).Expect(404).Type, Is.EqualTo("consumer-deleted"));
    }

    [Test]
    public async Task Pull_OfAPriorityGroup_IsServedOrRefusedByTheServersVersion()
    {
        if (!ServerUnderTest.Facts.Has(Feature.PriorityGroups))
        {
            await PublishAsync("a");
            (await DataAsync("POST", $"{Path}/pull", """{"group":"g"}""")).Expect(501, "group needs nats-server 2.11 or later");
            (await DataAsync("POST", $"{Path}/pull", """{"group":"g","priority":1}""")).Expect(501, "priority needs nats-server 2.12");
            Assert.That((int)(await Client.ConsumerAsync(_stream, "c"))["delivered"]!["consumer_seq"]!, Is.Zero, "nothing was delivered");
            return;
        }

        var groups = new JsonArray("g");
        await _raw.CreateConsumerAsync(
            _stream, "g", new JsonObject
            {
                ["priority_groups"] = groups,
                ["priority_policy"] = "pinned_client",
                ["priority_timeout"] = 60_000_000_000,
            });
        await PublishAsync("a", "b");
        var path = $"/v1/data/stream/{_stream}/consumer/g/pull";

        foreach (var (of, body, says) in new[]
        {
            (path, "{}", "group is required: consumer g has the priority groups 'g'; nothing was delivered"),
            (path, """{"group":"x"}""", "group: 'x' is none of the priority groups of consumer g, 'g'; nothing was delivered"),
            ($"{Path}/pull", """{"group":"g"}""", "group: 'g', and consumer c has no priority groups; leave it out; nothing was delivered"),
        })
        {
            var refused = (await DataAsync("POST", of, body)).Expect(400);
            Assert.That((refused.Type, refused.Detail), Is.EqualTo(("pull-invalid", says)));
        }

        var pinned = (await DataAsync("POST", path, """{"group":"g"}""")).Json["messages"]![0]!;
        var pin = (string)pinned["headers"]!["Nats-Pin-Id"]![0]!;
        var other = (await DataAsync("POST", path, """{"group":"g","id":"wrong"}""")).Expect(409, "Nats-Pin-Id mismatch");
        Assert.That(other.Type, Is.EqualTo("pull-wrong-pin"));
        Assert.That(Texts(await DataAsync("POST", path, $$"""{"group":"g","id":"{{pin}}"}""")), Is.EqualTo(new[] { "b" }));
    }

    [TestCase("""{"batch":5,"no_wait":true}""", null)]
    [TestCase("{}", "Prefer: wait=0")]
    public async Task Pull_NoWaitWhileAllIsUnacknowledged_IsEmptyAndPassesNothingBy(string body, string? headers)
    {
        await Client.DefineConsumerAsync(_stream, "n", new JsonObject { ["mode"] = "pull", ["max_inflight"] = 2 });
        await PublishAsync("a", "b", "c");
        var held = await PullAsync("""{"batch":5,"no_wait":true}""", consumer: "n");

        var nothing = await PullAsync(body, headers, consumer: "n");
        var token = (string)held.Json["messages"]![0]!["token"]!;
        (await DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/n/ack", $$"""{"token":"{{token}}"}""")).Expect(200);
        var rest = await PullAsync("{}", consumer: "n");

        using (Assert.EnterMultipleScope())
        {
            Assert.That((Texts(held).Count(), Texts(nothing).Count()), Is.EqualTo((2, 0)));
            Assert.That(rest.Json["messages"]!.AsArray().Select(static message => Describe(message!)), Is.EqualTo(["c 3 3 1 0"]));
        }
    }

    [Test]
    public async Task Pull_BeyondMaxWaiting_IsTooMany()
    {
        await _raw.CreateConsumerAsync(_stream, "m", new JsonObject { ["max_waiting"] = 1 });
        var path = $"/v1/data/stream/{_stream}/consumer/m/pull";
        var first = DataAsync("POST", path, """{"expires":"60s"}""");
        await Eventually.HoldsAsync(async () => (int)(await Client.ConsumerAsync(_stream, "m"))["num_waiting"]! == 1, "a pull that waits");

        var second = await DataAsync("POST", path, """{"expires":"2s"}""");

        Assert.That((second.Status, second.Type, second.Header("Retry-After")), Is.EqualTo((429, "too-many-pulls", "1")), second.Text);
        await PublishAsync("a");
        Assert.That(Texts(await first), Is.EqualTo(new[] { "a" }));
    }

    private static string Describe(JsonNode message) =>
        $"{Text(message)} {message["sequence"]!["stream"]} {message["sequence"]!["consumer"]} {message["deliveries"]} {message["pending"]}";

    private static IEnumerable<string> Texts(WireAnswer answer) =>
        answer.Json["messages"]!.AsArray().Select(static message => Text(message!));

    private static string Text(JsonNode message) => Encoding.UTF8.GetString(Convert.FromBase64String((string)message["b64_msg"]!));

    private async Task<WireAnswer> PullAsync(string body, string? headers = null, string consumer = "c")
    {
        var answer = await DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/{consumer}/pull", body, headers);
        Assert.That(answer.Status, Is.EqualTo(200), answer.Text);
        return answer;
    }

    private async Task PublishAsync(params string[] texts)
    {
        foreach (var text in texts)
        {
            await Client.PublishAsync(_stream, text);
        }
    }
}
