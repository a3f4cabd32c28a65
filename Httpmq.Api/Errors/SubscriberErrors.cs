using Httpmq.Domain.Errors;

namespace Httpmq.Api.Errors;

/// <summary>What is wrong with what a client sends while it receives.</summary>
internal static class SubscriberErrorTypes
{
    public static readonly ErrorType Malformed = new("malformed-subscriber-message", ErrorKind.InvalidInput);
    public static readonly ErrorType NeedsHttp2 = new("http2-required", ErrorKind.InvalidInput);
    public static readonly ErrorType UnknownProtocol = new("unknown-subprotocol", ErrorKind.InvalidInput);
    public static readonly ErrorType NotAcceptable = new("framing-not-acceptable", ErrorKind.NotAcceptable);
    public static readonly ErrorType OutOfCredit = new("out-of-credit", ErrorKind.Conflict);
    public static readonly ErrorType WrongVersion = new("websocket-version", ErrorKind.UpgradeRequired);
    public static readonly ErrorType BrokenHandshake = new("websocket-handshake", ErrorKind.InvalidInput);
}

/// <summary>Makes the errors of <see cref="SubscriberErrorTypes"/>.</summary>
internal static class SubscriberErrors
{
    /// <summary>Duplex was asked for over a version of HTTP that does not have it.</summary>
    public static Error Http1(string protocol) => new(SubscriberErrorTypes.NeedsHttp2, null, ("protocol", protocol));

    /// <summary>The client's half has ended, and what it takes was sent: nothing can follow.</summary>
    public static readonly Error OutOfCredit = new(SubscriberErrorTypes.OutOfCredit, null);

    /// <param name="accept">What the client takes.</param>
    /// <param name="known">What there is.</param>
    public static Error Framing(string accept, string known) =>
        new(SubscriberErrorTypes.NotAcceptable, null, ("accept", accept), ("known", known));

    /// <param name="reason">What is wrong with the message.</param>
    public static Error Malformed(string reason) => new(SubscriberErrorTypes.Malformed, null, ("reason", reason));

    /// <param name="wanted">What the client offers.</param>
    /// <param name="known">What there is.</param>
    public static Error Subprotocol(string wanted, string known) =>
        new(SubscriberErrorTypes.UnknownProtocol, null, ("wanted", wanted), ("known", known));

    /// <param name="version">What the client wants to speak; empty: it does not say.</param>
    public static Error WebSocketVersion(string version) => new(SubscriberErrorTypes.WrongVersion, null, ("version", version));

    /// <param name="reason">What is wrong with the handshake.</param>
    public static Error Handshake(string reason) => new(SubscriberErrorTypes.BrokenHandshake, null, ("reason", reason));
}
