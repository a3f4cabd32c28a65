using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;
using NATS.Client.Core;

namespace Httpmq.Tests.Fuzz;

/// <summary>
/// Answers that are a message's bytes, of messages that no gateway published: what came in comes out, and what stands in headers breaks
/// none of them.
/// </summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class BytesFuzz(string version) : HttpFuzz(version)
{
    private const string Bytes = "Accept: application/octet-stream";

    private NatsConnection _nats = null!;
    private string _stream = string.Empty;

    [OneTimeSetUp]
    public void ConnectNats() => _nats = new NatsConnection(
        new NatsOpts { Url = NatsUrl, SubjectEncoding = Encoding.UTF8, HeaderEncoding = Encoding.UTF8 });

    [OneTimeTearDown]
    public async Task DisconnectNatsAsync() => await _nats.DisposeAsync();

    [SetUp]
    public async Task DefineAsync()
    {
        _stream = SharedServers.NewName();
        await JetStream.CreateStreamAsync(_stream, [$"{_stream}.>"]);
        await JetStream.CreateConsumerAsync(_stream, "c");
    }

    [TearDown]
    public Task DeleteAsync() => JetStream.CallAsync($"STREAM.DELETE.{_stream}");

    [Test]
    public Task Message_Random_ComesOutAsItWentIn() => RunAsync(100, async number =>
    {
        var subject = $"{_stream}.{Token()}";
        var payload = Random.Next(5) == 0 ? [] : Nonsense.Bytes(number % 20 == 0 ? 20_000 : 200);
        var headers = new NatsHeaders();
        for (var count = Random.Next(4); count > 0; count--)
        {
            headers[HeaderName()] = Value();
        }

        var reply = await _nats.RequestAsync<byte[], string>(subject, payload, headers);
        Assert.That(JsonNode.Parse(reply.Data!)!["error"], Is.Null, reply.Data);
        var what = $"{subject} {string.Join(' ', headers.Select(static one => $"{one.Key}: {one.Value}"))}";

        var read = await AssertBytesAsync("GET", $"/v1/data/stream/{_stream}/message/{number + 1}", subject, payload, what);
        Assert.That(read.Header("ETag"), Is.EqualTo($"\"{number + 1}\""), what);
        var pulled = await AssertBytesAsync("POST", $"/v1/data/stream/{_stream}/consumer/c/pull", subject, payload, what);
        var settled = await SendAsync(
            Server.Dataplane, "POST", $"/v1/data/stream/{_stream}/consumer/c/ack",
            new StringContent($$"""{"token":"{{pulled.Header("Httpmq-Token")}}"}"""));
        settled.Expect(200);
        foreach (var accept in new[] { "application/cloudevents+json", "application/json" })
        {
            (await SendAsync(
                Server.Dataplane, "GET", $"/v1/data/stream/{_stream}/message/{number + 1}?encoding=json", body: null, $"Accept: {accept}"))
                .Json.AsObject();
        }
    });

    /// <summary>A subject's token as NATS takes it: anything but white space, points and wildcards.</summary>
    private string Token() => "x" + Join(
        5, "a", "%", "%25", "/", "?", "#", "é", "漢", "😀", "\\", "\"", "\u0001", "\u001B", "\u007F", "\u0085", "\u00A0", "\u2028", "\uFFFD",
        ",", ";");

    private string HeaderName() => Nonsense.Pick(
        "ce-id", "ce-specversion", "ce-source", "ce-type", "ce-subject", "ce-time", "ce-datacontenttype", "ce-x", "CE-ID", "Content-Type",
        "Content-Length", "Transfer-Encoding", "ETag", "Httpmq-Token", "Set-Cookie", "X", "ce-");

    private string Value() => Join(
        3, "1.0", "a", " ", "é", "😀", "%", "%0D%0A", "\u0001", "\u001B", "\u007F", "\u0085", "\"", "application/json",
        "text/plain; charset=x");

    private string Join(int most, params string[] pieces) =>
        string.Concat(Enumerable.Range(0, Random.Next(most + 1)).Select(_ => Nonsense.Pick(pieces)));

    private async Task<WireAnswer> AssertBytesAsync(string method, string path, string subject, byte[] payload, string what)
    {
        using var response = await OpenAsync(
            Server.Dataplane, method, path, method is "POST" ? new ByteArrayContent([]) : null, Bytes);
        var bytes = await response.Content.ReadAsByteArrayAsync();
        var answer = new WireAnswer((int)response.StatusCode, response, Encoding.UTF8.GetString(bytes));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(200), $"{what}: {answer.Text}");
            Assert.That(bytes, Is.EqualTo(payload), what);
            Assert.That(Uri.UnescapeDataString(answer.Header("Httpmq-Subject")!), Is.EqualTo(subject), what);
            Assert.That(response.Headers.Contains("Set-Cookie") || response.Headers.Contains("X"), Is.False, what);
        }

        return answer;
    }
}
