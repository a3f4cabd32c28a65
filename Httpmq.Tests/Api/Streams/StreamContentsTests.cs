using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;
using NATS.Client.Core;

namespace Httpmq.Tests.Api.Streams;

/// <summary>What a stream holds: purged, deleted and read one by one, and listed by subject.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class StreamContentsTests
{
    private GatewayClient _client = null!;
    private RawJetStream _raw = null!;
    private string _stream = null!;

    private static readonly string[] Stores = ["file", "memory"];

    [SetUp]
    public void Open()
    {
        _client = SharedServers.Gateway.Client();
        _raw = new RawJetStream(SharedServers.Nats.Url);
        _stream = SharedServers.NewName();
    }

    [TearDown]
    public async Task CloseAsync()
    {
        _client.Dispose();
        await _raw.DisposeAsync();
    }

    // Of a, a, b, a, c.
    [TestCase("{}", 5, "")]
    [TestCase("""{"seq":1}""", 0, "1 2 3 4 5")]
    [TestCase("""{"seq":3}""", 2, "3 4 5")]
    [TestCase("""{"seq":99}""", 5, "")]
    [TestCase("""{"keep":2}""", 3, "4 5")]
    [TestCase("""{"keep":0}""", 5, "")]
    [TestCase("""{"filter":"{s}.a"}""", 3, "3 5")]
    [TestCase("""{"filter":"{s}.a","keep":1}""", 2, "3 4 5")]
    [TestCase("""{"filter":"{s}.a","seq":1}""", 0, "1 2 3 4 5")]
    [TestCase("""{"filter":"{s}.a","seq":2}""", 1, "2 3 4 5")]
    [TestCase("""{"filter":"elsewhere"}""", 0, "1 2 3 4 5")]
    public async Task Purge_Scope_RemovesThatAndNoMore(string scope, int purged, string left)
    {
        foreach (var storage in Stores)
        {
            _stream = SharedServers.NewName();
            await FillAsync(storage, "a", "a", "b", "a", "c");

            var answer = (await PurgeAsync(scope)).Expect(200).Answer;

            var there = new List<int>();
            for (var sequence = 1; sequence <= 5; sequence++)
            {
                if ((await GetMessageAsync($"{sequence}")).Answer.Success)
                {
                    there.Add(sequence);
                }
            }

            Assert.That(((int)answer.Body["purged"]!, string.Join(' ', there)), Is.EqualTo((purged, left)), storage);
        }
    }

    [TestCase("""{"seq":0}""", "seq: 0 is less than 1")]
    [TestCase("""{"seq":9007199254740992}""", "seq: 9007199254740992 is more than 9007199254740991")]
    [TestCase("""{"seq":18446744073709551615}""", "seq: 18446744073709551615 is more than 9007199254740991")]
    [TestCase("""{"seq":2,"keep":1}""", "keep: not together with seq")]
    [TestCase("""{"filter":"a..b"}""", "filter: 'a..b'")]
    [TestCase("""{"filter":""}""", "filter: ''")]
    [TestCase("""{"keep":-1}""", "keep: -1 is out of range")]
    [TestCase("""{"seq":"3"}""", "seq: \"3\" is text")]
    [TestCase("", "empty")]
    [TestCase("[]", "a JSON object was expected")]
    public async Task Purge_ScopeThatIsNone_Is400AndRemovesNothing(string scope, string says)
    {
        await FillAsync("memory", "a");

        (await PurgeAsync(scope)).Expect(400, says);

        Assert.That(await _raw.MessagesAsync(_stream), Is.EqualTo(1));
    }

    [Test]
    public async Task Contents_OfAStreamThatIsNotThere_Are404()
    {
        (await PurgeAsync("{}")).Expect(404).Type("stream-not-found");
        (await PurgeAsync("""{"seq":1}""")).Expect(404).Type("stream-not-found");
        (await GetMessageAsync("1")).Expect(404).Type("stream-not-found");
        (await ManageAsync(HttpMethod.Delete, "/message/1")).Expect(404).Type("stream-not-found");
        (await ManageAsync(HttpMethod.Get, "/subject")).Expect(404).Type("stream-not-found");
    }

    [Test]
    public async Task Contents_OfTheLockStream_AreNobodysBusiness()
    {
        _stream = "KV_httpmq_locks";

        (await PurgeAsync("{}")).Expect(400);
        (await GetMessageAsync("1")).Expect(400);
        (await ManageAsync(HttpMethod.Delete, "/message/1")).Expect(400);
        (await ManageAsync(HttpMethod.Get, "/subject")).Expect(400);
    }

    [Test]
    public async Task Message_WithHeadersAndBytes_IsShownAndDeletedOnce([Values("", "?erase=true", "?erase=false")] string query)
    {
        await FillAsync("file");
        await using var nats = new NatsConnection(new NatsOpts { Url = SharedServers.Nats.Url });
        var headers = new NatsHeaders { { "Trace-Id", new[] { "a", "b" } }, { "X", "e" } };
        await nats.RequestAsync<byte[], string>($"{_stream}.x", [0, 255, 7], headers);
        await _client.PublishAsync($"{_stream}.y", "m");

        var message = (await GetMessageAsync("1")).Expect(200).Answer.Body["message"]!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(((string)message["subject"]!, (int)message["sequence"]!), Is.EqualTo(($"{_stream}.x", 1)));
            Assert.That(Convert.FromBase64String((string)message["b64_msg"]!), Is.EqualTo(new byte[] { 0, 255, 7 }));
            Assert.That(
                JsonNode.DeepEquals(message["headers"], JsonNode.Parse("""{"Trace-Id":["a","b"],"X":["e"]}""")), Is.True, $"{message}");
            Assert.That((string)message["time"]!, Does.EndWith("Z"));
            Assert.That((await GetMessageAsync("2")).Answer.Body["message"]!["headers"], Is.Null);
        }

        (await ManageAsync(HttpMethod.Delete, $"/message/1{query}")).Expect(200);
        (await GetMessageAsync("1")).Expect(404).Type("message-not-found");
        (await ManageAsync(HttpMethod.Delete, $"/message/1{query}")).Expect(404).Type("message-not-found");
        Assert.That(await _raw.MessagesAsync(_stream), Is.EqualTo(1));
    }

    [TestCase("0")]
    [TestCase("-1")]
    [TestCase("x")]
    [TestCase("1.5")]
    [TestCase("%201")]
    [TestCase("18446744073709551616")]
    public async Task Message_SequenceThatIsNone_Is400(string sequence)
    {
        await FillAsync("memory", "a");

        (await GetMessageAsync(sequence)).Expect(400, "is not an integer from 1 to");
        (await ManageAsync(HttpMethod.Delete, $"/message/{sequence}")).Expect(400);
        (await ManageAsync(HttpMethod.Delete, "/message/1?erase=yes")).Expect(400, "erase: 'yes' is neither true nor false");
        (await GetMessageAsync("18446744073709551615")).Expect(404);
    }

    [Test]
    public async Task Stream_ThatPermitsNeither_Is409AndKeepsAll()
    {
        await _raw.CreateStreamAsync(_stream, [$"{_stream}.*"], new JsonObject { ["deny_delete"] = true, ["deny_purge"] = true });
        await _client.PublishAsync($"{_stream}.a", "m");

        (await PurgeAsync("{}")).Expect(409).Type("purge-not-permitted");
        (await ManageAsync(HttpMethod.Delete, "/message/1")).Expect(409).Type("delete-not-permitted");

        Assert.That(await _raw.MessagesAsync(_stream), Is.EqualTo(1));
    }

    [TestCase("", "a=2 b=1 c=1", 3)]
    [TestCase("?limit=2", "a=2 b=1", 3)]
    [TestCase("?offset=1", "b=1 c=1", 3)]
    [TestCase("?offset=1&limit=1", "b=1", 3)]
    [TestCase("?offset=2147483647", "", -1)]
    [TestCase("?subject={s}.b", "b=1", 1)]
    [TestCase("?subject={s}.%3E", "a=2 b=1 c=1", 3)]
    [TestCase("?subject=elsewhere", "", 0)]
    public async Task Subjects_OfAStream_ArePagesInTheirOrder(string query, string expected, int total)
    {
        await FillAsync("memory", "c", "a", "b", "a");

        var answer = (await ManageAsync(HttpMethod.Get, $"/subject{query}")).Expect(200).Answer.Body;

        var subjects = answer["subjects"]!.AsObject().Select(entry => $"{entry.Key[(_stream.Length + 1)..]}={entry.Value}");
        Assert.That(string.Join(' ', subjects), Is.EqualTo(expected));
        Assert.That((int)answer["total"]!, Is.EqualTo(total).Or.EqualTo(total < 0 ? 3 : total).Or.EqualTo(total < 0 ? 0 : total));
    }

    private static IEnumerable<string> Lists => ["/v1/admin/stream", "/v1/admin/stream/{s}/consumer", "/v1/admin/stream/{s}/subject"];

    /// <summary>A negative offset would end the nats-server, of 2.9 and all of 2.10.</summary>
    [TestCaseSource(nameof(Lists))]
    public async Task List_PageThatIsNone_Is400AndTheServerLives(string list)
    {
        await FillAsync("memory", "a");
        var path = list.Replace("{s}", _stream, StringComparison.Ordinal);
        foreach (var (query, says) in new[]
        {
            ("offset=-1", "offset: -1 is less than 0"), ("offset=-9223372036854775808", "is less than 0"), ("offset=", "is not an integer"),
            ("offset=1e3", "is not an integer"), ("offset=9223372036854775808", "is not an integer"), ("offset=2147483648", "is more than"),
            ("limit=0", "limit: 0 is less than 1"), ("limit=-1", "less than 1"), ("limit=10001", "more than 10000"),
            ("offset=1&offset=2", "offset was given 2 times"), ("subject=a..b", "subject: 'a..b'"), ("subject=", "subject: ''"),
        })
        {
            var answer = await _client.ManageAsync(HttpMethod.Get, $"{path}?{query}");
            Assert.That(((int)answer.Status, answer.Detail), Is.EqualTo((400, answer.Detail)), $"{query}: {answer}");
            Assert.That(answer.Detail, Does.Contain(says), query);
        }

        Assert.That(await _raw.MessagesAsync(_stream), Is.EqualTo(1), "it answers");
    }

    [Test]
    public async Task Streams_PartOfTheList_IsByNameSubjectAndPage()
    {
        foreach (var letter in new[] { "c", "a", "b" })
        {
            await _raw.CreateStreamAsync($"{_stream}{letter}", [$"{_stream}.{letter}.*"]);
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await NamesAsync($"name={_stream}*"), Is.EqualTo("a b c of 3"));
            Assert.That(await NamesAsync($"name={_stream}*&offset=1&limit=1"), Is.EqualTo("b of 3"));
            Assert.That(await NamesAsync($"name={_stream}b"), Is.EqualTo("b of 1"));
            Assert.That(await NamesAsync($"name={_stream}*b&limit=9"), Is.EqualTo("b of 1"));
            Assert.That(await NamesAsync($"subject={_stream}.c.x"), Is.EqualTo("c of 1"));
            Assert.That(await NamesAsync($"subject={_stream}.%3E&name=*a"), Is.EqualTo("a of 1"));
            Assert.That(await NamesAsync($"name={_stream}&offset=7"), Is.EqualTo(" of 0"));
        }

        var whole = await _client.ManageAsync(HttpMethod.Get, "/v1/admin/stream");
        Assert.That(whole.Body["total"], Is.Null, "v1's answer is as it was");
    }

    [Test]
    public async Task Consumers_PartOfTheList_IsByNameSubjectAndPage()
    {
        await FillAsync("memory");
        await _raw.CreateConsumerAsync(_stream, "x-b", new JsonObject { ["filter_subject"] = $"{_stream}.b" });
        await _raw.CreateConsumerAsync(_stream, "x-a", new JsonObject { ["filter_subject"] = $"{_stream}.a" });
        await _raw.CreateConsumerAsync(_stream, "y");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(await ConsumersAsync("name=x-*"), Is.EqualTo("x-a x-b of 2"));
            Assert.That(await ConsumersAsync("offset=1&limit=1"), Is.EqualTo("x-b of 3"));
            Assert.That(await ConsumersAsync($"subject={_stream}.a"), Is.EqualTo("x-a y of 2"));
            Assert.That(await ConsumersAsync("name=z"), Is.EqualTo(" of 0"));
        }
    }

    private async Task<string> NamesAsync(string query)
    {
        var answer = (await _client.ManageAsync(HttpMethod.Get, $"/v1/admin/stream?{query}")).Body;
        return $"{string.Join(' ', answer["streams"]!.AsObject().Select(entry => entry.Key[_stream.Length..]))} of {answer["total"]}";
    }

    private async Task<string> ConsumersAsync(string query)
    {
        var answer = (await ManageAsync(HttpMethod.Get, $"/consumer?{query}")).Expect(200).Answer.Body;
        return $"{string.Join(' ', answer["consumers"]!.AsObject().Select(static entry => entry.Key))} of {answer["total"]}";
    }

    private async Task FillAsync(string storage, params string[] subjects)
    {
        await _raw.CreateStreamAsync(_stream, [$"{_stream}.*"], new JsonObject { ["storage"] = storage });
        foreach (var subject in subjects)
        {
            await _client.TryPublishAsync($"{_stream}.{subject}", Encoding.UTF8.GetBytes("m"));
        }
    }

    private Task<Checked> PurgeAsync(string scope) =>
        ManageAsync(HttpMethod.Post, "/purge", scope.Replace("{s}", _stream, StringComparison.Ordinal));

    private Task<Checked> GetMessageAsync(string sequence) => ManageAsync(HttpMethod.Get, $"/message/{sequence}");

    private async Task<Checked> ManageAsync(HttpMethod method, string path, string? body = null) => new(await _client.ManageAsync(
        method, $"/v1/admin/stream/{_stream}{path.Replace("{s}", _stream, StringComparison.Ordinal)}", body));
}
