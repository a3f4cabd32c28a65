using System.Collections.Concurrent;
using System.Text.Json;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Publishing;

/// <summary>Whether a stream takes a subject.</summary>
/// <param name="Stream">The stream that does; null: none, or not known.</param>
/// <param name="IsKnown">Whether JetStream said so.</param>
/// <param name="Cause">What it said instead.</param>
internal readonly record struct Claim(string? Stream, bool IsKnown, Error? Cause = null)
{
    public bool IsUnclaimed => IsKnown && Stream is null;
}

/// <summary>
/// Asks JetStream why a message was not stored, so that the error can say it. That explains a failure and causes none: many that fail at
/// the same time share one question per subject and its answer, and when JetStream answers one not at all, none is asked for a moment.
/// Nobody waits beyond the 5 s in which every publish ends.
/// </summary>
#pragma warning disable CA1001 // The semaphore has no wait handle to free, and lives as long as the process.
internal sealed class UnclaimedSubjects(JetStreamApi api, TimeProvider time)
#pragma warning restore CA1001
{
    private const int MostKept = 256;

    // At so many questions at once JetStream is busy enough with what went wrong.
    private const int MostAtOnce = 64;

    private static readonly TimeSpan AnswerLife = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMilliseconds(600);

    // What is left of the 5 s belongs to the way back.
    private static readonly TimeSpan EndOfPublish = TimeSpan.FromSeconds(4.4);

    private static readonly Claim NoAnswer = new(Stream: null, IsKnown: false);

    private readonly ConcurrentDictionary<Subject, Question> _questions = new();
    private readonly SemaphoreSlim _turns = new(MostAtOnce);
    private long _silentSince = long.MinValue;

    /// <summary>Asks, or takes the answer of a moment ago.</summary>
    /// <param name="subject">The subject of the message.</param>
    /// <param name="started">When its publish began, as a time stamp of the clock.</param>
    /// <param name="cancellationToken">Gives up waiting; the question goes on for the others.</param>
    public async ValueTask<Claim> AskAsync(Subject subject, long started, CancellationToken cancellationToken)
    {
        var left = EndOfPublish - time.GetElapsedTime(started);
        if (_questions.TryGetValue(subject, out var known) && time.GetElapsedTime(known.Since) < AnswerLife)
        {
            if (known.Answer.IsCompletedSuccessfully)
            {
                return await known.Answer;
            }
        }
        else if (left <= TimeSpan.Zero || IsSilent)
        {
            return NoAnswer;
        }
        else
        {
            known = Start(subject, known);
        }

        try
        {
            return await known.Answer.WaitAsync(left < TimeLimit ? Max(left, TimeSpan.Zero) : TimeLimit, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return NoAnswer;
        }
    }

    private bool IsSilent => Volatile.Read(ref _silentSince) is not long.MinValue and var since && time.GetElapsedTime(since) < AnswerLife;

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private Question Start(Subject subject, Question? old)
    {
        var question = new Question(time.GetTimestamp());
        if (old is null && _questions.Count >= MostKept)
        {
            Forget();
        }

        var won = old is null
            ? _questions.GetOrAdd(subject, question)
            : _questions.TryUpdate(subject, question, old) ? question : _questions.GetValueOrDefault(subject) ?? question;
        if (ReferenceEquals(won, question))
        {
            question.Run(AskOnceAsync(subject));
        }

        return won;
    }

    /// <summary>Answers that nobody may take any more; where there are none, all: they are asked for again.</summary>
    private void Forget()
    {
        foreach (var (subject, question) in _questions)
        {
            if (time.GetElapsedTime(question.Since) >= AnswerLife)
            {
                _questions.TryRemove(subject, out _);
            }
        }

        if (_questions.Count >= MostKept)
        {
            _questions.Clear();
        }
    }

    private async Task<Claim> AskOnceAsync(Subject subject)
    {
        using var limit = new CancellationTokenSource(TimeLimit, time);
        try
        {
            await _turns.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            return NoAnswer;
        }

        try
        {
            var answer = await api.CallAsync(
                new Operation(OperationKind.FindStream, Subject: subject.Value),
                "STREAM.NAMES",
                JsonSerializer.SerializeToUtf8Bytes(new StreamNamesRequest(subject.Value), WireJson.Default.StreamNamesRequest),
                WireJson.Default.StreamNamesResponse,
                limit.Token);
            return new Claim(answer.Streams is { Count: > 0 } streams ? streams[0] : null, IsKnown: true);
        }
        catch (HttpmqException exception) when (!limit.IsCancellationRequested)
        {
            return new Claim(Stream: null, IsKnown: false, exception.Error);
        }
        catch (Exception exception) when (exception is HttpmqException or OperationCanceledException)
        {
            Volatile.Write(ref _silentSince, time.GetTimestamp());
            return NoAnswer;
        }
        finally
        {
            _turns.Release();
        }
    }

    private sealed class Question(long since)
    {
        private readonly TaskCompletionSource<Claim> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long Since => since;

        public Task<Claim> Answer => _answer.Task;

        public void Run(Task<Claim> asking) => asking.ContinueWith(
            static (done, state) => ((TaskCompletionSource<Claim>)state!).SetResult(done.IsCompletedSuccessfully ? done.Result : NoAnswer),
            _answer,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default).Forget();
    }
}
