using Httpmq.Api.RateLimits;
using Httpmq.Application.Settling;
using Httpmq.Application.Telemetry;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Settling;

/// <summary>Settles as many entries of a request as there are permits for, the first ones; each of the others fails alone.</summary>
internal static class SettlePermits
{
    /// <param name="permits">Each entry but the first takes one: that of the first is the request's.</param>
    /// <param name="entries">The entries of the request; where they are too many or none, that is what it fails with.</param>
    /// <param name="pairOf">The delivery of an entry.</param>
    /// <param name="settle">Settles some of them.</param>
    /// <param name="metrics">Counts the others.</param>
    public static async Task<IReadOnlyList<AckOutcome>> RunAsync<T>(
        Permits permits,
        IReadOnlyList<T> entries,
        Func<T, AckPair> pairOf,
        Func<IReadOnlyList<T>, Task<IReadOnlyList<AckOutcome>>> settle,
        GatewayMetrics metrics)
    {
        if (entries.Count is 0 or > AcknowledgeBatch.MaxPairs)
        {
            return await settle(entries);
        }

        var permitted = 1 + permits.TakeSome(entries.Count - 1, out var refusal);
        if (permitted == entries.Count)
        {
            return await settle(entries);
        }

        metrics.RefusedByRate(refusal!, entries.Count - permitted);
        var outcomes = await settle([.. entries.Take(permitted)]);
        return
        [
            .. outcomes,
            .. entries.Skip(permitted).Select(pairOf).Select(
                pair => new AckOutcome(new DeliverySequence(pair.Stream ?? 0, pair.Consumer ?? 0), refusal)),
        ];
    }
}
