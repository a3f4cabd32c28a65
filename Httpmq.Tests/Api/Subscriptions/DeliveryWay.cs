using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>One of the ways to receive deliveries: a framing over a version of HTTP, or a subscription in both directions.</summary>
internal sealed record DeliveryWay(string Name, Version Version, string? Accept = null, string? TwoWay = null)
{
    private const string ServerSentEvents = "text/event-stream";
    private const string JsonSequence = "application/json-seq";

    /// <summary>All that there are. A new one is done when it is here and the suite is green.</summary>
    public static readonly DeliveryWay[] All =
    [
        new("lines over HTTP/1.1", HttpVersion.Version11),
        new("lines over HTTP/2", HttpVersion.Version20),
        new("NDJSON", HttpVersion.Version20, "application/x-ndjson"),
        new("JSON lines", HttpVersion.Version11, "application/jsonl"),
        new("JSON sequence", HttpVersion.Version20, JsonSequence),
        new("server-sent events", HttpVersion.Version11, ServerSentEvents),
        new(Subscriptions.TwoWay.WebSocket1, HttpVersion.Version11, TwoWay: Subscriptions.TwoWay.WebSocket1),
        new(Subscriptions.TwoWay.WebSocket2, HttpVersion.Version20, TwoWay: Subscriptions.TwoWay.WebSocket2),
        new(Subscriptions.TwoWay.Duplex, HttpVersion.Version20, TwoWay: Subscriptions.TwoWay.Duplex),
    ];

    /// <summary>Whether it gives signs of life; v1's lines have none.</summary>
    public bool HasHeartbeats => Accept is not null || TwoWay is not null;

    public async Task<Receiver> OpenAsync(Gateway gateway, string stream, string consumer, string query = "")
    {
        if (TwoWay is not null)
        {
            return new TwoWayReceiver(await Subscriptions.TwoWay.OpenAsync(TwoWay, gateway.Dataplane, stream, consumer, query));
        }

        var path = new Uri(gateway.Dataplane, $"/v1/data/stream/{stream}/consumer/{consumer}");
        var http = new HttpClient(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{path}?{query}"));
        request.Version = Version;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        if (Accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", Accept);
        }

        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.That((int)response.StatusCode, Is.EqualTo(200), Name);
        return new OneWayReceiver(http, response, await response.Content.ReadAsStreamAsync(), path, Accept);
    }

    public override string ToString() => Name;

    private sealed class OneWayReceiver(HttpClient http, HttpResponseMessage response, Stream body, Uri path, string? accept) : Receiver
    {
        private readonly StreamReader _reader = new(body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));

        public override async Task AckAsync(JsonNode delivery)
        {
            using var answer = await http.PostAsync(new Uri($"{path}/ack"), JsonContent.Create(delivery["sequence"]));
            Assert.That((int)answer.StatusCode, Is.EqualTo(200));
        }

        public override async Task VanishAfterAsync(int bytes)
        {
            await body.ReadExactlyAsync(new byte[bytes]);
            await DisposeAsync();
        }

        public override ValueTask DisposeAsync()
        {
            response.Dispose();
            _reader.Dispose();
            http.Dispose();
            return ValueTask.CompletedTask;
        }

        protected override async Task<JsonNode?> ReadAsync() => accept switch
        {
            ServerSentEvents => await ReadEventAsync(),
            JsonSequence => await _reader.ReadLineAsync() is { } text ? JsonNode.Parse(text.TrimStart('\u001e')) : null,
            _ => await _reader.ReadLineAsync() is { } line ? JsonNode.Parse(line) : null,
        };

        /// <summary>An event's data; what has none is a sign.</summary>
        private async Task<JsonNode?> ReadEventAsync()
        {
            const string Data = "data: ";
            JsonNode? data = null;
            while (await _reader.ReadLineAsync() is { } line)
            {
                if (line.Length == 0)
                {
                    return data ?? new JsonObject { ["event"] = "sign" };
                }

                data = line.StartsWith(Data, StringComparison.Ordinal) ? JsonNode.Parse(line[Data.Length..]) : data;
            }

            return null;
        }
    }

    private sealed class TwoWayReceiver(TwoWay open) : Receiver
    {
        public override async Task AckAsync(JsonNode delivery)
        {
            await open.SendAsync(new JsonObject { ["ack"] = new JsonArray(new JsonObject { ["token"] = (string)delivery["token"]! }) }
                .ToJsonString());
            Assert.That((int)(await open.ReadAsync("settled"))["settled"]!, Is.EqualTo(1));
        }

        public override Task VanishAfterAsync(int bytes) => open.VanishAfterAsync(bytes);

        public override ValueTask DisposeAsync() => open.DisposeAsync();

        protected override Task<JsonNode?> ReadAsync() => open.ReadAsync();
    }
}

/// <summary>Whoever receives deliveries, in one of the ways.</summary>
internal abstract class Receiver : IAsyncDisposable
{
    /// <summary>The next delivery.</summary>
    public async Task<JsonNode> NextAsync()
    {
        while (true)
        {
            var node = await ReadOrFailAsync();
            Assert.That(node["error"], Is.Null, node.ToJsonString());
            if (node["event"] is null)
            {
                return node;
            }
        }
    }

    public async Task<List<JsonNode>> TakeAsync(int count)
    {
        var deliveries = new List<JsonNode>();
        while (deliveries.Count < count)
        {
            deliveries.Add(await NextAsync());
        }

        return deliveries;
    }

    /// <summary>The next sign of life.</summary>
    public async Task SignAsync()
    {
        while ((await ReadOrFailAsync())["event"] is not { } named || (string)named! is "open")
        {
            // A delivery, or the beginning.
        }
    }

    /// <summary>Why it ends; nothing follows.</summary>
    public async Task<JsonNode> EndAsync()
    {
        var node = await ReadOrFailAsync();
        while (node["error"] is null)
        {
            node = await ReadOrFailAsync();
        }

        Assert.That(await ReadAsync().WaitAsync(Eventually.TimeLimit), Is.Null, "something follows the end");
        return node["error"]!;
    }

    /// <summary>Acknowledges on the way itself, where it takes that, and waits until it is confirmed.</summary>
    public abstract Task AckAsync(JsonNode delivery);

    /// <summary>Takes so many bytes of what comes, and is gone.</summary>
    public abstract Task VanishAfterAsync(int bytes);

    public abstract ValueTask DisposeAsync();

    /// <summary>The next object, or a sign that has none; null at the end.</summary>
    protected abstract Task<JsonNode?> ReadAsync();

    private async Task<JsonNode> ReadOrFailAsync() =>
        await ReadAsync().WaitAsync(Eventually.TimeLimit) ?? throw new AssertionException("it ended without a word");
}
