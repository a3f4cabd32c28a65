using System.Collections.Concurrent;

namespace Httpmq.Api.Http;

/// <summary>A response that stays open: a subscription, a batch.</summary>
internal interface IOpenStream
{
    string RequestId { get; }

    /// <summary>Whose it is.</summary>
    string Principal { get; }

    /// <summary>What it is, for the log, such as <c>the subscription to orders/billing</c>.</summary>
    string Description { get; }

    /// <summary>The connection that it is on, perhaps with others.</summary>
    string ConnectionId { get; }

    /// <summary>How long its client has taken nothing of what was written; zero while nothing waits.</summary>
    TimeSpan Stalled { get; }

    /// <summary>
    /// Whether its request is left unread meanwhile: what the client goes on to send takes room from the others on its connection.
    /// </summary>
    bool HoldsBody { get; }

    /// <summary>Whether only its last words are left to be read.</summary>
    bool IsEnding { get; }

    /// <summary>Cuts the client off without a last line: it reads none.</summary>
    void Abort();
}

/// <summary>
/// Owns every response that stays open: limits how many subscriptions and batches there are, cuts off clients that stopped reading, and
/// drains all of them at shutdown before the server closes connections. One that closes with a request still open takes from many clients
/// what they have not read of the answer. One timer looks after all.
/// <para>
/// Of those that leave their request unread only so many may be on one connection: <see cref="ConnectionWindow"/> has room for what they
/// hold, and for the requests of others.
/// </para>
/// </summary>
internal sealed class OpenStreams : IHostedLifecycleService, IAsyncDisposable
{
    /// <summary>What a client may send on one stream of HTTP/2 before it is read, in bytes. It is Kestrel's default.</summary>
    public const int StreamWindow = 768 * 1024;

    /// <summary>
    /// The same of all streams of one connection. Kestrel says that there is room again when half of it was read: what is left unread may
    /// be no more than the other half.
    /// </summary>
    public const int ConnectionWindow = 2 * MostHolding * StreamWindow;

    /// <summary>So many streams of one connection may leave their requests unread because nobody reads their answers.</summary>
    public const int MostHolding = 16;

    // Whoever reads at all has read something by then; bodies that wait for room are refused after 5 s.
    private static readonly TimeSpan HoldLimit = TimeSpan.FromSeconds(1);

    // What is ending, or is told of a shutdown, keeps nothing but its last line from the others; its client gets so long to read it.
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Entry, Task> _open = new();
    private readonly LimitSettings _limits;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ILogger<OpenStreams> _logger;
    private readonly ITimer _timer;
    private int _subscriptions;
    private int _batches;

    public OpenStreams(LimitSettings limits, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<OpenStreams> logger)
    {
        _limits = limits;
        _lifetime = lifetime;
        _logger = logger;
        _timer = time.CreateTimer(static state => ((OpenStreams)state!).CutOffStalled(), this, CheckInterval, CheckInterval);
    }

    /// <summary>Streams that are open.</summary>
    public int Count => _open.Count;

    /// <summary>
    /// Takes one of <see cref="LimitSettings.MaxSubscriptions"/> places, before the subscription is opened, so that many at once cannot
    /// exceed the limit. Given back by <see cref="LeaveSubscription"/>. False: all are taken.
    /// </summary>
    public bool TryEnterSubscription() => TryEnter(ref _subscriptions, _limits.MaxSubscriptions);

    public void LeaveSubscription() => Interlocked.Decrement(ref _subscriptions);

    /// <summary>As <see cref="TryEnterSubscription"/>, for one of <see cref="LimitSettings.MaxBatches"/> places.</summary>
    public bool TryEnterBatch() => TryEnter(ref _batches, _limits.MaxBatches);

    public void LeaveBatch() => Interlocked.Decrement(ref _batches);

