using Httpmq.Application.Definitions;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Microsoft.Extensions.Logging;

namespace Httpmq.Infrastructure.JetStream.Definitions;

/// <summary>
/// Locks definitions: first within the process, then, over a stream of the broker, among all gateways of the account
/// (docs/adr/0014-definitions-are-locked-on-the-broker.md).
/// </summary>
internal sealed class DefinitionLocks(LockStream lockStream, TimeProvider time, ILogger<DefinitionLocks> logger) : IDefinitionLocks
{
    // A change takes a few milliseconds; what waits longer is behind a gateway that died or a server that hangs.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private const int LongestPause = 50;

    private readonly KeyedLocks _own = new();
    private int _warned;

    public Task RunAsync(string what, StreamName stream, ConsumerName? consumer, Func<Action, Task> change, CancellationToken cancellationToken) =>
        RunAsync(what, consumer is { } name ? $"{stream}.{name}" : stream.Value, change, create: true, cancellationToken);

    public Task RunAfterOthersAsync(string what, StreamName stream, Func<Task> change, CancellationToken cancellationToken) =>
        RunAsync(
            what,
            stream.Value,
            writing =>
            {
                writing();
                return change();
            },
            create: lockStream.IsClustered,
            cancellationToken);

    private async Task RunAsync(string what, string key, Func<Action, Task> change, bool create, CancellationToken cancellationToken)
    {
        using var own = await _own.TakeAsync(what, key, cancellationToken);
        var sequence = await TakeAsync(what, key, create, cancellationToken);
        var writes = false;
        try
        {
            await change(() => writes = true);
        }
        catch (Exception exception) when (writes && !IsOver(exception))
        {
            // It may still happen: nobody else begins before it has happened or cannot any more.
            sequence = 0;
            throw;
        }
        finally
        {
            if (sequence > 0 && await lockStream.ReleaseAsync(what, sequence) is { } error)
            {
                logger.LockNotReleased(key, error.Detail);
            }
        }
    }

    /// <summary>The lock's sequence; 0 where there is none to be had, or none is needed.</summary>
    private async Task<ulong> TakeAsync(string what, string key, bool create, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var created = false;
        for (var attempt = 0; ; attempt++)
        {
            var (outcome, sequence) = await lockStream.TryTakeAsync(what, key, cancellationToken);
            switch (outcome)
            {
                case LockAttempt.Taken:
                    return sequence;
                case LockAttempt.NoStream when !create:
                    return 0;
                case LockAttempt.NoStream when !created:
                    created = await lockStream.TryCreateAsync(what, cancellationToken);
                    if (!created)
                    {
                        WarnOnce();
                        return 0;
                    }

                    continue;
            }

            if (time.GetElapsedTime(start) > Patience)
            {
                throw new HttpmqException(new Error(ErrorKind.Unavailable, what, outcome is LockAttempt.Held
                    ? "another change of it is under way, and did not end in time; nothing was changed, try again in a few seconds"
                    : $"stream {LockSubjects.Stream}, which keeps changes apart, has no leader at the moment; nothing was changed, try again"));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, Math.Min(LongestPause, 4 << Math.Min(attempt, 5)))), time, cancellationToken);
        }
    }

    private void WarnOnce()
    {
        if (Interlocked.Exchange(ref _warned, 1) == 0)
        {
            logger.NoRoomForLocks(LockSubjects.Stream);
        }
    }

    /// <summary>Whether the server has said how it ended.</summary>
    private static bool IsOver(Exception exception) =>
        exception is HttpmqException { Error.Kind: not (ErrorKind.Timeout or ErrorKind.Unavailable or ErrorKind.Internal) };
}
