using System.Collections.Concurrent;
using Httpmq.Api.Errors;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Subscriptions;

/// <summary>
/// What a client says while it receives, as far as its pump has to know: how many messages it takes, what it is to be answered, and whether
/// it broke the rules. Its reader writes here, and the pump reads.
/// </summary>
/// <param name="source">Is woken when there is something to do.</param>
/// <param name="credit">How many messages the client takes.</param>
internal sealed class SubscriberInbox(IDeliverySource source, DeliveryCredit credit) : IDisposable
{
    /// <summary>
    /// How many settlements of one client may be under way or unread; a large one takes the place of several. Its messages wait at the
    /// connection meanwhile.
    /// </summary>
    public const int MaxAnswers = 16;

    private readonly ConcurrentQueue<(byte[] Json, int Places, IDisposable? Memory)> _answers = new();
    private readonly SemaphoreSlim _places = new(MaxAnswers);
    private readonly ConcurrentDictionary<Task, bool> _running = new();
    private Error? _end;
    private volatile bool _full;
    private volatile bool _silent;
    private volatile bool _closed;
    private volatile bool _disposed;

    /// <summary>Whether the client takes another message.</summary>
    public bool HasCredit => credit.IsLeft;

    /// <summary>Whether a message of the client waits until answers are read, and all that comes behind it.</summary>
    public bool IsFull => _full;

    /// <summary>Why it ends: the client sent what cannot be taken, or can neither say nor get anything more; null: it goes on.</summary>
    public Error? End => Volatile.Read(ref _end) ?? (_silent && !HasCredit ? SubscriberErrors.OutOfCredit : null);

    /// <summary>Adds to what the client takes; the first credit replaces "any number".</summary>
    public void AddCredit(long count)
    {
        credit.Add(count);
        source.Wake();
    }

    /// <summary>The client has ended its half: no credit follows.</summary>
    public void Silence()
    {
        _silent = true;
        source.Wake();
    }

    /// <summary>Ends the subscription for this reason.</summary>
    public void Refuse(Error error)
    {
        Interlocked.CompareExchange(ref _end, error, comparand: null);
        source.Wake();
    }

    /// <summary>
    /// Starts nothing any more: what was begun is still answered, and a client that goes on asking does not put off the end.
    /// </summary>
    public void Close() => _closed = true;

    /// <summary>
    /// Starts what is answered later, once there is room for its answer; nothing after <see cref="Close"/>. One caller at a time.
    /// </summary>
    /// <param name="work">Gives the answer: one JSON object. It throws nothing.</param>
    /// <param name="places">How many of <see cref="MaxAnswers"/> it takes.</param>
    /// <param name="memory">Counts what it holds until its answer is written; null: nothing worth counting.</param>
    /// <param name="cancellationToken">Gives up waiting for a place.</param>
    public async Task StartAsync(Func<Task<byte[]>> work, int places, IDisposable? memory, CancellationToken cancellationToken)
    {
        var taken = 0;
        try
        {
            for (; taken < places; taken++)
            {
                _full = _places.CurrentCount == 0;
                await _places.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            _full = false;
            if (taken < places)
            {
                memory?.Dispose();
            }
        }

        if (_closed)
        {
            _places.Release(places);
            memory?.Dispose();
            return;
        }

        var running = AnswerAsync(work, places, memory);
        _running.TryAdd(running, value: true);
        if (running.IsCompleted)
        {
            _running.TryRemove(running, out _);
        }
        else
        {
            _ = running.ContinueWith(
                static (done, state) => ((ConcurrentDictionary<Task, bool>)state!).TryRemove(done, out _),
                _running,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    }

    /// <summary>The next answer to write.</summary>
    public bool TryTakeAnswer([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out byte[]? answer)
    {
        if (!_answers.TryDequeue(out var next))
        {
            answer = null;
            return false;
        }

        answer = next.Json;
        next.Memory?.Dispose();
        _places.Release(next.Places);
        return true;
    }

    /// <summary>Waits until all that was started is answered.</summary>
    public Task WhenAnsweredAsync() => Task.WhenAll(_running.Keys);

    /// <summary>A sink that takes as many deliveries as there is credit for.</summary>
    public IDeliverySink Around(IDeliverySink sink) => new Credited(sink, credit);

    public void Dispose()
    {
        _disposed = true;
        DropAnswers();
        _places.Dispose();
    }

    private async Task AnswerAsync(Func<Task<byte[]>> work, int places, IDisposable? memory)
    {
        _answers.Enqueue((await work(), places, memory));
        source.Wake();
        if (_disposed)
        {
            DropAnswers();
        }
    }

    /// <summary>Nobody reads them any more.</summary>
    private void DropAnswers()
    {
        while (_answers.TryDequeue(out var dropped))
        {
            dropped.Memory?.Dispose();
        }
    }

    private sealed class Credited(IDeliverySink sink, DeliveryCredit credit) : IDeliverySink
    {
        public bool WantsDetails => sink.WantsDetails;

        public int Write(in Delivery delivery)
        {
            credit.Use();
            var length = sink.Write(delivery);
            return credit.IsLeft ? length : int.MaxValue;
        }
    }
}
