using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Domain.Errors;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Httpmq.Api.Subscriptions;

/// <summary>
/// How a WebSocket is opened (RFC 6455, 4.2; RFC 8441). A handshake that is broken is refused: without its <c>Upgrade</c> it would be a
/// request for another framing, and take messages that its client never reads.
/// </summary>
internal static class WebSocketHandshake
{
    private const string Protocol = "websocket";
    private const string Version = "13";
    private const int KeyBytes = 16;

    /// <summary>Whether the request opens a WebSocket, with a subprotocol that is known.</summary>
    /// <exception cref="HttpmqException">It would, but is broken.</exception>
    public static bool IsAsked(HttpContext http)
    {
        if (http.WebSockets.IsWebSocketRequest)
        {
            WebSocketSession.CheckSubprotocol(http.WebSockets);
            return true;
        }

        HttpmqException.ThrowIf(Find(http));
        return false;
    }

    /// <summary>What is wrong with the handshake; null: it is none.</summary>
    private static Error? Find(HttpContext http)
    {
        var headers = http.Request.Headers;
        var isHttp1 = HttpProtocol.IsHttp11(http.Request.Protocol);
        var isAsked = isHttp1
            ? HasToken($"{headers.Upgrade}", Protocol)
            : http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: Protocol };
        if (!isAsked)
        {
            return null;
        }

        if (!string.Equals(headers.SecWebSocketVersion, Version, StringComparison.Ordinal))
        {
            headers = http.Response.Headers;
            headers.SecWebSocketVersion = Version;
            if (isHttp1)
            {
                (headers.Connection, headers.Upgrade) = (HeaderNames.Upgrade, Protocol);
            }

            return SubscriberErrors.WebSocketVersion($"{http.Request.Headers.SecWebSocketVersion}");
        }

        return SubscriberErrors.Handshake(
            !HasToken($"{headers.Connection}", HeaderNames.Upgrade) ? "Connection: Upgrade is missing; does a proxy leave it out?"
            : $"Sec-WebSocket-Key: '{UnknownNames.Printable($"{headers.SecWebSocketKey}")}' is not {KeyBytes} bytes as base64");
    }

    private static bool HasToken(string list, string token) =>
        list.Split(',', StringSplitOptions.TrimEntries).Contains(token, StringComparer.OrdinalIgnoreCase);
}
