using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Httpmq.Tests.Support;

/// <summary>A status and the JSON that came with it.</summary>
internal sealed record GatewayAnswer(HttpStatusCode Status, JsonNode Body, HttpResponseMessage Response)
{
    public bool Success => (bool)Body["success"]!;

    public string Detail => (string)Body["error"]!["detail"]!;

    public override string ToString() => $"{(int)Status} {Body.ToJsonString()}";
}

/// <summary>Speaks to a gateway in intentions. It knows the wire, and nothing of the product's types.</summary>
internal sealed class GatewayClient(Gateway gateway, Version version) : IDisposable
{
    // What a client that does not read takes nevertheless: the kernel's own choice goes from 128 KiB to 32 MiB.
    private const int ReceiveBuffer = 256 * 1024;

    // Over HTTP/1.1 the handler would read on for a while after the end of a subscription, in the hope to use the connection again.
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        EnableMultipleHttp2Connections = true,
        ResponseDrainTimeout = TimeSpan.Zero,
        ConnectCallback = ConnectAsync,
    })
    {
        DefaultRequestVersion = version,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>Asserts that it was answered 200.</summary>
    public static GatewayAnswer Succeed(GatewayAnswer answer)
    {
        Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.OK), answer.ToString());
        return answer;
    }

    public Task<GatewayAnswer> ManageAsync(HttpMethod method, string path, string? json = null) =>
        SendAsync(
            method, new Uri(gateway.Management, path), json is null ? null : new StringContent(json, Encoding.UTF8, "application/json"));

    public Task<GatewayAnswer> DataAsync(HttpMethod method, string path, HttpContent? body = null) =>
        SendAsync(method, new Uri(gateway.Dataplane, path), body);

    /// <summary>Sends to the dataplane what is not answered with one JSON object.</summary>
    public Task<(HttpStatusCode Status, string Text)> SendRawAsync(HttpMethod method, string path, HttpContent? body = null) =>
        SendRawAsync(method, new Uri(gateway.Dataplane, path), body);

    public async Task<(HttpStatusCode Status, string Text)> SendRawAsync(HttpMethod method, Uri uri, HttpContent? body = null)
    {
        using var response = await _http.SendAsync(Request(method, uri, body));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Sends to the dataplane, and returns when the headers are here.</summary>
    public Task<HttpResponseMessage> OpenAsync(HttpMethod method, string path, HttpContent? body = null) =>
        _http.SendAsync(Request(method, new Uri(gateway.Dataplane, path), body), HttpCompletionOption.ResponseHeadersRead);

    public async Task DefineStreamAsync(string name, params string[] subjects) =>
        Succeed(await ManageAsync(HttpMethod.Post, "/v1/admin/stream", new JsonObject
        {
            ["name"] = name,
            ["subjects"] = new JsonArray([.. subjects.Select(subject => JsonValue.Create(subject))]),
        }.ToJsonString()));

    /// <param name="stream">The stream.</param>
    /// <param name="name">The consumer.</param>
    /// <param name="more">Fields beside name, mode push and max_inflight 100, or in their place.</param>
    public async Task DefineConsumerAsync(string stream, string name, JsonObject? more = null)
    {
        var body = new JsonObject { ["name"] = name, ["mode"] = "push", ["max_inflight"] = 100 };
        foreach (var (key, value) in more ?? [])
        {
            body[key] = value?.DeepClone();
        }

        Succeed(await ManageAsync(HttpMethod.Post, $"/v1/admin/stream/{stream}/consumer", body.ToJsonString()));
    }

    public async Task<JsonNode> ConsumerAsync(string stream, string name) =>
        Succeed(await ManageAsync(HttpMethod.Get, $"/v1/admin/stream/{stream}/consumer/{name}")).Body["consumer"]!;

    public async Task<JsonNode> StreamAsync(string stream) =>
        Succeed(await ManageAsync(HttpMethod.Get, $"/v1/admin/stream/{stream}")).Body["stream"]!;

    public Task<GatewayAnswer> TryPublishAsync(string subject, byte[] message) =>
        DataAsync(HttpMethod.Post, $"/v1/data/subject/{subject}", new StringContent(Convert.ToBase64String(message)));

    /// <summary>Publishes; the sequence at which it was stored.</summary>
    public async Task<ulong> PublishAsync(string subject, string message) =>
        (ulong)Succeed(await TryPublishAsync(subject, Encoding.UTF8.GetBytes(message))).Body["sequence"]!;

    public Task<GatewayAnswer> TryAckAsync(string stream, string consumer, ulong streamSequence, ulong consumerSequence) =>
        DataAsync(
            HttpMethod.Post,
            $"/v1/data/stream/{stream}/consumer/{consumer}/ack",
            JsonContent.Create(new { stream = streamSequence, consumer = consumerSequence }));

    public async Task AckAsync(string stream, string consumer, DeliveredLine line) =>
        Succeed(await TryAckAsync(stream, consumer, line.StreamSequence, line.ConsumerSequence));

    /// <summary>Subscribes; returns when the headers are here.</summary>
    /// <param name="query">What follows the question mark.</param>
    public async Task<OpenStream> SubscribeAsync(string stream, string consumer, string query)
    {
        var (open, refusal) = await TrySubscribeAsync(stream, consumer, query);
        Assert.That(refusal, Is.Null);
        return open!;
    }

    public async Task<(OpenStream? Open, GatewayAnswer? Refusal)> TrySubscribeAsync(string stream, string consumer, string query)
    {
        var request = Request(
            HttpMethod.Get, new Uri(gateway.Dataplane, $"/v1/data/stream/{stream}/consumer/{consumer}?{query}"), body: null);
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return response.IsSuccessStatusCode
            ? (new OpenStream(response, await response.Content.ReadAsStreamAsync()), null)
            : (null, await ReadAsync(response));
    }

    public void Dispose() => _http.Dispose();

    private async Task<GatewayAnswer> SendAsync(HttpMethod method, Uri uri, HttpContent? body)
    {
        using var request = Request(method, uri, body);
        return await ReadAsync(await _http.SendAsync(request));
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = ReceiveBuffer };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private HttpRequestMessage Request(HttpMethod method, Uri uri, HttpContent? body) =>
        new(method, uri) { Content = body, Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

    private static async Task<GatewayAnswer> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        try
        {
            return new GatewayAnswer(response.StatusCode, JsonNode.Parse(text)!, response);
        }
        catch (System.Text.Json.JsonException exception)
        {
            throw new AssertionException($"{(int)response.StatusCode} without JSON: {text}", exception);
        }
    }
}
