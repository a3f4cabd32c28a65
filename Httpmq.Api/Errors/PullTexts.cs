using Httpmq.Domain.Errors;
using static Httpmq.Api.Errors.ErrorText;
using static Httpmq.Domain.Messages.PullErrorTypes;

namespace Httpmq.Api.Errors;

/// <summary>The words of pulls that brought nothing.</summary>
internal static class PullTexts
{
    public static readonly Dictionary<ErrorType, ErrorText> All = new()
    {
        [PushConsumer] = Of(
            "consumer {consumer} is a push consumer; subscribe to it with GET /v1/data/stream/{stream}/consumer/{consumer}, or define a "
            + "pull consumer"),
        [Invalid] = Of(static error => (error["value"], error["groups"]) switch
        {
            (_, null) => "JetStream refused the pull as invalid: {status}",
            (_, IReadOnlyList<string> { Count: 0 }) =>
                "group: {value:q}, and consumer {consumer} has no priority groups; leave it out; {outcome}",
            (null, _) => "group is required: consumer {consumer} has the priority groups {groups:q}; {outcome}",
            _ => "group: {value:q} is none of the priority groups of consumer {consumer}, {groups:q}; {outcome}",
        }),
        [MessageTooLarge] = Of("the next message is larger than max_bytes, {limit} bytes; {outcome}"),
        [WrongPin] = Of("JetStream refused the pull: {status}; pull without id to compete for the pin; {outcome}"),
        [TooMany] = Of(static error => error["status"] is null
            ? "as many pulls wait as the consumer's max_waiting; {outcome}, try again in a moment"
            : "as many pulls wait as the consumer's max_waiting: {status}; {outcome}, try again in a moment"),
        [NoRoom] = Of(
            "more waits for all clients of the gateway together than may (limits.max_total_pending_bytes); what came goes back, "
            + "pull again"),
        [Interrupted] = Of("JetStream ended the pull: {status}; {outcome}, pull again"),
        [Unanswered] = Of(
            "JetStream gives no sign that it keeps the pull: the consumer has no leader at the moment, or as many pulls wait as its "
            + "max_waiting; {outcome}, pull again"),
    };
}
