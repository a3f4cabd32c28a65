using Httpmq.Domain.Consumers;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Ledger;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Settling;

/// <summary>What a consumer and its leader make of a nak and a term.</summary>
internal static class SettleFacts
{
    /// <summary>
    /// The delay that a nak is sent with where it names none. JetStream counts it as if ack_wait, which is the first step of the backoff,
    /// had passed: with that, the message is redelivered after the step whose turn it is (measured on 2.9.10, 2.10.27 and 2.15.1).
    /// </summary>
    public static long NakDelayOf(GivenConfig<ConsumerConfig> config) =>
        config.HasBackoff && config.Known.AckWait is { Nanoseconds: > 0 and var first } ? first : Settlement.DefaultDelay;

    /// <summary>
    /// What becomes of a reason. In a cluster with servers before 2.11, which do not say their version, the leader may be older than the
    /// connected server.
    /// </summary>
    public static TermReason TermReasonOf(GivenConfig<ConsumerConfig> config, ServerFacts leader, ServerFacts connected) =>
        config.LeaderVersion is null && (leader.Version is null || (leader.HasTermReason && connected.IsClustered)) ? TermReason.Unsure
        : leader.HasTermReason ? TermReason.Taken
        : TermReason.Ignored;
}
