using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Fuzz;

/// <summary>Requests that no HTTP library would send, as bytes: headers of HTTP/1.1 and header blocks of HTTP/2.</summary>
internal sealed class WireFuzz() : HttpFuzz("2.0")
{
    private static readonly string[] Http1Pieces =
    [
        "GET", "POST", " ", "  ", "\t", "/v1/admin/alive", "/v1/admin/stream", "/%00", "/é", "*", "http://x/v1/admin/alive", "?",
        "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "\r\n", "\n", "\r", ":", ": ",
        "Host", "Content-Length", "Transfer-Encoding", "chunked", "Connection", "close", "Httpmq-Request-ID", "Expect", "100-continue",
        "Upgrade", "h2c", "0", "5", "-1", "99999999999999999999",
        "\0", "\u0001", "\u007F", "ÿ", "x", ",", ";", "\"",
    ];

    [Test]
    public Task Http1_AnyHead_IsNeverAFault() => RunAsync(250, async _ =>
    {
        var parts = Enumerable.Range(0, Random.Next(1, 8)).Select(_ => Nonsense.Pick(Http1Pieces));
        var head = Random.Next(3) == 0
            ? string.Concat(parts)
            : $"{Nonsense.Pick("GET", "POST")} {Nonsense.Pick("/v1/admin/alive", "/v1/admin/stream")} HTTP/1.1\r\nHost: "
                + $"localhost\r\n{Nonsense.Pick("Httpmq-Request-ID: ", "X: ", string.Empty)}{string.Concat(parts)}";
        var answer = await SendAsync(Server.Management, Encoding.Latin1.GetBytes(head + "\r\n\r\n" + Nonsense.Json(3)));
        var status =
            answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? int.Parse(answer.AsSpan(9, 3), CultureInfo.InvariantCulture) : 400;
        Assert.That(status, Is.LessThan(500).Or.EqualTo(505), $"{head} {answer}");
    });

    [Test]
    public Task Http2_AnyHeaderBlock_IsNeverAFault() => RunAsync(250, async _ =>
    {
        (string Name, byte[] Value)[] more = [.. Enumerable.Range(0, Random.Next(0, 4)).Select(_ => (
            Nonsense.Pick(
                "httpmq-request-id", "x", "X", "te", "connection", ":path", ":x", "content-length", "host", "é", "\u0001", string.Empty),
            Nonsense.Pick(Nonsense.Bytes(10), Encoding.Latin1.GetBytes(
                string.Concat(Enumerable.Range(0, 4).Select(_ => Nonsense.Pick(Http1Pieces)))))))];
        var path = Nonsense.Pick(
            "/v1/admin/alive", "/v1/admin/stream/é", "/v1/admin/stream/\u0130", "/%00", string.Empty, "*", "é", "/a b", "/\u0001");
        var status = await RawHttp2.SendAsync(Server.Management, "GET", Encoding.UTF8.GetBytes(path), more);
        Assert.That(status, Is.Null.Or.LessThan(500),
            $"{path} {string.Join(' ', more.Select(header => $"{header.Name}: {Encoding.Latin1.GetString(header.Value)}"))}");
    });

    [TestCase("\u0131", 400)]
    [TestCase("\u0131%61", 400)]
    [TestCase("é", 400)]
    [TestCase("\u00C3\u00A9%61", 400, Description = "not éa either")]
    [TestCase("%C3%A9", 200)]
    public async Task Http2_PathThatIsNoAscii_IsRefusedAndNothingElseIsStored(string token, int status)
    {
        using var client = Server.Client();
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, $"{stream}.>");
        var answer = await RawHttp2.SendAsync(
            Server.Dataplane, "POST", Encoding.UTF8.GetBytes($"/v1/data/subject/{stream}.{token}"), [], "aGk="u8.ToArray());
        var stored = (await StoredAsync(stream)).Values.Select(message => message.Subject).ToArray();
        await client.ManageAsync(HttpMethod.Delete, $"/v1/admin/stream/{stream}");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer ?? 400, Is.EqualTo(status));
            Assert.That(stored, Is.EqualTo(status == 200 ? new[] { $"{stream}.{Uri.UnescapeDataString(token)}" } : []));
        }
    }

    /// <summary>Sends everything, then reads until the server closes.</summary>
    private static async Task<string> SendAsync(Uri server, byte[] bytes)
    {
        using var timeLimit = new CancellationTokenSource(Eventually.TimeLimit);
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, timeLimit.Token);
        try
        {
            var stream = client.GetStream();
            await stream.WriteAsync(bytes, timeLimit.Token);
            client.Client.Shutdown(SocketShutdown.Send);
            using var reader = new StreamReader(stream);
            return await reader.ReadToEndAsync(timeLimit.Token);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            return string.Empty;
        }
    }
}
