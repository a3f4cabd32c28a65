using System.Runtime.InteropServices;
using System.Threading.Channels;
using Httpmq.Application.Telemetry;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using MediatR;

namespace Httpmq.Application.Publishing;

/// <summary>Opens a batch: a pipeline of single publishes, not a transaction.</summary>
/// <param name="Caller">Who publishes; asked for each record.</param>
public sealed record OpenPublishBatch(Caller Caller) : IRequest<PublishBatch>;

internal sealed class OpenPublishBatchHandler(
    IMessagePublisher publisher, OpenBatches open, TimeProvider time) : IRequestHandler<OpenPublishBatch, PublishBatch>
{
    public Task<PublishBatch> Handle(OpenPublishBatch request, CancellationToken cancellationToken) =>
        Task.FromResult(new PublishBatch(request.Caller, publisher, open, time));
}

/// <param name="Window">
/// Records of one batch that may wait for JetStream, or for somebody to take their outcome, at once. Default: 1024.
/// </param>
public sealed record PublishBatchOptions(int Window = 1024);

/// <summary>
/// Counts the batches that are open. The more there are, the smaller the window of the next one: what clients leave lying that do not take
/// their outcomes stays bounded.
/// </summary>
internal sealed class OpenBatches(PublishBatchOptions options, GatewayMetrics metrics)
{
    // Of all windows together while every batch is as large as it may be; later ones get less, and no less than a few.
    private const int Records = 32 * 1024;
    private const int Fewest = 16;

    private int _open;

    public GatewayMetrics Metrics => metrics;

    /// <summary>Counts one more; how many records it may hold.</summary>
    public int Enter()
    {
        metrics.CountBatches(1);
        return Math.Min(options.Window, Math.Max(Fewest, Records / Interlocked.Increment(ref _open)));
    }

    public void Leave()
    {
        metrics.CountBatches(-1);
        Interlocked.Decrement(ref _open);
    }
}

/// <summary>
/// Records in, outcomes out in the same order. One caller adds, another takes; when as many as the window holds are under
/// way, adding waits. Every record that was added has an outcome, whatever happens, so the taker runs to the end.
/// </summary>
public sealed class PublishBatch : IDisposable
{
    private readonly Caller _caller;
    private readonly IMessagePublisher _publisher;
    private readonly OpenBatches _open;
    private readonly TimeProvider _time;
    private readonly Channel<Record> _window;

    internal PublishBatch(Caller caller, IMessagePublisher publisher, OpenBatches open, TimeProvider time)
    {
        _caller = caller;
        _publisher = publisher;
        _open = open;
        _time = time;
        _window = Channel.CreateBounded<Record>(new BoundedChannelOptions(open.Enter()) { SingleReader = true, SingleWriter = true });
    }

    /// <summary>The largest message, in bytes.</summary>
    public int MaxPayload => _publisher.MaxPayload;

    /// <summary>Whether <see cref="TakeAsync"/> would not wait for the broker.</summary>
    public bool IsOutcomeReady => _window.Reader.TryPeek(out var record) && record.Pending is null or { IsCompleted: true };

    /// <summary>
    /// Publishes a record, or refuses it alone where the caller may not publish to its subject, or what they have shown does not count any
    /// more.
    /// </summary>
    /// <param name="line">The record's place in the batch, from 1.</param>
    /// <param name="publication">The message; its bytes may be reused once the call returned.</param>
    /// <param name="cancellationToken">Gives up waiting for room: the record is not published then and has no outcome.</param>
    public async ValueTask AddAsync(long line, Publication publication, CancellationToken cancellationToken)
    {
        // First room in the window, then the message: one that is under way always has a place for its outcome. A record may wait long for
        // its room, so that its caller is asked afterwards.
        await _window.Writer.WaitToWriteAsync(cancellationToken);
        if ((_caller.CheckEnd(_time) ?? PublishRights.Check(_caller, publication)) is { } refusal)
        {
            await RefuseAsync(line, refusal, cancellationToken);
            return;
        }

        var pending = await _publisher.StartInBatchAsync(publication, cancellationToken);
        await _window.Writer.WriteAsync(new Record(line, pending, Refusal: null), CancellationToken.None);
    }

    /// <summary>Takes the place of a record that cannot be published; the others are not disturbed.</summary>
    /// <param name="line">The record's place in the batch, from 1.</param>
    /// <param name="error">Why.</param>
    /// <param name="cancellationToken">Gives up waiting for room.</param>
    public ValueTask RefuseAsync(long line, Error error, CancellationToken cancellationToken)
    {
        _open.Metrics.Published(error);
        _open.Metrics.Refused(error);
        return _window.Writer.WriteAsync(new Record(line, Pending: null, error), cancellationToken);
    }

    /// <summary>No more records follow.</summary>
    public void Complete() => _window.Writer.Complete();

    /// <summary>The next record's place and outcome; place 0 when there are no more.</summary>
    public async ValueTask<(long Line, PublishOutcome Outcome)> TakeAsync()
    {
        if (!_window.Reader.TryRead(out var record))
        {
            if (!await _window.Reader.WaitToReadAsync() || !_window.Reader.TryRead(out record))
            {
                return default;
            }
        }

        if (record.Pending is null)
        {
            return (record.Line, PublishOutcome.Failed(record.Refusal!));
        }

        var outcome = await record.Pending.GetOutcomeAsync(CancellationToken.None);
        return (record.Line, outcome.Error is { } error ? outcome with { Error = PublishRights.Hide(_caller, error) } : outcome);
    }

    /// <summary>The batch is over, and leaves its room to others.</summary>
    public void Dispose() => _open.Leave();

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Record(long Line, IPendingPublish? Pending, Error? Refusal);
}
