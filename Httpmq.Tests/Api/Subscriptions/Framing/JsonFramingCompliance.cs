using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Tests.Api.Subscriptions.Framing;

/// <summary>The framings that are made of JSON objects; each says how its objects are told apart.</summary>
internal abstract class JsonFramingCompliance : FramingCompliance
{
    private static readonly MessageHeaders SomeHeaders = MessageHeaders.Wrap("NATS/1.0\r\nA: 1\r\nb: 2\r\nA: 3\r\n\r\n"u8.ToArray());

    protected abstract FrameShape Shape { get; }

    protected override bool ShowsHeaders => true;

    protected override IFraming Create(PipeWriter output, FramingOptions options) =>
        new JsonFrameWriter(output, RequestId, "stream", "consumer", options with { Shape = Shape });

    /// <summary>The texts of the objects, in their order; anything that is none fails the test. Empty: a sign without an object.</summary>
    protected abstract IEnumerable<string> Split(string text);

    protected override IReadOnlyList<Frame> Read(byte[] bytes) => [.. Split(Encoding.UTF8.GetString(bytes)).Select(ReadFrame)];

    protected static IEnumerable<string> Lines(string text)
    {
        var lines = text.Split('\n');
        Assert.That(lines[^1], Is.Empty, "the last line ends");
        return lines[..^1];
    }

    [TestCase("hello \"you\"\\ \n\r\t\0 ünï😀 \u2028<", "utf8", "msg")]
    [TestCase("", "utf8", "msg")]
    [TestCase("{\"a\":\r\n [1,\n2e999, \"x\\n\"]}", "json", "json")]
    [TestCase(" 7 ", "json", "json")]
    [TestCase("null", "json", "json")]
    [TestCase("", "json", "b64_msg")]
    [TestCase("{\"a\":1", "json", "b64_msg")]
    [TestCase("1 2", "json", "b64_msg")]
    [TestCase("\uFEFF1", "json", "b64_msg")]
    [TestCase("hello", "base64", "b64_msg")]
    public void Write_EncodingAskedFor_IsUsedWhereThePayloadFits(string payload, string encoding, string member)
    {
        var root = Object(Encoding.UTF8.GetBytes(payload), encoding);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Members(root), Is.EqualTo(new[] { member }));
            Assert.That(PayloadOf(root, Encoding.UTF8.GetBytes), Is.EqualTo(Encoding.UTF8.GetBytes(OnOneLine(payload, member))));
        }
    }

    [TestCase("utf8")]
    [TestCase("json")]
    public void Write_BytesThatAreNoText_AreInBase64(string encoding)
    {
        byte[] payload = [(byte)'"', 0xC3, (byte)'"'];

        var root = Object(payload, encoding);

        Assert.That((Members(root), PayloadOf(root, _ => [])), Is.EqualTo((new[] { "b64_msg" }, payload)));
    }

    [TestCase(100_000)]
    [TestCase(2_303)]
    public void Write_LongText_ComesOutAsItWentIn(int length)
    {
        string[] parts = ["\"", "ü", "😀", "a", "b"];
        var text = string.Concat(Enumerable.Range(0, length).Select(index => parts[index % parts.Length]));

        Assert.That(Object(Encoding.UTF8.GetBytes(text), "utf8").GetProperty("msg").GetString(), Is.EqualTo(text));
    }

    [Test]
    public void Write_JsonTooDeep_IsInBase64() => Assert.That(
        Members(Object(Encoding.UTF8.GetBytes(new string('[', 65) + new string(']', 65)), "json")), Is.EqualTo(new[] { "b64_msg" }));

    [TestCase(true)]
    [TestCase(false)]
    public void Write_Metadata_HasTheTokenAndTheHeadersWhereTheFramingOrTheClientWantsThem(bool metadata)
    {
        var root = Object([1], "base64", metadata);
        var shown = metadata || ShowsHeaders;

        Assert.That(root.TryGetProperty("token", out var token), Is.EqualTo(shown));
        Assert.That(root.TryGetProperty("headers", out var headers), Is.EqualTo(shown));
        Assert.That(root.TryGetProperty("pending", out _), Is.EqualTo(metadata));
        if (shown)
        {
            var tokens = DeliveryToken.Of(StreamName.OfExisting("stream"), ConsumerName.OfExisting("consumer"));
            Assert.That(tokens.TryParse(Encoding.UTF8.GetBytes(token.GetString()!), out var delivery), Is.True);
            Assert.That(delivery, Is.EqualTo(new DeliverySequence(5, 6)));
            Assert.That(headers.GetRawText(), Is.EqualTo("""{"A":["1","3"],"b":["2"]}"""));
        }
    }

    private JsonElement Object(byte[] payload, string encoding, bool metadata = false)
    {
        var output = new ArrayPipeWriter();
        var framing = Create(output, new FramingOptions(Metadata: metadata) { Encoding = PayloadEncodings.Parse(encoding)!.Value });
        var length = framing.Write(new Delivery("a", new DeliverySequence(5, 6), payload, SomeHeaders));
        Assert.That(length, Is.EqualTo(output.Written.Length));
        Assert.That(Read(output.Written).Single().Kind, Is.EqualTo(FrameKind.Delivery));
        return JsonDocument.Parse(Split(Encoding.UTF8.GetString(output.Written)).Single()).RootElement;
    }

    private static string[] Members(JsonElement root) =>
        [.. root.EnumerateObject().Select(member => member.Name).Where(name => name is "b64_msg" or "msg" or "json")];

    private static string OnOneLine(string payload, string member) =>
        member is "json" ? payload.Replace('\n', ' ').Replace('\r', ' ').Trim() : payload;

    private static byte[] PayloadOf(JsonElement root, Func<string, byte[]> ofJson) =>
        root.TryGetProperty("b64_msg", out var base64) ? base64.GetBytesFromBase64()
        : root.TryGetProperty("msg", out var text) ? Encoding.UTF8.GetBytes(text.GetString()!)
        : ofJson(root.GetProperty("json").GetRawText());

    private static Frame ReadFrame(string text)
    {
        if (text.Length == 0)
        {
            return new Frame(FrameKind.Sign);
        }

        using var json = JsonDocument.Parse(text);
        var root = json.RootElement;
        if (root.TryGetProperty("event", out var sign))
        {
            Assert.That(sign.GetString(), Is.AnyOf("open", "keepalive"));
            return new Frame(FrameKind.Sign);
        }

        Assert.That(root.GetProperty("request_id").GetString(), Is.EqualTo(RequestId));
        if (!root.GetProperty("success").GetBoolean())
        {
            var error = root.GetProperty("error");
            return new Frame(FrameKind.End)
            {
                Status = error.GetProperty("code").GetInt32(),
                Message = error.GetProperty("message").GetString(),
                Detail = error.GetProperty("detail").GetString(),
            };
        }

        var sequence = root.GetProperty("sequence");
        return new Frame(FrameKind.Delivery)
        {
            Subject = root.GetProperty("message_subject").GetString(),
            Sequence = new DeliverySequence(sequence.GetProperty("stream").GetUInt64(), sequence.GetProperty("consumer").GetUInt64()),
            Payload = PayloadOf(root, Encoding.UTF8.GetBytes),
            Headers = root.TryGetProperty("headers", out var headers)
                ? [.. headers.EnumerateObject()
                    .SelectMany(header => header.Value.EnumerateArray(), (header, value) => $"{header.Name}={value.GetString()}")]
                : [],
        };
    }
}

