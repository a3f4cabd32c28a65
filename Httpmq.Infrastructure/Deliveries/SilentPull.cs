using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>
/// Looks at the consumer where JetStream says nothing of a pull: one that does not wait is not answered while as many messages as may be
/// are unacknowledged, and nats-server 2.15 drops one beyond <c>max_waiting</c> without a word where it asks for heartbeats.
/// </summary>
/// <param name="flow">The pull.</param>
/// <param name="ask">Reads the consumer; null: it is gone.</param>
/// <param name="time">The clock.</param>
internal sealed class SilentPull(SinglePullFlow flow, Func<CancellationToken, Task<ConsumerInfo?>> ask, TimeProvider time)
{
    // What has an answer has it long before.
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(250);

    /// <inheritdoc cref="SinglePullFlow.Over"/>
    /// <exception cref="OperationCanceledException">It was waited for long enough.</exception>
    public async Task<bool> WaitAsync(CancellationToken stop)
    {
        while (flow.EndsWithWhatIsThere)
        {
            try
            {
                return await flow.Over.WaitAsync(Silence, time, stop);
            }
            catch (TimeoutException)
            {
                if (flow.IsSilentFor(Silence) && await FindAsync(stop) is { } now && DeliversNothing(now))
                {
                    return false;
                }
            }
        }

        return await flow.Over.WaitAsync(stop);
    }

    /// <summary>Whether as many pulls wait as may.</summary>
    public async Task<bool> IsBeyondMaxWaitingAsync(CancellationToken stop) =>
        await FindAsync(stop) is { Config.MaxWaiting: > 0 and var most } now && now.NumWaiting >= most;

    private static bool DeliversNothing(ConsumerInfo now) =>
        now.Paused is true || (now.Config.MaxAckPending is > 0 and var most && now.NumAckPending >= most);

    private async Task<ConsumerInfo?> FindAsync(CancellationToken stop)
    {
        try
        {
            return await ask(stop);
        }
        catch (HttpmqException)
        {
            // It is away, which shows by itself.
            return null;
        }
    }
}
