using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Httpmq.Chaos.Load;

/// <summary>What a gateway answered; status 0 and the reason when it did not.</summary>
internal sealed record GatewayAnswer(int Status, JsonNode? Body, string? Detail)
{
    public bool Success => Status == (int)HttpStatusCode.OK;
}

/// <summary>One client of one gateway, over a connection of its own: HTTP/2 with prior knowledge.</summary>
internal sealed class GatewayClient(Uri address) : IDisposable
{
    /// <summary>The gateway promises an answer within 5 s; a stalled wire is given up after three times that.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(4);

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(2),
        KeepAlivePingDelay = PingDelay,
        KeepAlivePingTimeout = PingTimeout,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
    })
    {
        BaseAddress = address,
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public Task<GatewayAnswer> PublishAsync(string subject, byte[] message) =>
        SendAsync(HttpMethod.Post, $"/v1/data/subject/{subject}", Convert.ToBase64String(message));

    public Task<GatewayAnswer> AckAsync(string stream, string consumer, ulong streamSequence, ulong consumerSequence) =>
        SendAsync(HttpMethod.Post, $"/v1/data/stream/{stream}/consumer/{consumer}/ack",
            $$"""{"stream":{{streamSequence}},"consumer":{{consumerSequence}}}""");

    /// <summary>Settles one delivery; the answer is that of its entry.</summary>
    public async Task<GatewayAnswer> SettleAsync(
        string stream, string consumer, string verb, ulong streamSequence, ulong consumerSequence, string more = "")
    {
        var answer = await PostAsync(
            $"/v1/data/stream/{stream}/consumer/{consumer}/settle",
            $$"""{"{{verb}}":[{"stream":{{streamSequence}},"consumer":{{consumerSequence}}{{more}}}]}""");
        return answer.Body?["results"] is JsonArray and [{ } failed, ..]
            ? answer with { Status = (int)failed["code"]!, Detail = $"{(string?)failed["message"]}: {(string?)failed["detail"]}" }
            : answer;
    }

    public Task<GatewayAnswer> PostAsync(string path, JsonNode body) => PostAsync(path, body.ToJsonString());

    public Task<GatewayAnswer> PostAsync(string path, string body) => SendAsync(HttpMethod.Post, path, body);

    public Task<GatewayAnswer> PutAsync(string path, JsonNode body) => SendAsync(HttpMethod.Put, path, body.ToJsonString());

    public Task<GatewayAnswer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, body: null);

    public Task<GatewayAnswer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, body: null);

    /// <summary>Opens a subscription or a replay; throws as HttpClient does. The caller disposes the answer.</summary>
    /// <param name="path">Path and query.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="lastEventId">The last sequence that the client has; null: it does not say.</param>
    public async Task<HttpResponseMessage> SubscribeAsync(string path, CancellationToken cancellationToken, ulong? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (lastEventId is { } id)
        {
            request.Headers.Add("Last-Event-ID", $"{id}");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
    }

    /// <summary>As <see cref="SubscribeAsync"/>, over a WebSocket on a connection of its own.</summary>
    public async Task<ClientWebSocket> OpenWebSocketAsync(string path, CancellationToken cancellationToken, ulong? lastEventId = null)
    {
        var socket = new ClientWebSocket();
        try
        {
            socket.Options.AddSubProtocol("httpmq.v1.json");
            socket.Options.KeepAliveInterval = PingDelay;
            socket.Options.KeepAliveTimeout = PingTimeout;
            if (lastEventId is { } id)
            {
                socket.Options.SetRequestHeader("Last-Event-ID", $"{id}");
            }

            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(AnswerLimit);
            await socket.ConnectAsync(new UriBuilder(new Uri(address, path)) { Scheme = Uri.UriSchemeWs }.Uri, limit.Token);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<GatewayAnswer> SendAsync(HttpMethod method, string path, string? body)
    {
        using var request = new HttpRequestMessage(
            method, path)
        { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.ASCII.GetBytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        }

        using var limit = new CancellationTokenSource(AnswerLimit);
        try
        {
            using var response = await _http.SendAsync(request, limit.Token);
            var text = await response.Content.ReadAsStringAsync(limit.Token);

            // A batch is answered by one line per record: the first stands for all.
            var json = JsonNode.Parse(text.Split('\n', 2)[0]);
            var error = json?["error"];
            return new GatewayAnswer(
                (int)response.StatusCode, json, error is null ? null : $"{(string?)error["message"]}: {(string?)error["detail"]}");
        }
        catch (Exception exception)
            when (exception is HttpRequestException or SocketException or OperationCanceledException or IOException or JsonException)
        {
            return new GatewayAnswer(0, Body: null, $"{exception.GetType().Name}: {(exception.InnerException ?? exception).Message}");
        }
    }
}
