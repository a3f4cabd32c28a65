using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Connection;
using Microsoft.Extensions.Logging;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>
/// Bounds what waits for all subscribers together. Beyond, the one for whom the most waits goes: a subscriber that stands still must not
/// cost the others theirs. Also one that has ended and is still being read: what waits for it counts as well.
/// </summary>
/// <param name="limit">Bytes that may wait.</param>
/// <param name="open">The sources that are open.</param>
/// <param name="logger">For the log.</param>
internal sealed class Shedding(long limit, OpenSources open, ILogger logger)
{
    /// <summary>What waits for all of them.</summary>
    public ByteBudget Pending { get; } = new(limit);

    /// <summary>Ends the slowest, and lets go of what waits for it.</summary>
    public void MakeRoom()
    {
        if (open.All.MaxBy(static source => source.PendingBytes) is not { } slowest)
        {
            return;
        }

        var waiting = slowest.PendingBytes;
        logger.SubscriberTooSlow(slowest.Stream, slowest.Consumer, waiting);
        slowest.Finish(SubscriptionErrors.Slow(waiting, Pending.Limit));
        slowest.LeaveAsync().Forget();
    }
}
