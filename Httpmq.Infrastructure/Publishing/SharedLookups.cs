using System.Collections.Concurrent;
using Httpmq.Domain.Errors;
using Httpmq.Infrastructure.Connection;

namespace Httpmq.Infrastructure.Publishing;

/// <summary>
/// Asks JetStream why a message was not stored, so that the error can say it. That explains a failure and causes none: many that fail at
/// the same time share one request per key and its answer, and when JetStream answers one not at all, none is asked for a moment.
/// Nobody waits beyond the 5 s in which every publish ends.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="answerLife">How long an answer is good for those who ask after it came.</param>
/// <param name="ask">Asks; what JetStream refuses is an answer.</param>
#pragma warning disable CA1001 // The semaphore has no wait handle to free, and lives as long as the process.
internal sealed class SharedLookups<TKey, TAnswer>(
    TimeProvider time, TimeSpan answerLife, Func<TKey, CancellationToken, Task<TAnswer>> ask)
#pragma warning restore CA1001
    where TKey : notnull
    where TAnswer : struct
{
    private const int MostKept = 256;

    // At so many requests at once JetStream is busy enough with what went wrong.
    private const int MostAtOnce = 64;

    private static readonly TimeSpan SilenceLife = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMilliseconds(600);

    // What is left of the 5 s belongs to the way back.
    private static readonly TimeSpan EndOfPublish = TimeSpan.FromSeconds(4.4);

    private readonly ConcurrentDictionary<TKey, Lookup> _lookups = new();
    private readonly SemaphoreSlim _turns = new(MostAtOnce);
    private long _silentSince = long.MinValue;

    /// <summary>Asks, or takes the answer of a moment ago; null: there is none.</summary>
    /// <param name="key">What is asked for.</param>
    /// <param name="started">When the publish began, as a time stamp of the clock.</param>
    /// <param name="cancellationToken">Gives up waiting; the request goes on for the others.</param>
    public async ValueTask<TAnswer?> AskAsync(TKey key, long started, CancellationToken cancellationToken)
    {
        var left = EndOfPublish - time.GetElapsedTime(started);
        if (_lookups.TryGetValue(key, out var known) && IsGood(known))
        {
            if (known.Answer.IsCompletedSuccessfully)
            {
                return await known.Answer;
            }
        }
        else if (left <= TimeSpan.Zero || IsSilent)
        {
            return null;
        }
        else
        {
            known = Start(key, known);
        }

        try
        {
            return await known.Answer.WaitAsync(left < TimeLimit ? Max(left, TimeSpan.Zero) : TimeLimit, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private bool IsSilent => Volatile.Read(ref _silentSince) is not long.MinValue and var since && time.GetElapsedTime(since) < SilenceLife;

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    /// <summary>Whether it is under way, or its answer is young enough.</summary>
    private bool IsGood(Lookup lookup) => !lookup.Answer.IsCompleted || time.GetElapsedTime(lookup.Since) < answerLife;

    private Lookup Start(TKey key, Lookup? old)
    {
        var lookup = new Lookup(time.GetTimestamp());
        if (old is null && _lookups.Count >= MostKept)
        {
            Forget();
        }

        var won = old is null
            ? _lookups.GetOrAdd(key, lookup)
            : _lookups.TryUpdate(key, lookup, old) ? lookup : _lookups.GetValueOrDefault(key) ?? lookup;
        if (ReferenceEquals(won, lookup))
        {
            lookup.Run(AskOnceAsync(key));
        }

        return won;
    }

    /// <summary>Answers that nobody may take any more; where there are none, all: they are asked for again.</summary>
    private void Forget()
    {
        foreach (var (key, lookup) in _lookups)
        {
            if (!IsGood(lookup))
            {
                _lookups.TryRemove(key, out _);
            }
        }

        if (_lookups.Count >= MostKept)
        {
            _lookups.Clear();
        }
    }

    private async Task<TAnswer?> AskOnceAsync(TKey key)
    {
        using var limit = new CancellationTokenSource(TimeLimit, time);
        try
        {
            await _turns.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }

        try
        {
            // Whoever had the turn before may have had no answer.
            return IsSilent ? null : await ask(key, limit.Token);
        }
        catch (Exception exception) when (exception is HttpmqException or OperationCanceledException)
        {
            Volatile.Write(ref _silentSince, time.GetTimestamp());
            return null;
        }
        finally
        {
            _turns.Release();
        }
    }

    private sealed class Lookup(long since)
    {
        private readonly TaskCompletionSource<TAnswer?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long Since => since;

        public Task<TAnswer?> Answer => _answer.Task;

        public void Run(Task<TAnswer?> asking) => asking.ContinueWith(
            static (done, state) => ((TaskCompletionSource<TAnswer?>)state!).SetResult(done.IsCompletedSuccessfully ? done.Result : null),
            _answer,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default).Forget();
    }
}
