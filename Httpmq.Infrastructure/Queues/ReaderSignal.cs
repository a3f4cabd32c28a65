using System.Threading.Tasks.Sources;

namespace Httpmq.Infrastructure.Queues;

/// <summary>
/// Lets the one reader of a queue wait, without allocating. The queue's lock guards all but <see cref="Release"/>, which is called after
/// it was left.
/// </summary>
internal sealed class ReaderSignal : IValueTaskSource, IThreadPoolWorkItem
{
    private ManualResetValueTaskSourceCore<bool> _wait;
    private bool _waiting;
    private bool _signalled;

    /// <summary>True: the reader waits, and is to be released.</summary>
    public bool TakeReader()
    {
        var waiting = _waiting;
        _waiting = false;
        return waiting;
    }

    /// <summary>As <see cref="TakeReader"/>; where the reader does not wait, its next wait is over at once.</summary>
    public bool Signal()
    {
        var waiting = TakeReader();
        _signalled = !waiting;
        return waiting;
    }

    /// <summary>
    /// Lets the reader go on, on another thread. Not in the queue of this one: a message to many subscribers puts as many readers there,
    /// the last would be first, and other threads would take them away one by one while this one still receives.
    /// </summary>
    public void Release() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    void IThreadPoolWorkItem.Execute() => _wait.SetResult(result: true);

    /// <summary>Waits, unless there is something to do already. Each wait is awaited to its end before the next.</summary>
    public ValueTask WaitAsync(bool ready)
    {
        if (_signalled || ready)
        {
            _signalled = false;
            return ValueTask.CompletedTask;
        }

        _wait.Reset();
        _waiting = true;
        return new ValueTask(this, _wait.Version);
    }

    void IValueTaskSource.GetResult(short token) => _wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);
}
