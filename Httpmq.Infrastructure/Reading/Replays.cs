using System.Collections.Concurrent;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Microsoft.Extensions.Logging;

namespace Httpmq.Infrastructure.Reading;

/// <summary>Opens replays, and gives each a look from time to time, with one timer for all.</summary>
internal sealed class Replays : IReplayFactory, IDisposable
{
    // Replays hold at most so much of what may wait for all subscribers, beside one message each.
    private const int PartOfPending = 4;

    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<ReplayRun, byte> _open = new();
    private readonly ConcurrentQueue<OrderedSubscription> _leaving = new();
    private readonly JetStreamApi _api;
    private readonly ReplayContext _context;
    private readonly ITimer _timer;

    public Replays(JetStreamApi api, DeliveryLink link, NatsOptions options, TimeProvider time, ILogger<Replays> logger)
    {
        _api = api;
        _context = new ReplayContext(api, link, new BackgroundSender(link, logger), options, time, _leaving.Enqueue);
        Pending = new ByteBudget(options.MaxTotalPendingBytes / PartOfPending);
        link.Opened += OnOpened;
        _timer = time.CreateTimer(
            static state => ((Replays)state!).RefreshAll(reconnected: false), this, RefreshInterval, RefreshInterval);
    }

    /// <summary>What waits for the clients of all replays.</summary>
    public ByteBudget Pending { get; }

    public async Task<IReplaySource> OpenAsync(StreamName stream, ReplayOptions options, CancellationToken cancellationToken)
    {
        var cursor = new StreamCursor(_api, stream, options.Subjects);
        var state = await cursor.ReadStateAsync(cancellationToken);
        if (options.IsComplete)
        {
            var over = new ReplaySource(stream.Value, options, first: 1, end: 0, Pending);
            over.Complete();
            return over;
        }

        var last = state.State?.LastSeq ?? 0;
        var chosen = options.LastPerSubject ? await FindLastOfEachAsync(cursor, options, last, cancellationToken) : [];
        var first = options switch
        {
            { LastPerSubject: true } => Behind(Math.Max(last, options.After ?? 0)),
            { After: { } after } => Behind(after),
            { FromSequence: { } sequence } => sequence,
            { FromTime: { } since } => await cursor.FindTimeAsync(since, last, cancellationToken),
            { New: true } => last + 1,
            { Last: true } => await cursor.FindLastAsync(last, cancellationToken) ?? last + 1,
            _ => 1UL,
        };
        var source = new ReplaySource(stream.Value, options, first, last, Pending);
        var run = new ReplayRun(_context, cursor, source, chosen, state.Created);
        try
        {
            // A replay that has nothing to send is over before it begins.
            await run.TryStartAsync(cancellationToken);
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }

        source.Start(() => KeepAsync(run));
        return source;
    }

    public void Dispose()
    {
        _context.Link.Opened -= OnOpened;
        _timer.Dispose();
    }

    private static ulong Behind(ulong sequence) => sequence == ulong.MaxValue ? sequence : sequence + 1;

    /// <summary>Those that the client does not have. What is stored meanwhile comes by itself where the replay goes on.</summary>
    private static async Task<IReadOnlyList<ulong>> FindLastOfEachAsync(
        StreamCursor cursor, ReplayOptions options, ulong last, CancellationToken cancellationToken) =>
        [.. (await cursor.FindLastOfEachAsync(last, cancellationToken))
            .Where(sequence => sequence > (options.After ?? 0) && (sequence <= last || !options.Follow))];

    private async Task KeepAsync(ReplayRun run)
    {
        _open[run] = 0;
        try
        {
            await run.RunAsync();
        }
        finally
        {
            _open.TryRemove(run, out _);
        }
    }

    private void OnOpened() => RefreshAll(reconnected: true);

    private void RefreshAll(bool reconnected)
    {
        while (_context.Link.IsOpen && _leaving.TryDequeue(out var subscription))
        {
            subscription.DisposeAsync().AsTask().Forget();
        }

        foreach (var run in _open.Keys)
        {
            run.Refresh(reconnected);
        }
    }
}

/// <summary>What the replays share.</summary>
/// <param name="Api">For requests.</param>
/// <param name="Link">The connection for deliveries.</param>
/// <param name="Sender">Sends over it.</param>
/// <param name="Options">How to use it.</param>
/// <param name="Time">The clock.</param>
/// <param name="LeaveLater">Takes a subscription that cannot be ended now, and ends it when NATS is back.</param>
internal sealed record ReplayContext(
    JetStreamApi Api,
    DeliveryLink Link,
    BackgroundSender Sender,
    NatsOptions Options,
    TimeProvider Time,
    Action<OrderedSubscription> LeaveLater);
