using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Tests.Api.Bodies;

namespace Httpmq.Tests.Fuzz;

/// <summary>Messages published at random: what is stored is what was answered with 200, byte for byte and subject for subject.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class DataplaneFuzz(string version) : HttpFuzz(version)
{
    private readonly Dictionary<ulong, (string Subject, byte[] Bytes)> _sent = [];
    private string _stream = string.Empty;

    [SetUp]
    public async Task DefineStream()
    {
        _stream = SharedServers.NewName();
        _sent.Clear();
        using var client = Server.Client();
        await client.DefineStreamAsync(_stream, $"{_stream}.>");
    }

    [TearDown]
    public async Task Stored_Afterwards_IsWhatWasSent()
    {
        var stored = await StoredAsync(_stream);
        Assert.That(stored.Keys, Is.EquivalentTo(_sent.Keys));
        foreach (var (sequence, message) in _sent)
        {
            Assert.That(stored[sequence], Is.EqualTo(message), $"sequence {sequence}");
        }

        using var client = Server.Client();
        (await client.ManageAsync(HttpMethod.Delete, $"/v1/admin/stream/{_stream}")).Response.Dispose();
    }

    [Test]
    public Task Path_AndQuery_Random_AreNeverAFault() => RunAsync(250, async _ =>
    {
        var target = Nonsense.Pick("/", "/v1/data/subject/", "/v1/data/stream/", "/v1/data/stream/s/consumer/",
            "/v1/data/stream/s/consumer/c?") + Nonsense.Path(8);
        await TryAsync(Server.Dataplane, Nonsense.Pick("GET", "POST"), target, Encoding.UTF8.GetBytes(Nonsense.Json(6)));
    });

    [Test]
    public Task Acknowledgement_Random_IsNeverAFault() => RunAsync(250, async _ =>
    {
        var pair = Nonsense.Object(("stream", "1"), ("consumer", "1"));
        await TryAsync(Server.Dataplane, "POST", $"/v1/data/stream/{_stream}/consumer/c/ack", Nonsense.Pick(
            pair, [.. "["u8, .. pair, .. ",{}]"u8], Encoding.UTF8.GetBytes(Nonsense.Json(14))));
    });

    [Test]
    public Task Settlement_Random_IsNeverAFault() => RunAsync(250, async _ =>
    {
        var more = (Nonsense.Pick("delay", "reason", "token"), Nonsense.Pick("\"1s\"", "\"x\"", "1"));
        var entry = Encoding.UTF8.GetString(Nonsense.Object(("stream", "1"), ("consumer", "1"), more));
        var verb = (Nonsense.Pick("ack", "nak", "term", "progress"), $"[{entry},{{}}]");
        var body = Nonsense.Object(verb, (Nonsense.Pick("ack", "nak", "NAK", "x"), Nonsense.Pick("null", "[]", "[1]", entry)));
        var sent = Nonsense.Pick(body, Encoding.UTF8.GetBytes(Nonsense.Json(14)));
        await TryAsync(Server.Dataplane, "POST", $"/v1/data/stream/{_stream}/consumer/c/settle", sent);
    });

    [Test]
    public Task Headers_Random_AreNeverAFault() => RunAsync(250, async _ =>
    {
        var header = Nonsense.Pick("Accept", "Accept-Encoding", "Httpmq-Request-ID", "Range", "If-Match", "X-Forwarded-For",
            "Authorization", "Cookie", "Origin", "Expect-CT");
        var value = Nonsense.Pick(Nonsense.Path(8), Nonsense.Json(4)).ReplaceLineEndings(string.Empty)
            .Replace("\0", string.Empty, StringComparison.Ordinal).Replace(" & ", "&", StringComparison.Ordinal);
        await TryAsync(Server.Dataplane, "GET", Nonsense.Pick(
            "/v1/data/alive", "/v1/data/stream/s/consumer/c?subject_name=s"), headers: $"{header}: {value}");
    });

    [Test]
    public Task Subject_Random_IsStoredAsItWasMeant() => RunAsync(250, async _ =>
    {
        var subject = $"{_stream}.{Tokens()}";
        var message = Nonsense.Bytes(20);
        var broken = Random.Next(8) == 0;
        var end = broken ? Nonsense.Pick("%", "%zz", "%C3", "%FF", "%00", "%20", "/x", "..") : Nonsense.Pick("", "", "?x=%zz&y");
        var target = $"/v1/data/subject/{Nonsense.Encode(subject)}{end}";
        var answer = await TryAsync(Server.Dataplane, "POST", target, Encoding.ASCII.GetBytes(Convert.ToBase64String(message)));
        if (answer is { Status: 200 })
        {
            Assert.That(broken, Is.False, target);
            _sent.Add((ulong)answer.Json["sequence"]!, (subject, message));
        }
    });

    [Test]
    public Task Publish_RandomHeaders_IsStoredOrRefused() => RunAsync(150, async _ =>
    {
        byte[] message = [1, .. Nonsense.Bytes(20)];
        var headers = string.Join(" & ", Enumerable.Range(0, Random.Next(1, 5)).Select(_ => $"{MessageHeader()}: {HeaderValue()}"));
        var answer = await TryAsync(Server.Dataplane, "POST", $"/v1/data/subject/{_stream}.x?encoding=raw", message, headers);
        if (answer is { Status: 200 })
        {
            // One with an id that was there before is not stored again.
            _sent.TryAdd((ulong)answer.Json["sequence"]!, ($"{_stream}.x", message));
        }
        else if (answer is not null)
        {
            Assert.That(answer.Status, Is.AnyOf(400, 412, 422, 501), $"{headers}: {answer.Text}");
        }
    });

    [Test]
    public Task Base64_InPieces_IsStoredOrRefused() => RunAsync(250, async number =>
    {
        var message = Nonsense.Bytes(number % 20 == 0 ? 20_000 : 200);
        var text = Convert.ToBase64String(message, Nonsense.Pick(Base64FormattingOptions.InsertLineBreaks, Base64FormattingOptions.None));
        var broken = Random.Next(4) == 0;
        if (broken)
        {
            text = text.Insert(Random.Next(text.Length), Nonsense.Pick("!", "=A", " ", "\0", "é", "-", "_"));
        }

        var body = new PacedContent(Nonsense.Cut(Encoding.UTF8.GetBytes(text)));
        var answer = (await SendAsync(Server.Dataplane, "POST", $"/v1/data/subject/{_stream}.x", body)).Expect(broken ? 400 : 200);
        if (!broken)
        {
            _sent.Add((ulong)answer.Json["sequence"]!, ($"{_stream}.x", message));
        }
    });

    [Test]
    public Task Batch_Random_StoresTheRecordsThatWereAnsweredWithASequence() => RunAsync(50, async _ =>
    {
        var records = Enumerable.Range(0, Random.Next(1, 30))
            .Select(_ => (Subject: $"{_stream}.{Tokens()}", Bytes: Nonsense.Bytes(50))).ToArray();
        var lines = records.Select(record => Nonsense.Object(("subject", new JsonObject { ["x"] = record.Subject }["x"]!.ToJsonString()),
            ("b64_msg", $"\"{Convert.ToBase64String(record.Bytes)}\""))).ToArray();
        var body = lines.SelectMany(line => (byte[])[.. line.Where(letter => letter != (byte)'\n'), (byte)'\n']).ToArray();
        var answer = await SendAsync(Server.Dataplane, "POST", "/v1/data/publish", new PacedContent(Nonsense.Cut(body)));
        Assert.That(answer.Status, Is.EqualTo(200));
        foreach (var outcome in answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!))
        {
            if ((bool)outcome["success"]!)
            {
                // What is stored is what the line says, read apart from the product: damage may have changed the record.
                var line = new SentJson([.. lines[(int)outcome["line"]! - 1].Where(letter => letter != (byte)'\n')]);
                _sent.Add((ulong)outcome["sequence"]!, (line.Text("subject")!, Convert.FromBase64String(line.Text("b64_msg")!)));
            }
            else
            {
                // On a busy machine JetStream may not say in time that no stream has the subject; the message is then not stored either.
                var notAsked = (string)outcome["error"]!["type"]! is "message-not-taken";
                Assert.That((int)outcome["error"]!["code"]!, notAsked ? Is.EqualTo(503) : Is.AnyOf(400, 404, 413), answer.Text);
            }
        }
    });

    private string MessageHeader() => Nonsense.Pick(
        "Httpmq-Header-X", "httpmq-header-", "Httpmq-Header-nats-ttl", "Nats-Msg-Id", "nats-ttl", "Nats-Rollup", "Nats-Incr", "Nats-X",
        "Nats-Expected-Stream", "Nats-Expected-Last-Sequence", "Nats-Expected-Last-Subject-Sequence", "Nats-Schedule",
        "Nats-Schedule-Target", "Idempotency-Key", "If-Match", "If-None-Match", "traceparent", "ce-specversion", "ce-id", "ce-type");

    private string HeaderValue()
    {
        var value = Nonsense.Pick(
            "1", "0", "sub", "never", "1h", "@hourly", "*", "\"1\"", "\"", "1.0", "a b", Nonsense.Path(4).ReplaceLineEndings(string.Empty));
        return value.Replace("\0", string.Empty, StringComparison.Ordinal).Replace('&', '+');
    }

    private string Tokens() => string.Concat(Enumerable.Range(0, Random.Next(1, 6)).Select(_ =>
        Nonsense.Pick("a", "b", ".", "..", "*", ">", " ", "%", "%2F", "/", "?", "#", "+", "é", "漢", "😀", "\\", "\"", "\u0001", "\u007F",
            "\u00A0", "\uFFFD", "$JS", ";", "&", "=")));
}
