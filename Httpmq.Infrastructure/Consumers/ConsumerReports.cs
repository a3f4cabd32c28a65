using Httpmq.Domain.Consumers;
using Httpmq.Domain.Limits;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Consumers;

/// <summary>What JetStream reports of a consumer, in the domain's words.</summary>
internal static class ConsumerReports
{
    private static readonly SequenceInfo Nowhere = new(0, 0, LastActive: null);

    public static ConsumerInfo ToInfo(this ConsumerInfoWire wire)
    {
        var config = wire.Config!.Known;
        var filters = config.Filters();
        return new ConsumerInfo(
            wire.StreamName ?? string.Empty,
            wire.Name ?? string.Empty,
            wire.Created,
            NamedFields.OnlySet(config, ConsumerConfig.Defaults) with
            {
                DurableName = config.DurableName ?? string.Empty,
                Description = config.Description ?? string.Empty,
                DeliverSubject = config.DeliverSubject ?? string.Empty,
                DeliverGroup = config.DeliverGroup ?? string.Empty,
                MaxDeliver = config.MaxDeliver ?? 0,
                AckWait = config.AckWait ?? 0,
                FilterSubject = filters.Count == 1 ? filters[0] : string.Empty,
                FilterSubjects = filters.Count > 1 ? filters : null,
                MaxWaiting = config.MaxWaiting ?? 0,
                MaxAckPending = config.MaxAckPending ?? 0,
                Metadata = config.Metadata is { Count: > 0 } metadata ? metadata : null,
                DeliverPolicy = config.DeliverPolicy,
                AckPolicy = config.AckPolicy,
                ReplayPolicy = config.ReplayPolicy,
            },
            wire.Delivered ?? Nowhere,
            wire.AckFloor ?? Nowhere,
            wire.NumAckPending,
            wire.NumRedelivered,
            wire.NumWaiting,
            wire.NumPending,
            wire.PushBound)
        {
            HasStableCreated = ServerFacts.Of(wire.Config.LeaderVersion).HasStableConsumerCreated,
            AnsweredAt = wire.Ts,
            Paused = wire.Paused ? true : null,
            PauseRemaining = wire.Paused ? wire.PauseRemaining : null,
            PriorityGroups = wire.PriorityGroups is { Count: > 0 } groups
                ? [.. groups.Select(static group => group.PinnedClientId is { Length: > 0 } ? group : new(group.Group, null, null))]
                : null,
        };
    }
}
