using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Limits;

/// <summary>Nonsense in every place a client can write to: never a 500, and what is stored is what was sent.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class FuzzTests(string version)
{
    private const int Cases = 250;

    private static readonly string[] Pieces =
    [
        "a", "v1", "data", "admin", "stream", "subject", "consumer", "ack", "publish", ".", "..", "*", ">", "$JS", "_INBOX", "/", "//", "?", "&", "=",
        "%2F", "%2f", "%00", "%0A", "%25", "%", "%zz", "%C3%A9", "%C3", "%FF", "%2E%2E", "+", "~", ";", ":", "@", "subject_name", "max_msg_inflight",
        "-1", "0", "99999999999999999999", "delivery_group", "\\",
    ];

    private static readonly string[] Json =
    [
        "{", "}", "[", "]", ",", ":", "\"", "\\u0000", "\\ud800", "null", "true", "-1", "1e400", "99999999999999999999", "\"name\"", "\"stream\"", "\"consumer\"",
        "\"subjects\"", "\"mode\"", "\"push\"", "\"max_inflight\"", "\"subject\"", "\"b64_msg\"", "\"aGk=\"", " ", "\n", "é", "\0", "//", "NaN",
    ];

    private readonly Random _random = new(20_260_105);

    [Test]
    public async Task Path_AndQuery_Random_AreNever500() => await FuzzAsync(
        () => (_random.Next(2) == 0 ? HttpMethod.Get : HttpMethod.Post, Target(), Join(Json, 6)));

    [Test]
    public async Task Json_Random_IsNever500() => await FuzzAsync(
        () => (HttpMethod.Post, Pick("/v1/data/stream/s/consumer/c/ack", "/v1/data/publish"), Join(Json, 14)));

    [Test]
    public async Task Headers_Random_AreNever500() => await FuzzAsync(
        () => (HttpMethod.Get, Pick("/v1/data/alive", "/v1/data/stream/s/consumer/c?subject_name=s"), null),
        request =>
        {
            request.Headers.TryAddWithoutValidation(Pick("Accept", "Accept-Encoding", "Httpmq-Request-ID", "Range", "If-Match", "X-Forwarded-For", "Authorization"), Join(Pieces, 8));
            request.Headers.TryAddWithoutValidation(Pick("Cookie", "Origin", "Content-Language"), Join(Json, 4).ReplaceLineEndings(string.Empty).Replace("\0", string.Empty, StringComparison.Ordinal));
        });

    [Test]
    public async Task Base64_InPieces_StoresWhatWasSentAndNothingElse()
    {
        using var client = SharedServers.Gateway.Client(Version.Parse(version));
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);
        await client.DefineConsumerAsync(stream, "c");
        var sent = new List<byte[]>();
        for (var number = 0; number < Cases; number++)
        {
            var message = new byte[_random.Next(1, number % 20 == 0 ? 20_000 : 200)];
            _random.NextBytes(message);
            var text = Convert.ToBase64String(message, _random.Next(2) == 0 ? Base64FormattingOptions.InsertLineBreaks : Base64FormattingOptions.None);
            var broken = _random.Next(4) == 0;
            if (broken)
            {
                text = text.Insert(_random.Next(text.Length), Pick("!", "=A", " ", "\0", "é", "-", "_"));
            }

            var answer = await client.DataAsync(HttpMethod.Post, $"/v1/data/subject/{stream}", new PacedContent(Cut(Encoding.UTF8.GetBytes(text))));
            Assert.That(answer.Status, Is.EqualTo(broken ? HttpStatusCode.BadRequest : HttpStatusCode.OK), $"{answer} for {text}");
            if (!broken)
            {
                sent.Add(message);
            }
        }

        await using var subscription = await client.SubscribeAsync(stream, "c", $"subject_name={stream}&max_msg_inflight={Cases}");
        var first = await subscription.TakeAsync(Math.Min(sent.Count, 100));
        using (Assert.EnterMultipleScope())
        {
            Assert.That((int)(await client.StreamAsync(stream))["state"]!["messages"]!, Is.EqualTo(sent.Count));
            Assert.That(first.Select(static line => line.Bytes), Is.EqualTo(sent.Take(first.Count)));
        }
    }

    private async Task FuzzAsync(Func<(HttpMethod Method, string Target, string? Body)> next, Action<HttpRequestMessage>? more = null)
    {
        var server = SharedServers.Gateway.Dataplane.GetLeftPart(UriPartial.Authority);
        using var http = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8 }) { Timeout = Eventually.Patience };
        for (var number = 0; number < Cases; number++)
        {
            var (method, target, body) = next();
            if (!Uri.TryCreate(server + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }, out var uri))
            {
                continue;
            }

            using var request = new HttpRequestMessage(method, uri) { Version = Version.Parse(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            if (body is not null && method != HttpMethod.Get)
            {
                request.Content = new StringContent(body, Encoding.UTF8, (MediaTypeHeaderValue?)null!);
            }

            more?.Invoke(request);
            Assert.That(await StatusAsync(http, request), Is.LessThan(500), $"{method} {target} {body}");
        }
    }

    /// <summary>400 also where the server resets the stream, as over HTTP/2 for a path that is none.</summary>
    private static async Task<int> StatusAsync(HttpClient http, HttpRequestMessage request)
    {
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            return (int)response.StatusCode;
        }
        catch (HttpRequestException exception) when (exception.InnerException is HttpProtocolException { ErrorCode: 1 })
        {
            return 400;
        }
    }

    private string Target() => Pick("/", "/v1/data/subject/", "/v1/data/stream/", "/v1/data/stream/s/consumer/", "/v1/data/stream/s/consumer/c?") + Join(Pieces, 8);

    private string Pick(params string[] from) => from[_random.Next(from.Length)];

    private string Join(string[] from, int most) => string.Concat(Enumerable.Range(0, _random.Next(most + 1)).Select(_ => Pick(from)));

    private List<ReadOnlyMemory<byte>> Cut(byte[] text)
    {
        var parts = new List<ReadOnlyMemory<byte>>();
        for (var from = 0; from < text.Length;)
        {
            var length = Math.Min(text.Length - from, _random.Next(1, Math.Max(2, text.Length / 3)));
            parts.Add(text.AsMemory(from, length));
            from += length;
        }

        return parts;
    }
}
