using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Api.Http;
using Httpmq.Tests.Api.Bodies;
using Httpmq.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Httpmq.Tests.Fuzz;

/// <summary>
/// What subscribers send at random over WebSockets and duplex: each is told in whole objects what is wrong, with a close code that
/// blames nobody else, and leaves no subscription behind.
/// </summary>
internal sealed class SubscriberFuzz() : HttpFuzz("2.0")
{
    private const int Messages = 3;

    private string _stream = string.Empty;

    private string Path => $"/v1/data/stream/{_stream}/consumer/c";

    [SetUp]
    public async Task DefineAsync()
    {
        _stream = SharedServers.NewName();
        using var client = Server.Client();
        await client.DefineStreamAsync(_stream, _stream);
        await client.DefineConsumerAsync(_stream, "c", new JsonObject { ["mode"] = "pull" });
        for (var message = 0; message < Messages; message++)
        {
            await client.PublishAsync(_stream, "m");
        }
    }

    [TearDown]
    public async Task Nothing_Afterwards_IsLeft()
    {
        var streams = Server.DataplaneServices.GetRequiredService<OpenStreams>();
        await Eventually.HoldsAsync(() => streams.Count == 0, "no open subscription");
        Assert.That(await JetStream.MessagesAsync(_stream), Is.EqualTo((ulong)Messages));
        await JetStream.CallAsync($"STREAM.DELETE.{_stream}");
    }

    [Test]
    public Task WebSocket_AnyFrames_AreToldAndLeaveNothing() => RunAsync(100, async _ =>
    {
        using var socket = await RawWebSocket.OpenAsync(Server.Dataplane, Path + Nonsense.Pick("", "?credit=0", "?credit=1"));
        byte[] sent = [.. Enumerable.Range(0, Random.Next(1, 6)).SelectMany(_ => AnyFrames())];
        if (Random.Next(3) == 0)
        {
            sent = sent[..Random.Next(sent.Length)];
        }

        foreach (var piece in Nonsense.Cut(sent))
        {
            await socket.SendAsync(piece);
        }

        socket.EndSending();
        var what = Convert.ToHexString(sent.AsSpan(0, Math.Min(sent.Length, 2000)));
        var closings = new List<int>();
        while (await socket.ReadAsync() is { } frame)
        {
            var opcode = frame.Opcode & 0xF;

            // A frame that is none .NET's WebSocket answers by itself, and a message may be past its check of the state at that moment.
            Assert.That(
                opcode < RawWebSocket.Close && closings.Exists(static code => code != 1002), Is.False,
                $"no message follows the closing: {what}");
            if (opcode == RawWebSocket.Text)
            {
                AssertObject(Encoding.UTF8.GetString(frame.Payload), what);
            }
            else if (opcode == RawWebSocket.Close)
            {
                closings.Add(frame.Payload.Length == 0 ? 1000 : BinaryPrimitives.ReadUInt16BigEndian(frame.Payload));
                int[] codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 4400, 4413];
                Assert.That(closings[^1], Is.AnyOf([.. codes.Cast<object>()]), what);
            }
        }
    });

    [Test]
    public Task Duplex_AnyLines_AreToldAndTheLastIsWhy() => RunAsync(100, async _ =>
    {
        // What comes last ends it, if nothing before has.
        byte[] sent =
        [
            .. Enumerable.Range(0, Random.Next(0, 6)).SelectMany(
                _ => (byte[])[.. AnyMessage(), .. Nonsense.Pick<byte[]>([10], [13, 10], [])]),
            .. "\nnonsense\n"u8,
        ];
        using var answer = await OpenAsync(
            Server.Dataplane, "POST", Path + "/duplex" + Nonsense.Pick("", "?credit=0", "?credit=1"), new PacedContent(Nonsense.Cut(sent)));

        Assert.That((int)answer.StatusCode, Is.EqualTo(200));
        var text = await answer.Content.ReadAsStringAsync().WaitAsync(Eventually.TimeLimit);
        var what = Encoding.UTF8.GetString(sent.AsSpan(0, Math.Min(sent.Length, 2000)));
        Assert.That(text, Does.EndWith("\n"), what);
        var objects = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => AssertObject(line, what)).ToArray();
        Assert.That((bool?)objects[^1]["success"], Is.False, what);
    });

    /// <summary>A whole message in frames as they should be, or frames that are not.</summary>
    private byte[] AnyFrames()
    {
        const int Final = 0x80;
        var message = AnyMessage();
        switch (Random.Next(8))
        {
            case 0:
                return RawWebSocket.Frame(Final | RawWebSocket.Binary, message);
            case 1:
                // A ping or a closing of its own, with a code or none, or too long for a frame that says something about the connection.
                return RawWebSocket.Frame(
                    Final | Random.Next(8, 11), Nonsense.Pick<byte[]>([], [3], [3, 0xE8], [0, 0], [0x0F, 0xA0, .. message], new byte[126]));
            case 2:
                return RawWebSocket.Frame(Final | RawWebSocket.Text, message, isMasked: false);
            case 3:
                return RawWebSocket.Frame(
                    Final | RawWebSocket.Text, message, length: Nonsense.Pick<ulong>(0, 125, 65_535, int.MaxValue, ulong.MaxValue));
            case 4:
                return RawWebSocket.Frame(Random.Next(256), message);
            case 5:
                return RawWebSocket.Frame(Final | RawWebSocket.Text, new byte[3 * 1024 * 1024]);
            case 6:
                var parts = Nonsense.Cut(message);
                return [.. parts.SelectMany((part, index) => RawWebSocket.Frame(
                    (index == parts.Count - 1 ? Final : 0) | (index == 0 ? RawWebSocket.Text : 0), part.ToArray()))];
            default:
                return RawWebSocket.Frame(Final | RawWebSocket.Text, message);
        }
    }

    private byte[] AnyMessage()
    {
        var entry = Encoding.UTF8.GetString(Nonsense.Object(
            ("stream", "1"), ("consumer", "1"), (Nonsense.Pick("delay", "reason", "token"), Nonsense.Pick("\"1s\"", "\"x\"", "1"))));
        return Nonsense.Pick(
            Nonsense.Object(("credit", Nonsense.Pick("1", "1000000", "-1", "0", "1e3"))),
            Nonsense.Object((Nonsense.Pick("ack", "nak", "term", "progress"), $"[{entry}]"), ("id", "\"7\"")),
            Nonsense.Object(("ack", "[]"), ("credit", "1")),
            Encoding.UTF8.GetBytes(Nonsense.Json(8)),
            Nonsense.Bytes(50));
    }

    /// <summary>An event, a delivery or the end; no error of them says that the gateway failed.</summary>
    private static JsonNode AssertObject(string text, string what)
    {
        var node = JsonNode.Parse(text)!;
        Assert.That(
            node["event"] is not null || node["success"] is not null || node["sequence"] is not null, Is.True, $"{what}: {text}");
        var codes = new[] { node["error"]?["code"] }.Concat(node["results"]?.AsArray().Select(static one => one!["code"]) ?? []);
        Assert.That(
            codes.Where(static code => code is not null).Select(static code => (int)code!), Is.All.LessThan(500), $"{what}: {text}");
        return node;
    }
}
