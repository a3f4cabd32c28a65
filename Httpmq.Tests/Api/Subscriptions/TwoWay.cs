using System.IO.Pipelines;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>A subscription that the client can talk to, over any of the ways there are.</summary>
internal abstract class TwoWay : IAsyncDisposable
{
    public const string Duplex = "duplex";
    public const string WebSocket1 = "WebSocket over HTTP/1.1";
    public const string WebSocket2 = "WebSocket over HTTP/2";

    /// <summary>The status of the closing; null: this way has none.</summary>
    public virtual int? CloseStatus => null;

    public virtual string? CloseReason => null;

    /// <summary>Opens one, and reads its first object.</summary>
    /// <param name="way">Which of them.</param>
    /// <param name="dataplane">The API.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="consumer">The consumer.</param>
    /// <param name="query">What follows the question mark.</param>
    /// <param name="handler">How to connect; null: as always.</param>
    public static async Task<TwoWay> OpenAsync(
        string way, Uri dataplane, string stream, string consumer, string query = "", SocketsHttpHandler? handler = null)
    {
        var path = $"/v1/data/stream/{stream}/consumer/{consumer}{(way is Duplex ? "/duplex" : string.Empty)}?{query}";
        TwoWay open = way switch
        {
            Duplex => await DuplexWay.OpenAsync(new Uri(dataplane, path), handler ?? new SocketsHttpHandler()),
            _ => await WebSocketWay.OpenAsync(
                new UriBuilder(new Uri(dataplane, path)) { Scheme = dataplane.Scheme is "https" ? "wss" : "ws" }.Uri,
                way is WebSocket1 ? HttpVersion.Version11 : HttpVersion.Version20,
                handler ?? new SocketsHttpHandler(),
                "httpmq.v1.json"),
        };
        Assert.That((string)(await open.ReadAsync())!["event"]!, Is.EqualTo("open"));
        return open;
    }

    public abstract Task SendAsync(string message);

    /// <summary>Takes so many bytes of what comes, and is gone.</summary>
    public abstract Task VanishAfterAsync(int bytes);

    /// <summary>The next object; null at the end.</summary>
    public async Task<JsonNode?> ReadAsync() =>
        await ReadTextAsync().WaitAsync(Eventually.TimeLimit) is { } text ? JsonNode.Parse(text) : null;

    /// <summary>The next object that has no event, or has this one.</summary>
    public async Task<JsonNode> ReadAsync(string? named)
    {
        while (await ReadAsync() is { } node)
        {
            if (string.Equals((string?)node["event"], named, StringComparison.Ordinal))
            {
                return node;
            }
        }

        throw new AssertionException($"it ended before an object came whose event is {named ?? "none"}");
    }

    public abstract ValueTask DisposeAsync();

    protected abstract Task<string?> ReadTextAsync();

    private sealed class DuplexWay(HttpResponseMessage response, PipeWriter up, StreamReader down) : TwoWay
    {
        public static async Task<DuplexWay> OpenAsync(Uri uri, SocketsHttpHandler handler)
        {
            var up = new Pipe();
            using var http = new HttpClient(handler, disposeHandler: false);
            using var request = new HttpRequestMessage(HttpMethod.Post, uri);
            request.Version = HttpVersion.Version20;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            request.Content = new UpContent(up.Reader);
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.That((int)response.StatusCode, Is.EqualTo(200));
            return new DuplexWay(response, up.Writer, new StreamReader(await response.Content.ReadAsStreamAsync()));
        }

        public override async Task SendAsync(string message) => await up.WriteAsync(Encoding.UTF8.GetBytes(message + "\n"));

        public override async Task VanishAfterAsync(int bytes)
        {
            await down.ReadBlockAsync(new char[bytes]);
            response.Dispose();
        }

        protected override Task<string?> ReadTextAsync() => down.ReadLineAsync();

        public override async ValueTask DisposeAsync()
        {
            response.Dispose();
            await up.CompleteAsync();
            down.Dispose();
        }

        /// <summary>Sends what is written, as it is written.</summary>
        private sealed class UpContent(PipeReader reader) : HttpContent
        {
            protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
            {
                await stream.FlushAsync();
                while (true)
                {
                    var result = await reader.ReadAsync();
                    foreach (var part in result.Buffer)
                    {
                        await stream.WriteAsync(part);
                    }

                    await stream.FlushAsync();
                    reader.AdvanceTo(result.Buffer.End);
                    if (result.IsCompleted)
                    {
                        return;
                    }
                }
            }

            protected override bool TryComputeLength(out long length)
            {
                length = 0;
                return false;
            }
        }
    }

    internal sealed class WebSocketWay(ClientWebSocket socket, HttpMessageInvoker http) : TwoWay
    {
        private readonly byte[] _buffer = new byte[2 * 1024 * 1024];

        public override int? CloseStatus => (int?)socket.CloseStatus;

        public override string? CloseReason => socket.CloseStatusDescription;

        public string? Subprotocol => socket.SubProtocol;

        public ClientWebSocket Socket => socket;

        public static Task<WebSocketWay> OpenAsync(Uri uri, Version version, params string[] subprotocols) =>
            OpenAsync(uri, version, new SocketsHttpHandler(), subprotocols);

        public static async Task<WebSocketWay> OpenAsync(
            Uri uri, Version version, SocketsHttpHandler handler, params string[] subprotocols)
        {
            var socket = new ClientWebSocket();
            socket.Options.HttpVersion = version;
            socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
            socket.Options.CollectHttpResponseDetails = true;
            foreach (var subprotocol in subprotocols)
            {
                socket.Options.AddSubProtocol(subprotocol);
            }

            var http = new HttpMessageInvoker(handler);
            try
            {
                await socket.ConnectAsync(uri, http, CancellationToken.None);
                return new WebSocketWay(socket, http);
            }
            catch
            {
                var status = socket.HttpStatusCode;
                socket.Dispose();
                http.Dispose();
                throw new HttpRequestException("refused", inner: null, status);
            }
        }

        public override Task SendAsync(string message) =>
            socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

        public override async Task VanishAfterAsync(int bytes)
        {
            for (var taken = 0; taken < bytes;)
            {
                taken += (await socket.ReceiveAsync(_buffer.AsMemory(0, bytes), CancellationToken.None)).Count;
            }

            socket.Abort();
        }

        protected override async Task<string?> ReadTextAsync()
        {
            var length = 0;
            while (true)
            {
                var part = await socket.ReceiveAsync(_buffer.AsMemory(length), CancellationToken.None);
                length += part.Count;
                if (part.MessageType is WebSocketMessageType.Close)
                {
                    await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, statusDescription: null, CancellationToken.None);
                    return null;
                }

                if (part.EndOfMessage)
                {
                    Assert.That(part.MessageType, Is.EqualTo(WebSocketMessageType.Text));
                    return Encoding.UTF8.GetString(_buffer, 0, length);
                }
            }
        }

        public override ValueTask DisposeAsync()
        {
            socket.Dispose();
            http.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
