using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using Httpmq.Infrastructure.Connection;

namespace Httpmq.Infrastructure.Requests;

/// <summary>
/// What comes of one request: its reply, read, or explained where it is not what was hoped for. It is awaited once, and used again
/// afterwards: a state machine for each request would be the largest thing that a hot path allocates.
/// </summary>
internal abstract class PendingOutcome<TOutcome> : IValueTaskSource<TOutcome>
{
    private readonly Action _replied;

    // It goes on where the reply came, which is not the connection's reader: RequestSlot.
    private ManualResetValueTaskSourceCore<TOutcome> _outcome;
    private ValueTaskAwaiter<Reply> _waiting;

    protected PendingOutcome() => _replied = OnReplied;

    /// <summary>Waits for the reply.</summary>
    protected ValueTask<TOutcome> WaitAsync(ValueTask<Reply> reply)
    {
        _outcome.Reset();
        var outcome = new ValueTask<TOutcome>(this, _outcome.Version);
        _waiting = reply.GetAwaiter();
        if (_waiting.IsCompleted)
        {
            OnReplied();
        }
        else
        {
            // Whoever awaits the outcome sees to their own context.
            _waiting.UnsafeOnCompleted(_replied);
        }

        return outcome;
    }

    /// <summary>The outcome, where the reply alone says it.</summary>
    protected abstract bool TryRead(in Reply reply, out TOutcome outcome);

    /// <summary>The outcome, where more has to be found out.</summary>
    protected abstract Task<TOutcome> ExplainAsync(Reply reply);

    /// <summary>The outcome was taken: another request may use this.</summary>
    protected abstract void Free();

    TOutcome IValueTaskSource<TOutcome>.GetResult(short token)
    {
        if (token != _outcome.Version)
        {
            throw new InvalidOperationException("This outcome was taken before.");
        }

        try
        {
            return _outcome.GetResult(token);
        }
        finally
        {
            _waiting = default;
            Free();
        }
    }

    ValueTaskSourceStatus IValueTaskSource<TOutcome>.GetStatus(short token) => _outcome.GetStatus(token);

    void IValueTaskSource<TOutcome>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _outcome.OnCompleted(continuation, state, token, flags);

    private void OnReplied()
    {
        Reply reply;
        try
        {
#pragma warning disable VSTHRD002 // It is there.
            reply = _waiting.GetResult();
#pragma warning restore VSTHRD002
        }
        catch (Exception exception)
        {
            _outcome.SetException(exception);
            return;
        }

        if (TryRead(reply, out var outcome))
        {
            _outcome.SetResult(outcome);
        }
        else
        {
            FindOutAsync(reply).Forget();
        }
    }

    private async Task FindOutAsync(Reply reply)
    {
        TOutcome outcome;
        try
        {
            outcome = await ExplainAsync(reply);
        }
        catch (Exception exception)
        {
            _outcome.SetException(exception);
            return;
        }

        _outcome.SetResult(outcome);
    }
}
