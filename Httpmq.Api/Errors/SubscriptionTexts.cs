using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using static Httpmq.Domain.Messages.SubscriptionErrorTypes;

namespace Httpmq.Api.Errors;

/// <summary>What is said of subscriptions: why they do not begin, and why they end.</summary>
internal static class SubscriptionTexts
{
    private const string Ended = "Subscription ended";

    public static readonly Dictionary<ErrorType, ErrorText> All = new()
    {
        [TooMany] = new("Too many subscriptions", "{limit} are open (limits.max_subscriptions)"),
        [AlreadyBound] = new(
            "Consumer {consumer} of stream {stream} is already bound to a subscription",
            "a push consumer without delivery_group serves one subscriber; end that one, or use a delivery group or a pull consumer"),
        [OtherGroup] = new("Delivery group does not match the consumer", static error => (error["current"], error["wanted"]) switch
        {
            ("", _) => "delivery_group: {wanted:q}, but consumer {consumer} has none",
            (_, null) => "delivery_group: consumer {consumer} has {current:q}; add delivery_group={current}",
            _ => "delivery_group: {wanted:q}, but consumer {consumer} has {current:q}",
        }),
        [SubjectNotFiltered] = new(
            "Subject does not match the consumer",
            "subject_name: {subject:q}, but consumer {consumer} filters {filters:q}"),
        [SubjectOutsideStream] = new(
            "Subject does not match the stream",
            "subject_name: {subject:q} is not within the subjects of stream {stream}: {subjects:q}"),
        [ConsumerDeleted] = new(Ended, "the consumer was deleted"),
        [ConsumerReplaced] = new(Ended, "the consumer was replaced; subscribe again"),
        [StreamDeleted] = new(Ended, "the stream was deleted"),
        [ConsumerHeld] = new(
            Ended,
            "another subscriber holds consumer {consumer}; a push consumer without delivery_group serves one, "
            + "and keeps the one that has been subscribed longer"),
        [BecamePush] = new(Ended, "the consumer was replaced by a push consumer"),
        [PullRefused] = new(Ended, "JetStream refused to be asked for messages: {status}"),
        [TooSlow] = new(Ended, static error => error.Has("limit")
            ? "the client is too slow: {waiting} bytes wait for it, and {limit} may wait for all subscribers together "
                + "(limits.max_total_pending_bytes)"
            : "the client is too slow: {waiting} bytes wait for it"),
        [SubscriberErrorTypes.Malformed] = new("Malformed message of the subscriber", "{reason}"),
        [SubscriberErrorTypes.NeedsHttp2] = new(
            "HTTP/2 required", "{protocol} has no two directions at once; use HTTP/2, with curl --http2-prior-knowledge, or a WebSocket"),
        [SubscriberErrorTypes.UnknownProtocol] = new(
            "Unknown WebSocket subprotocol", "Sec-WebSocket-Protocol: {wanted:q}; offer {known}, or none"),
        [SubscriberErrorTypes.NotAcceptable] = new("Framing not acceptable", "Accept: {accept:q}; there are {known}"),
        [SubscriberErrorTypes.OutOfCredit] = new(
            Ended, "the request has ended and its credit is used up, so that nothing more can come; keep the request open to give more"),
        [SubscriberErrorTypes.WrongVersion] = new(
            "Unknown version of WebSocket", "Sec-WebSocket-Version: {version:q}; the one that is spoken is 13 (RFC 6455)"),
        [SubscriberErrorTypes.BrokenHandshake] = new("Broken WebSocket handshake", "{reason}"),
        [ReplayErrorTypes.Complete] = new("Replay ended", "all messages that were asked for are sent"),
        [ReplayErrorTypes.TooManySubjects] = new(
            "Too many subjects", "last_per_subject: {count} subjects match, and at most {limit} may; narrow it with subject"),
        [NotPermittedByNats] = new(
            Ended, "nats-server does not permit the gateway's NATS user to {verb} to {subject} (permissions violation)"),
        [Broken] = new(Ended, static error => error["reason"] is null ? "the connection to NATS was closed" : "{reason}"),
    };
}
