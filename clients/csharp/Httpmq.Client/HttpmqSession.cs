using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;

namespace Httpmq.Client;

/// <summary>How a session receives.</summary>
public sealed class SessionOptions
{
    /// <summary>
    /// How many messages the gateway sends before <see cref="HttpmqSession.GiveCreditAsync"/> gives more. Null: as they come, within the
    /// consumer's <c>max_inflight</c>.
    /// </summary>
    public int? Credit { get; set; }

    /// <summary>The consumer's delivery group, when it has one.</summary>
    public string? DeliveryGroup { get; set; }

    /// <summary>Pull consumers: how many messages are asked for ahead of what was sent; null: the consumer's own limit.</summary>
    public int? MaxMsgInflight { get; set; }
}

/// <summary>
/// A subscription in both directions: messages come, and are settled on the same connection, a WebSocket.
/// <see cref="DataplaneClient.OpenSessionAsync"/> opens one. Safe for concurrent use; one reads at a time.
/// </summary>
public sealed class HttpmqSession : IAsyncDisposable, ISettler
{
    private const string Protocol = "httpmq.v1.json";
    private const int BufferSize = 16 * 1024;

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly ClientWebSocket _socket;
    private readonly JsonSerializerOptions _json;
    private readonly Channel<HttpmqMessage> _messages = Channel.CreateUnbounded<HttpmqMessage>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _settlements = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _sending = new(1);
    private readonly CancellationTokenSource _left = new();
    private readonly Task _receiving;
    private Exception? _end;
    private long _id;

    private HttpmqSession(ClientWebSocket socket, JsonSerializerOptions json)
    {
        (_socket, _json) = (socket, json);
        _receiving = ReceiveAllAsync();
    }

    /// <summary>
    /// The messages, until the session is disposed. Settle each by its methods within the consumer's <c>ack_wait</c>, or it comes again.
    /// </summary>
    /// <param name="cancellationToken">Leaves the enumeration; the session stays open.</param>
    /// <exception cref="HttpmqSubscriptionEndedException">The gateway ended the session, or the connection was lost.</exception>
    public IAsyncEnumerable<HttpmqMessage> ReadAllAsync(CancellationToken cancellationToken = default) =>
        _messages.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Lets the gateway send more messages.</summary>
    /// <param name="credit">How many more.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="HttpmqException">The session has ended.</exception>
    public Task GiveCreditAsync(int credit, CancellationToken cancellationToken = default) =>
        SendAsync(new Dictionary<string, int>(StringComparer.Ordinal) { ["credit"] = credit }, cancellationToken);

    /// <summary>Ends the session. Messages that were not settled come again after the consumer's <c>ack_wait</c>.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(CloseTimeout);
            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, statusDescription: null, limit.Token).ConfigureAwait(false);
            await _receiving.WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or InvalidOperationException)
        {
            // It is closed already, or nobody answers.
        }

        await _left.CancelAsync().ConfigureAwait(false);
        await _receiving.ConfigureAwait(false);
        _socket.Dispose();
        _left.Dispose();
        _sending.Dispose();
    }

    Task ISettler.AcknowledgeAsync(HttpmqMessage message, CancellationToken cancellationToken) =>
        SettleAsync(new SettleParameters { Ack = [message.Name(new SettledDelivery())] }, cancellationToken);

    Task ISettler.SettleAsync(HttpmqMessage message, SettleParameters settlement, CancellationToken cancellationToken) =>
        SettleAsync(settlement, cancellationToken);

    internal static async Task<HttpmqSession> OpenAsync(
        HttpClient client, Uri uri, Version version, JsonSerializerOptions json, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(Protocol);
        socket.Options.HttpVersion = version;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        try
        {
            await socket.ConnectAsync(uri, client, cancellationToken).ConfigureAwait(false);
            return new HttpmqSession(socket, json);
        }
        catch (WebSocketException exception)
        {
            var (status, headers) = ((int)socket.HttpStatusCode, socket.HttpResponseHeaders);
            socket.Dispose();
            throw status == 0
                ? new HttpmqUnreachableException(uri, exception)
                : new HttpmqException("The session was refused.", status, response: null, headers ?? NoHeaders, exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static readonly Dictionary<string, IEnumerable<string>> NoHeaders = [];

    private async Task SettleAsync(SettleParameters settlement, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _id).ToString(CultureInfo.InvariantCulture);
        var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _settlements[id] = settled;
        try
        {
            var message = JsonSerializer.SerializeToNode(settlement, _json)!;
            message["id"] = id;
            await SendAsync(message, cancellationToken).ConfigureAwait(false);
            if (_end is { } end)
            {
                throw end;
            }

            await settled.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _settlements.TryRemove(id, out _);
        }
    }

    private async Task SendAsync<T>(T message, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_end is { } end)
            {
                // The socket would take it, as long as this side has not closed it.
                throw end;
            }

            // A cancelled send would break the connection.
            await _socket.SendAsync(
                JsonSerializer.SerializeToUtf8Bytes(message, _json), WebSocketMessageType.Text, endOfMessage: true, _left.Token)
                .ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is WebSocketException or InvalidOperationException or OperationCanceledException)
        {
            throw _end ?? new HttpmqSubscriptionEndedException("The connection was lost.", exception);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task ReceiveAllAsync()
    {
        Exception end = new HttpmqSubscriptionEndedException("The session was closed.", innerException: null);
        try
        {
            while (await ReceiveAsync().ConfigureAwait(false) is { } message)
            {
                using var json = JsonDocument.Parse(message);
                Take(json);
            }
        }
        catch (HttpmqSubscriptionEndedException exception)
        {
            end = exception;
        }
        catch (Exception exception)
        {
            end = new HttpmqSubscriptionEndedException("The connection was lost.", exception);
        }

        _end = end;
        var isOwn = _socket.CloseStatus is WebSocketCloseStatus.NormalClosure || _left.IsCancellationRequested;
        _messages.Writer.TryComplete(isOwn ? null : end);
        foreach (var settlement in _settlements.Values)
        {
            settlement.TrySetException(end);
        }
    }

    private void Take(JsonDocument json)
    {
        if (!json.RootElement.TryGetProperty("event", out var sign))
        {
            _messages.Writer.TryWrite(json.RootElement.GetProperty("success").GetBoolean()
                ? new HttpmqMessage(this, json.Deserialize<DeliveryLine>(_json)!)
                : throw DataplaneClient.Ended(json.Deserialize<FailureAnswer>(_json)!));
            return;
        }

        if (json.RootElement.TryGetProperty("id", out var id) && _settlements.TryGetValue(id.GetString()!, out var settlement))
        {
            if (sign.ValueEquals("error"))
            {
                settlement.TrySetException(new HttpmqSettlementException(json.RootElement.GetProperty("error").Deserialize<Error>(_json)!));
            }
            else if (json.Deserialize<SettledEvent>(_json)!.Results is [var failure, ..])
            {
                settlement.TrySetException(new HttpmqSettlementException(failure));
            }
            else
            {
                settlement.TrySetResult();
            }
        }
    }

    /// <summary>One message; null when the socket is closed.</summary>
    private async Task<ReadOnlyMemory<byte>?> ReceiveAsync()
    {
        var message = new ArrayBufferWriter<byte>(BufferSize);
        while (true)
        {
            var part = await _socket.ReceiveAsync(message.GetMemory(BufferSize), _left.Token).ConfigureAwait(false);
            if (part.MessageType is WebSocketMessageType.Close)
            {
                return null;
            }

            message.Advance(part.Count);
            if (part.EndOfMessage)
            {
                return message.WrittenMemory;
            }
        }
    }
}