[Parallelizable(ParallelScope.All)]
internal sealed class NdJsonFramingTests : JsonFramingCompliance
{
    protected override FrameShape Shape => FrameShape.NdJson;

    protected override IEnumerable<string> Split(string text) => Lines(text);
}

[Parallelizable(ParallelScope.All)]
internal sealed class JsonSequenceFramingTests : JsonFramingCompliance
{
    protected override FrameShape Shape => FrameShape.JsonSequence;

    protected override IEnumerable<string> Split(string text) => Lines(text).Select(line =>
    {
        Assert.That(line, Does.StartWith("\u001e"));
        return line[1..];
    });
}

/// <summary>Read as the specification of server-sent events says.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class ServerSentEventsTests : JsonFramingCompliance
{
    protected override FrameShape Shape => FrameShape.ServerSentEvents;

    protected override IEnumerable<string> Split(string text)
    {
        // A carriage return would end a line, too.
        Assert.That(text, Does.Not.Contain('\r'));
        var events = text.Split("\n\n");
        Assert.That(events[^1], Is.Empty, "the last event ends");
        return events[..^1].Select(ReadEvent);
    }

    private static string ReadEvent(string block)
    {
        if (block is "retry: 2000" or ": hb")
        {
            return string.Empty;
        }

        var lines = block.Split('\n');
        Assert.That(lines, Has.Length.EqualTo(2));
        Assert.That(lines[1], Does.StartWith("data: {"));
        var isEnd = lines[1].Contains("\"success\":false,", StringComparison.Ordinal);
        Assert.That(lines[0], Is.EqualTo(isEnd ? "event: end" : "event: message"));
        return lines[1]["data: ".Length..];
    }
}
