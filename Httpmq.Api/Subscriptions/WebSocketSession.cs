using System.Buffers;
using System.Net.WebSockets;
using Httpmq.Api.Bodies;
using Httpmq.Api.Errors;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Subscriptions;

/// <summary>The client's half of a subscription over a WebSocket (RFC 6455, RFC 8441), and the closing of it.</summary>
internal sealed class WebSocketSession(
    WebSocket socket,
    SubscriberInbox inbox,
    SubscriberMessages messages,
    BodyBuffers buffers,
    CancellationTokenSource gone,
    TimeProvider time)
{
    /// <summary>The one subprotocol.</summary>
    public const string Subprotocol = "httpmq.v1.json";

    private const int PieceBytes = 4096;

    // Of a subscription that ends for a reason with an HTTP status: the range is for applications.
    private const int CloseBase = 4000;

    // How long the client has to answer the closing.
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);

    /// <summary>Refuses a client that offers subprotocols, and not this one.</summary>
    public static void CheckSubprotocol(WebSocketManager sockets)
    {
        var offered = sockets.WebSocketRequestedProtocols;
        if (offered.Count > 0 && !offered.Contains(Subprotocol, StringComparer.Ordinal))
        {
            throw new HttpmqException(SubscriberErrors.Subprotocol(string.Join(", ", offered), Subprotocol));
        }
    }

    /// <summary>Reads until the client closes, leaves, or sends what cannot be taken.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await TryReadMessageAsync(cancellationToken))
            {
                // The next one.
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
            await gone.CancelAsync();
        }
    }

    /// <summary>
    /// Tells the client that and why it is over, and waits a moment for it to do the same. What it sends meanwhile is read all the same: a
    /// connection that is closed with something unread is reset, and the client loses what it was told.
    /// </summary>
    /// <param name="end">Why it ends; null: the client has closed.</param>
    /// <param name="reading">The client's half, which ends with its closing, or with what cannot be taken.</param>
    public async Task CloseAsync(Error? end, Task reading)
    {
        using var limit = new CancellationTokenSource(CloseLimit, time);
        try
        {
            await socket.CloseOutputAsync(StatusOf(end), end?.Type.Slug, limit.Token);
            if (end is not null)
            {
                await reading.WaitAsync(limit.Token);
                await DiscardAsync(limit.Token);
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException
            or InvalidOperationException)
        {
            // It is gone.
        }
    }

    private async Task DiscardAsync(CancellationToken cancellationToken)
    {
        var piece = new byte[PieceBytes];
        while (socket.State is WebSocketState.CloseSent)
        {
            await socket.ReceiveAsync(piece.AsMemory(), cancellationToken);
        }
    }

    private static WebSocketCloseStatus StatusOf(Error? end) => end switch
    {
        null => WebSocketCloseStatus.NormalClosure,
        _ when end.Type == ReplayErrorTypes.Complete => WebSocketCloseStatus.NormalClosure,
        _ when end.Type == HttpErrorTypes.ServerStopping => WebSocketCloseStatus.EndpointUnavailable,
        _ when end.Type == HttpErrorTypes.BodyTooLarge => WebSocketCloseStatus.MessageTooBig,
        _ when end.Type == BodyErrorTypes.InvalidJson => WebSocketCloseStatus.InvalidPayloadData,
        _ when end.Kind is ErrorKind.InvalidInput => WebSocketCloseStatus.PolicyViolation,
        _ => (WebSocketCloseStatus)(CloseBase + Http.ErrorResponses.StatusOf(end.Kind)),
    };

    /// <summary>False: no other follows.</summary>
    private async Task<bool> TryReadMessageAsync(CancellationToken cancellationToken)
    {
        using var held = buffers.Hold();
        var message = new ArrayBufferWriter<byte>();
        while (true)
        {
            var part = await socket.ReceiveAsync(message.GetMemory(PieceBytes), cancellationToken);
            message.Advance(part.Count);
            if (part.MessageType is WebSocketMessageType.Close)
            {
                await gone.CancelAsync();
                return false;
            }

            if (part.MessageType is WebSocketMessageType.Binary)
            {
                inbox.Refuse(SubscriberMessages.NotText());
                return false;
            }

            if (message.WrittenCount > SubscriberMessages.MaxBytes)
            {
                inbox.Refuse(SubscriberMessages.TooLarge());
                return false;
            }

            try
            {
                held.GrowTo(message.WrittenCount);
            }
            catch (HttpmqException exception)
            {
                inbox.Refuse(exception.Error);
                return false;
            }

            if (part.EndOfMessage)
            {
                return await messages.TryTakeAsync(new ReadOnlySequence<byte>(message.WrittenMemory), cancellationToken);
            }
        }
    }
}
