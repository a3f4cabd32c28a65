using System.Collections.Concurrent;
using Httpmq.Domain.Errors;
using Httpmq.Infrastructure.Connection;
using Microsoft.Extensions.Logging;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>
/// Asks from time to time whether a push consumer that sends nothing still sends here. No advisory tells of a deliver subject that was
/// replaced.
/// </summary>
internal sealed class SilenceChecks(ConsumerChecks checks, OpenSources open, TimeProvider time, ILogger logger, CancellationToken stopping)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // Of all that are due: with ten thousand silent subscriptions each has its turn every three minutes.
    private const int AtOnce = 50;

    // In the order in which they were looked at.
    private readonly ConcurrentQueue<(DeliverySource Source, long CheckedAt)> _turns = new();
    private int _checking;

    public void Add(DeliverySource source) => _turns.Enqueue((source, time.GetTimestamp()));

    /// <summary>Called every second: checks those whose turn it is, unless it is still at it.</summary>
    public void RequestCheck()
    {
        if (Interlocked.Exchange(ref _checking, 1) == 0)
        {
            CheckAsync().Forget();
        }
    }

    private async Task CheckAsync()
    {
        try
        {
            for (var count = 0; count < AtOnce && _turns.TryPeek(out var next) && time.GetElapsedTime(next.CheckedAt) >= Interval; count++)
            {
                _turns.TryDequeue(out next);
                if (next.Source.End is not null || !open.Contains(next.Source))
                {
                    continue;
                }

                Add(next.Source);
                if (next.Source.WantsCheck)
                {
                    await checks.CheckOnceAsync(next.Source, stopping);
                }
            }
        }
        catch (HttpmqException exception)
        {
            // JetStream does not answer; the next second is early enough.
            logger.SilenceNotChecked(exception.Error.ToString());
        }
        catch (OperationCanceledException)
        {
            // The process stops.
        }
        finally
        {
            Volatile.Write(ref _checking, 0);
        }
    }
}
