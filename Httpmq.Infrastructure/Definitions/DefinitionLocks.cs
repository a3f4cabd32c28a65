using Httpmq.Application.Definitions;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Microsoft.Extensions.Logging;

namespace Httpmq.Infrastructure.Definitions;

/// <summary>
/// Locks definitions: first within the process, then, over a stream of the broker, among all gateways of the account
/// (docs/adr/0014-definitions-are-locked-on-the-broker.md).
/// </summary>
internal sealed class DefinitionLocks(LockStream lockStream, TimeProvider time, ILogger<DefinitionLocks> logger) : IDefinitionLocks
{
    // A change takes a few milliseconds; what waits longer is behind a gateway that died or a server that hangs.
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(3);

    // What is wrong with the stream on the broker is not asked more often.
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMinutes(1);

    private const int LongestPause = 50;

    private readonly KeyedLocks _own = new();
    private long _lastCheck;
    private long _withoutSince;
    private string? _reason;
    private volatile bool _wasAnswered;

    public Task RunAsync(
        Operation operation, StreamName stream, ConsumerName? consumer, Func<Action, Task> change, CancellationToken cancellationToken) =>
        RunAsync(operation, consumer is { } name ? $"{stream}.{name}" : stream.Value, change, create: true, cancellationToken);

    public Task RunAfterOthersAsync(Operation operation, StreamName stream, Func<Task> change, CancellationToken cancellationToken) =>
        RunAsync(
            operation,
            stream.Value,
            writing =>
            {
                writing();
                return change();
            },
            create: lockStream.IsClustered,
            cancellationToken);

    private async Task RunAsync(
        Operation operation, string key, Func<Action, Task> change, bool create, CancellationToken cancellationToken)
    {
        using var own = await _own.TakeAsync(operation, key, cancellationToken);
        var sequence = await TakeAsync(operation, key, create, cancellationToken);
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
            if (sequence > 0 && await lockStream.ReleaseAsync(operation, sequence) is { } error)
            {
                logger.LockNotReleased(key, error.ToString());
                if (error.Kind is ErrorKind.Conflict)
                {
                    // Locks that can only run out would stop the next change.
                    GoWithout(error.ToString());
                }
            }
        }
    }

    /// <summary>The lock's sequence; 0 where there is none to be had, or none is needed.</summary>
    private async Task<ulong> TakeAsync(Operation operation, string key, bool create, CancellationToken cancellationToken)
    {
        if (IsWithin(ref _withoutSince, CheckInterval))
        {
            return 0;
        }

        var start = time.GetTimestamp();
        var created = false;
        var outcome = LockAttempt.NoStream;
        try
        {
            for (var attempt = 0; ; attempt++)
            {
                (outcome, var sequence, var reason) = await TryTakeAsync(operation, key, cancellationToken);
                _wasAnswered |= outcome is LockAttempt.Taken or LockAttempt.Held;
                switch (outcome)
                {
                    case LockAttempt.Taken:
                        Volatile.Write(ref _reason, null);
                        return sequence;
                    case LockAttempt.Unusable:
                        GoWithout(reason!);
                        return 0;
                    case LockAttempt.NoStream when !create:
                        return 0;
                    case LockAttempt.NoStream when !created:
                        if (await lockStream.TryCreateAsync(operation, cancellationToken) is { } refusal)
                        {
                            GoWithout(refusal);
                            return 0;
                        }

                        created = true;
                        continue;
                }

                if (outcome is LockAttempt.NoStream && lockStream.Obstacle is { } obstacle && !_wasAnswered
                    && (time.GetElapsedTime(start) > TimeLimit || Volatile.Read(ref _reason) is not null))
                {
                    GoWithout(obstacle);
                    return 0;
                }

                if (time.GetElapsedTime(start) > TimeLimit)
                {
                    throw new HttpmqException(outcome is LockAttempt.Held
                        ? DefinitionErrors.UnderWay(operation)
                        : DefinitionErrors.NoLeader(operation, LockSubjects.Stream));
                }

                await Task.Delay(PauseAfter(attempt), time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (outcome is LockAttempt.Held)
        {
            // The last attempt took longer than the request's time. What is known is that somebody else had the lock.
            throw new HttpmqException(DefinitionErrors.UnderWay(operation));
        }
    }

    private static TimeSpan PauseAfter(int attempt) =>
        TimeSpan.FromMilliseconds(Random.Shared.Next(1, Math.Min(LongestPause, 4 << Math.Min(attempt, 5))));

    private async Task<LockAnswer> TryTakeAsync(Operation operation, string key, CancellationToken cancellationToken)
    {
        if (!IsWithin(ref _lastCheck, CheckInterval))
        {
            Volatile.Write(ref _lastCheck, time.GetTimestamp());
            if (await lockStream.CheckAsync(operation, cancellationToken) is { } answer)
            {
                // Whether it is there next time cannot be told from a lock that nobody answers: somebody may listen to everything.
                Volatile.Write(ref _lastCheck, 0);
                return answer;
            }
        }

        return await lockStream.TryTakeAsync(operation, key, cancellationToken);
    }

    /// <summary>For a while there are only the locks within the process; each reason is told once.</summary>
    private void GoWithout(string reason)
    {
        Volatile.Write(ref _withoutSince, time.GetTimestamp());
        if (!string.Equals(Interlocked.Exchange(ref _reason, reason), reason, StringComparison.Ordinal))
        {
            logger.NoLocks(LockSubjects.Stream, reason);
        }
    }

    private bool IsWithin(ref long since, TimeSpan length) =>
        Volatile.Read(ref since) is not 0 and var then && time.GetElapsedTime(then) < length;

    /// <summary>Whether the server has said how it ended.</summary>
    private static bool IsOver(Exception exception) =>
        exception is HttpmqException { Error.Kind: not (ErrorKind.Timeout or ErrorKind.Unavailable or ErrorKind.Internal) };
}
