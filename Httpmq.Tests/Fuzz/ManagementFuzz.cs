using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Domain.Naming;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Fuzz;

/// <summary>Streams and consumers defined, changed and deleted at random, against a model of what was answered with 200.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class ManagementFuzz(string version) : HttpFuzz(version)
{
    private static readonly string[] Names = ["s0", "s1", "s2", "s-3", "S_4", new('n', 255)];

    private readonly Dictionary<string, Model> _streams = new(StringComparer.Ordinal);

    private sealed record Model(JsonObject Config, Dictionary<string, JsonObject> Consumers);

    [Test]
    public async Task Definitions_Random_AreWhatWasAnsweredWith200()
    {
        await RunAsync(400, async number =>
        {
            await StepAsync();
            if (number % 250 == 249)
            {
                await CompareAsync();
            }
        });
        await CompareAsync();
        foreach (var name in _streams.Keys.ToArray())
        {
            (await SendAsync(Server.Management, "DELETE", $"/v1/admin/stream/{name}", body: null)).Expect(200);
            _streams.Remove(name);
        }

        await CompareAsync();
    }

    [Test]
    public async Task Path_Random_IsNeverAFault() => await RunAsync(250, async _ =>
    {
        var target = Nonsense.Pick("/", "/v1/admin/stream", "/v1/admin/stream/", "/v1/admin/stream/s/consumer/", "/v1/admin/stream/s/")
            + Nonsense.Path(8);
        var method = Nonsense.Pick("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "X-Y");
        var answer = await TryAsync(
            Server.Management, method, target, method is "GET" or "DELETE" ? null : Encoding.UTF8.GetBytes(Nonsense.Json(6)));
        Assert.That(answer?.Status is 200 && method is not "GET", Is.False, $"{method} {target} did something");
    });

    [Test]
    public async Task Stream_OfAnyTwoTokens_StoresNoDeliveriesAndHasPushConsumers()
    {
        using var client = Server.Client();
        if (ServerUnderTest.KeepsItsSubjectsToItself)
        {
            var refused = await client.ManageAsync(HttpMethod.Post, "/v1/admin/stream", """{"name":"all","subjects":["*.*"]}""");
            Assert.That((refused.Status, refused.Detail), Is.EqualTo(
                (HttpStatusCode.BadRequest, "subjects that overlap with jetstream api require no-ack to be true (err_code 10052)")));
            return;
        }

        await client.DefineStreamAsync("all", "*.*");
        await client.DefineStreamAsync("one", "one");
        await client.DefineConsumerAsync("all", "c");
        await client.DefineConsumerAsync("one", "c");
        await using (var subscription = await client.SubscribeAsync("one", "c", "subject_name=one"))
        {
            await client.PublishAsync("one", "message");
            await client.AckAsync("one", "c", await subscription.NextAsync());
        }

        await client.PublishAsync("a.b", "message");
        var stored = await StoredAsync("all");
        (await SendAsync(Server.Management, "DELETE", "/v1/admin/stream/all", body: null)).Expect(200);
        (await SendAsync(Server.Management, "DELETE", "/v1/admin/stream/one", body: null)).Expect(200);
        Assert.That(stored.Values.Select(message => message.Subject), Is.EqualTo(["a.b"]));
    }

    [TestCase("POST", "/v1/admin/stream/s/consumer", "notes")]
    [TestCase("PUT", "/v1/admin/stream/s/subject", "subjects")]
    public async Task Body_LargerThanJetStreamTakes_Is413(string method, string path, string field)
    {
        using var client = Server.Client();
        await client.DefineStreamAsync("s", "s");
        var large = JsonValue.Create(new string('n', 1900));
        var body = new JsonObject
        {
            ["name"] = "c",
            ["mode"] = "pull",
            ["max_inflight"] = 1,
            [field] = field is "notes"
                ? new string('n', 2_000_000)
                : new JsonArray([.. Enumerable.Range(0, 900).Select(index => JsonValue.Create($"{index}.{large}"))]),
        };
        var answer = await SendAsync(Server.Management, method, path, new StringContent(body.ToJsonString()));
        (await SendAsync(Server.Management, "DELETE", "/v1/admin/stream/s", body: null)).Expect(200);
        answer.Expect(413, "bytes");
    }

    private Task StepAsync() => Random.Next(12) switch
    {
        < 4 => DefineStreamAsync(),
        < 5 => ChangeAsync("subject", Nonsense.Object(
            ("subjects", Subjects(Nonsense.Pick(Names)))), static (sent, config) => config["subjects"] = SentJson.Array(sent.Subjects())),
        < 6 => ChangeAsync("limit", Nonsense.Object([.. Limits(), ("x", "1")]), static (sent, config) => sent.ChangeLimits(config)),
        < 7 => DeleteStreamAsync(),
        < 10 => DefineConsumerAsync(),
        < 11 => DeleteConsumerAsync(),
        _ => ReadAsync(),
    };

    private async Task DefineStreamAsync()
    {
        var name = Nonsense.Pick(Names);
        var body = Nonsense.Object([("name", $"\"{name}\""), ("subjects", Subjects(name)), .. Limits()]);
        if (await TryAsync(Server.Management, "POST", "/v1/admin/stream", body) is { Status: 200 })
        {
            var config = new SentJson(body).Stream();
            var known = _streams.TryAdd((string)config["name"]!, new Model(config, new(StringComparer.Ordinal)))
                ? config
                : _streams[(string)config["name"]!].Config;
            Assert.That(JsonNode.DeepEquals(
                known, config), Is.True, $"200 for another configuration than {known.ToJsonString()}: {Encoding.UTF8.GetString(body)}");
        }
    }

    private async Task ChangeAsync(string what, byte[] body, Action<SentJson, JsonObject> change)
    {
        var name = Nonsense.Pick(Names);
        if (await TryAsync(Server.Management, "PUT", $"/v1/admin/stream/{Nonsense.Encode(name)}/{what}", body) is { Status: 200 })
        {
            change(new SentJson(body), _streams[name].Config);
        }
    }

    private async Task DeleteStreamAsync()
    {
        var name = Nonsense.Pick([.. Names, "absent"]);
        var answer = await TryAsync(Server.Management, "DELETE", $"/v1/admin/stream/{Nonsense.Encode(name)}");
        answer!.Expect(_streams.Remove(name) ? 200 : 404);
    }

    private async Task DefineConsumerAsync()
    {
        var stream = Nonsense.Pick(Names);
        (string, string)[] fields =
        [
            ("name", Nonsense.Pick("\"c0\"", "\"c1\"", $"\"{new string('c', 255)}\"")),
            ("mode", Nonsense.Pick("\"push\"", "\"pull\"")),
            ("max_inflight", Nonsense.Pick("1", "2", "1000000", "9223372036854775807")),
        ];
        (string, string)[] more =
        [
            ("filter_subject", Nonsense.Pick($"\"{stream}.a\"", "\"\"", "null", "\"x.y\"")),
            ("delivery_group", Nonsense.Pick("\"g\"", "\"h\"", "\"\"", "null")),
            ("notes", Nonsense.Pick(
                "\"n\"", "\"\"", "\"é\\u0000\\\"\"", $"\"{new string('n', Nonsense.Pick(4096, 4097, 100_000, 2_000_000))}\"")),
            ("max_retry", Nonsense.Pick("-1", "0", "1", "9223372036854775807")),
            ("ack_wait", Nonsense.Pick("0", "1", "30000000000", "9223372036854775807")),
        ];
        var body = Nonsense.Object([.. fields, .. more.Where(_ => Random.Next(4) == 0)]);
        if (await TryAsync(Server.Management, "POST", $"/v1/admin/stream/{Nonsense.Encode(stream)}/consumer", body) is not { Status: 200 })
        {
            return;
        }

        var sent = new SentJson(body);
        var consumer = sent.Consumer();
        consumer["is_push"] = string.Equals(sent.Text("mode"), "push", StringComparison.Ordinal);
        var consumers = _streams[stream].Consumers;
        if (consumers.TryGetValue(sent.Text("name")!, out var known))
        {
            foreach (var field in new[] { "is_push", "filter_subject", "deliver_group" })
            {
                Assert.That(JsonNode.DeepEquals(known[field], consumer[field]), Is.True,
                    $"200 for another {field} than {known.ToJsonString()}: {Encoding.UTF8.GetString(body)}");
            }
        }

        consumers[sent.Text("name")!] = consumer;
    }

    private async Task DeleteConsumerAsync()
    {
        var (stream, name) = (Nonsense.Pick(Names), Nonsense.Pick("c0", "c1", "absent"));
        var answer = await TryAsync(Server.Management, "DELETE", $"/v1/admin/stream/{stream}/consumer/{Nonsense.Encode(name)}");
        answer!.Expect(_streams.TryGetValue(stream, out var model) && model.Consumers.Remove(name) ? 200 : 404);
    }

    private async Task ReadAsync()
    {
        var name = Nonsense.Pick(Names);
        (await TryAsync(Server.Management, "GET", $"/v1/admin/stream/{Nonsense.Encode(name)}"))!.Expect(
            _streams.ContainsKey(name) ? 200 : 404);
        (await TryAsync(Server.Management, "GET", $"/v1/admin/stream/{Nonsense.Encode(name)}/consumer"))!.Expect(
            _streams.ContainsKey(name) ? 200 : 404);
        var list = (await TryAsync(Server.Management, "GET", "/v1/admin/stream"))!.Expect(200);
        Assert.That(list.Json["streams"]!.AsObject().Select(stream => stream.Key), Is.EquivalentTo(_streams.Keys));
    }

    /// <summary>JetStream has the streams and consumers of the model, and no others.</summary>
    private async Task CompareAsync()
    {
        var listed = (await JetStream.CallAsync("STREAM.LIST"))["streams"] as JsonArray ?? [];
        var streams = listed.Where(stream => (string)stream!["config"]!["name"]! is not LockSubjects.Stream).ToArray();
        Assert.That(streams.Select(stream => (string)stream!["config"]!["name"]!), Is.EquivalentTo(_streams.Keys));
        foreach (var stream in streams.Select(stream => stream!["config"]!))
        {
            var (config, consumers) = _streams[(string)stream["name"]!];
            Assert.That(SentJson.Same(config, stream).ToJsonString(), Is.EqualTo(config.ToJsonString()));
            var actual = (await JetStream.CallAsync($"CONSUMER.LIST.{stream["name"]}"))["consumers"] as JsonArray ?? [];
            Assert.That(actual.Select(consumer => (string)consumer!["name"]!), Is.EquivalentTo(consumers.Keys));
            foreach (var consumer in actual.Select(consumer => consumer!["config"]!))
            {
                consumer["is_push"] = consumer["deliver_subject"] is not null;
                var expected = consumers[(string)consumer["durable_name"]!];
                Assert.That(SentJson.Same(expected, consumer).ToJsonString(), Is.EqualTo(expected.ToJsonString()));
            }
        }
    }

    private string Subjects(string name) => Nonsense.Pick(
        "[]", "null", $"[\"{name}\"]", $"[\"{name}.a\"]", $"[\"{name}.a\",\"{name}.b\"]", $"[\"{name}.>\"]", $"[\"{name}.a\",\"{name}.a\"]",
        $"[\"{name}.*\",\"{name}.a\"]",
        "[\"x.y\"]", "[\"*.y\"]", "[\">\"]", "[\"$JS.API.>\"]", "[\"é.😀\"]", "[\"a..b\"]", "[\"\"]", "[null]", "[1]",
        $"[\"{name}.{new string('l', Nonsense.Pick(1000, 2048, 60_000))}\"]",
        $"[{string.Join(',', Enumerable.Range(0, Nonsense.Pick(10, 100, 1000)).Select(index => $"\"{name}.{index}\""))}]");

    private IEnumerable<(string, string)> Limits()
    {
        foreach (var limit in new[]
        {
            "max_consumers", "max_msgs", "max_bytes", "max_age", "max_msgs_per_subject", "max_msg_size", "replicas",
        })
        {
            if (Random.Next(5) == 0)
            {
                yield return (limit, limit is "max_age"
                    ? Nonsense.Pick("0", "100000000", "99999999", "300000000000", "9223372036854775807")
                    : Nonsense.Pick("-1", "0", "1", "5", "2147483647", "-2", "9223372036854775807"));
            }
        }
    }
}
