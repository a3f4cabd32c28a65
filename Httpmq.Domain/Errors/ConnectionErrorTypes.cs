namespace Httpmq.Domain.Errors;

/// <summary>What goes wrong between the gateway and NATS, whatever was asked.</summary>
public static class ConnectionErrorTypes
{
    public static readonly ErrorType NatsUnavailable = new("nats-unavailable", ErrorKind.Unavailable);
    public static readonly ErrorType ConnectionLost = new("connection-lost", ErrorKind.Unavailable);
    public static readonly ErrorType JetStreamTimeout = new("jetstream-timeout", ErrorKind.Timeout);
    public static readonly ErrorType JetStreamNotEnabled = new("jetstream-not-enabled", ErrorKind.Unavailable);
    public static readonly ErrorType JetStreamSilent = new("jetstream-silent", ErrorKind.Unavailable);
    public static readonly ErrorType ForeignAnswer = new("foreign-answer", ErrorKind.Internal);
    public static readonly ErrorType UnreadableAnswer = new("unreadable-answer", ErrorKind.Internal);
    public static readonly ErrorType NotPermitted = new("nats-not-permitted", ErrorKind.Conflict);
    public static readonly ErrorType RequestTooLarge = new("request-too-large-for-nats", ErrorKind.TooLarge);
    public static readonly ErrorType ServerTooOld = new("server-too-old", ErrorKind.NotSupported);
    public static readonly ErrorType NotReady = new("not-ready", ErrorKind.Unavailable);
    public static readonly ErrorType RepliesNotHeard = new("replies-not-heard", ErrorKind.Unavailable);
}
