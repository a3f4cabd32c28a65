using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
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

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(2),
        KeepAlivePingDelay = TimeSpan.FromSeconds(2),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(4),
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

    public Task<GatewayAnswer> PostAsync(string path, JsonNode body) => PostAsync(path, body.ToJsonString());

    public Task<GatewayAnswer> PostAsync(string path, string body) => SendAsync(HttpMethod.Post, path, body);

    public Task<GatewayAnswer> PutAsync(string path, JsonNode body) => SendAsync(HttpMethod.Put, path, body.ToJsonString());

    public Task<GatewayAnswer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, body: null);

    public Task<GatewayAnswer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, body: null);

    /// <summary>Opens a subscription; throws as HttpClient does. The caller disposes the answer.</summary>
    public async Task<HttpResponseMessage> SubscribeAsync(string path, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        return await _http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, limit.Token);
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
