using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using Httpmq.Infrastructure.Requests;

namespace Httpmq.Infrastructure.Settling;

/// <summary>Why a delivery was not acknowledged, in words.</summary>
internal static class AckErrors
{
    // With one copy of the consumer, nats-server writes what it has sent some 100 ms later.
    private const string Forgotten = "(or nats-server was killed a moment after it sent it, and has forgotten that: then the message comes again)";

    /// <summary>Neither the consumer nor anybody else knows of such a delivery.</summary>
    public static Error Beyond(string what, ConsumerName consumer, in DeliverySequence delivery, in DeliverySequence mark, bool isOnlyCopy)
    {
        var hint = delivery.Consumer <= mark.Stream && delivery.Stream <= mark.Consumer ? "; did you swap stream and consumer?" : string.Empty;
        var fault = delivery.Stream > mark.Stream
            ? NeverSent(what, consumer, delivery).Detail + hint
            : $"consumer: {delivery.Consumer} is beyond the {mark.Consumer} deliveries that consumer {consumer} has made; did you swap stream and consumer?";
        return new Error(delivery.Stream > mark.Stream ? AckErrorTypes.NeverSent : AckErrorTypes.BeyondDeliveries, what, isOnlyCopy ? $"{fault} {Forgotten}" : fault);
    }

    public static Error NeverSent(string what, ConsumerName consumer, in DeliverySequence delivery) => new(
        AckErrorTypes.NeverSent,
        what,
        $"stream: consumer {consumer} was never sent a message with stream sequence {delivery.Stream}");

    public static Error AnotherMessage(string what, ConsumerName consumer, in DeliverySequence delivery) => new(
        AckErrorTypes.AnotherMessage,
        what,
        $"{NeverSent(what, consumer, delivery).Detail} as delivery {delivery.Consumer}, which was another message; did you swap stream and consumer?");

    public static Error NotKnownYet(string what, ConsumerName consumer) => new(
        AckErrorTypes.NotKnownYet,
        what,
        $"consumer {consumer} knows of no such delivery, but it may have another leader since a moment ago, which does not know yet what the one before it sent; nothing was acknowledged, try again, or wait until the message comes again");

    public static Error NoLeader(string what) => new(
        ConsumerErrorTypes.WithoutLeader,
        what,
        "the consumer has no leader at the moment; nothing was acknowledged, try again");

    /// <summary>Of a reply that is no confirmation, and no "no responders".</summary>
    public static Error Of(string what, in Reply reply, RequestLink link) => reply.Kind switch
    {
        ReplyKind.Answered when reply.Error is { } error => JetStreamErrors.ToError(what, error),
        ReplyKind.Answered => new Error(AckErrorTypes.ForeignAnswer, what, "a stream answered in the consumer's place: look for one with subjects below $JS"),
        ReplyKind.Foreign => new Error(
            AckErrorTypes.ForeignAnswer,
            what,
            "somebody else than JetStream answered in the consumer's place: look for a stream or a client with subjects below $JS"),
        ReplyKind.NotSent => link.NotConnected,
        ReplyKind.Full => new Error(PublishErrorTypes.TooManyWaiting, what, "too many requests wait for JetStream's answer; nothing was acknowledged, try again"),
        ReplyKind.NotPermitted => JetStreamErrors.NotPermitted(what, JetStreamSubjects.AckPrefix + ">", "nothing was acknowledged"),
        ReplyKind.TimedOut => new Error(
            AckErrorTypes.Timeout,
            what,
            "JetStream did not confirm in time; the message may have been acknowledged, and acknowledging again is safe"),
        _ => new Error(AckErrorTypes.Interrupted, what, "the connection to NATS was lost before JetStream confirmed; acknowledging again is safe"),
    };
}
