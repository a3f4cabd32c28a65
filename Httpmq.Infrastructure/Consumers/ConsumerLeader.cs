using Httpmq.Domain.Errors;
using Httpmq.Domain.Features;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Consumers;

/// <summary>
/// In a cluster of several versions whoever leads all of JetStream takes a call, and says that it is done; the consumer's own leader may be
/// too old for it. Or it is the one that should answer, and does not.
/// </summary>
internal static class ConsumerLeader
{
    /// <summary>Throws where the consumer's leader lacks a feature; a consumer that is not there is left to JetStream.</summary>
    public static async Task RequireAsync(
        JetStreamApi api,
        Operation operation,
        (string Name, Feature Feature) needed,
        StreamName stream,
        ConsumerName consumer,
        CancellationToken cancellationToken)
    {
        if (await api.FindConsumerAsync(operation, stream, consumer, cancellationToken) is { } current)
        {
            Require(operation, needed, current);
        }
    }

    /// <summary>Throws where the leader that described the consumer lacks a feature.</summary>
    public static void Require(Operation operation, (string Name, Feature Feature) needed, ConsumerInfoWire consumer)
    {
        var version = consumer.Config!.LeaderVersion;
        if (!ServerFacts.LeaderHas(version, needed.Feature))
        {
            throw new HttpmqException(ConnectionErrors.PeerTooOld(operation, needed.Name, $"{needed.Feature.Since}", version));
        }
    }
}