    /// <summary>Runs one stream to its end, clean-up included.</summary>
    public async Task RunAsync(IOpenStream stream, Func<Task> run)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var entry = new Entry(stream);
        _open[entry] = done.Task;
        try
        {
            await run();
        }
        finally
        {
            entry.Close();
            _open.TryRemove(entry, out _);
            done.SetResult();
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Waits until all have written their last words, while the server still takes requests' bodies and sends answers.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        // The first that hears of it: everybody else is to know, too.
        _lifetime.StopApplication();
        return DrainAsync(cancellationToken);
    }

    /// <summary>Those that came in between.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => DrainAsync(cancellationToken);

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private static bool TryEnter(ref int taken, int places)
    {
        if (Interlocked.Increment(ref taken) <= places)
        {
            return true;
        }

        Interlocked.Decrement(ref taken);
        return false;
    }

    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(_open.Values).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            foreach (var entry in _open.Keys)
            {
                entry.WhileOpen(static stream => stream.Abort());
            }

            // What subscriptions did not write goes back to NATS while there is a connection.
            await Task.WhenAll(_open.Values);
        }
    }

    private void CutOffStalled()
    {
        var holding = new List<(Entry Entry, TimeSpan Stalled)>();
        foreach (var entry in _open.Keys)
        {
            if (entry.Check(this) is { Ticks: > 0 } stalled)
            {
                holding.Add((entry, stalled));
            }
        }

        CutOffTooMany(holding);
    }

    /// <summary>
    /// Those that have stood still for the longest, because they are the least likely to go on. What all hold together is bounded, too.
    /// </summary>
    private void CutOffTooMany(List<(Entry Entry, TimeSpan Stalled)> holding)
    {
        var left = Math.Max(1, _limits.MaxTotalBodyBytes / StreamWindow);
        var ofConnection = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (entry, stalled) in holding.OrderBy(static one => one.Stalled))
        {
            var count = ofConnection[entry.ConnectionId] = ofConnection.GetValueOrDefault(entry.ConnectionId) + 1;
            if (count > MostHolding || left == 0)
            {
                entry.WhileOpen(stream => CutOff(stream, stalled));
            }
            else
            {
                left--;
            }
        }
    }

    /// <summary>
    /// Cuts off a stream that has stood still for too long. Returns for how long one that goes on has held its request; zero: it does not.
    /// </summary>
    private TimeSpan Check(IOpenStream stream)
    {
        var stalled = stream.Stalled;
        if (stalled > _limits.StallTimeout
            || (stalled > EndLimit && (stream.IsEnding || _lifetime.ApplicationStopping.IsCancellationRequested)))
        {
            CutOff(stream, stalled);
            return TimeSpan.Zero;
        }

        return stalled > HoldLimit && stream.HoldsBody ? stalled : TimeSpan.Zero;
    }

    private void CutOff(IOpenStream stream, TimeSpan stalled)
    {
        _logger.Stalled(
            PlainText.Word(stream.RequestId), PlainText.Word(stream.Principal), stream.Description, stalled.TotalSeconds);
        stream.Abort();
    }

    /// <summary>
    /// A stream and whether it still runs. The server reuses what stands behind a request as soon as that has ended: whoever touched it
    /// then would break off somebody else's.
    /// </summary>
    private sealed class Entry(IOpenStream stream)
    {
        private readonly Lock _gate = new();
        private bool _isClosed;

        /// <summary>Also when the stream has ended.</summary>
        public string ConnectionId { get; } = stream.ConnectionId;

        /// <inheritdoc cref="OpenStreams.Check"/>
        public TimeSpan Check(OpenStreams streams)
        {
            lock (_gate)
            {
                return _isClosed ? TimeSpan.Zero : streams.Check(stream);
            }
        }

        /// <summary>Does something with the stream; nothing where it has ended. It does not end in the meantime.</summary>
        public void WhileOpen(Action<IOpenStream> action)
        {
            lock (_gate)
            {
                if (!_isClosed)
                {
                    action(stream);
                }
            }
        }

        public void Close()
        {
            lock (_gate)
            {
                _isClosed = true;
            }
        }
    }
}
