using System.Runtime.InteropServices;
using System.Threading.Channels;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using MediatR;

namespace Httpmq.Application.Messages;

/// <summary>Opens a batch: a pipeline of single publishes, not a transaction.</summary>
public sealed record OpenPublishBatch : IRequest<PublishBatch>;

internal sealed class OpenPublishBatchHandler(IMessagePublisher publisher, PublishBatchOptions options) : IRequestHandler<OpenPublishBatch, PublishBatch>
{
    public Task<PublishBatch> Handle(OpenPublishBatch request, CancellationToken cancellationToken) =>
        Task.FromResult(new PublishBatch(publisher, options.Window));
}

/// <param name="Window">Records of one batch that may wait for JetStream at once. Default: 1024.</param>
public sealed record PublishBatchOptions(int Window = 1024);

/// <summary>
/// Records in, outcomes out in the same order. One caller adds, another takes; when as many as the window holds are under
/// way, adding waits. Every record that was added has an outcome, whatever happens, so the taker runs to the end.
/// </summary>
public sealed class PublishBatch
{
    private readonly IMessagePublisher _publisher;
    private readonly Channel<Record> _window;

    internal PublishBatch(IMessagePublisher publisher, int window)
    {
        _publisher = publisher;
        _window = Channel.CreateBounded<Record>(new BoundedChannelOptions(window) { SingleReader = true, SingleWriter = true });
    }

    /// <summary>The largest message, in bytes.</summary>
    public int MaxPayload => _publisher.MaxPayload;

    /// <summary>Whether <see cref="TakeAsync"/> would not wait for the broker.</summary>
    public bool IsOutcomeReady => _window.Reader.TryPeek(out var record) && record.Pending is null or { IsCompleted: true };

    /// <summary>Publishes a record. The payload may be reused once the call returned.</summary>
    /// <param name="line">The record's place in the batch, from 1.</param>
    /// <param name="subject">Where to publish.</param>
    /// <param name="payload">The message.</param>
    public async ValueTask AddAsync(long line, Subject subject, ReadOnlyMemory<byte> payload)
    {
        // First room in the window, then the message: one that is under way always has a place for its outcome.
        await _window.Writer.WaitToWriteAsync();
        var pending = await _publisher.StartAsync(subject, payload);
        await _window.Writer.WriteAsync(new Record(line, pending, Refusal: null));
    }

    /// <summary>Takes the place of a record that cannot be published; the others are not disturbed.</summary>
    public ValueTask RefuseAsync(long line, Error error) => _window.Writer.WriteAsync(new Record(line, Pending: null, error));

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

        return (record.Line, record.Pending is null
            ? PublishOutcome.Failed(record.Refusal!)
            : await record.Pending.GetOutcomeAsync(CancellationToken.None));
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Record(long Line, IPendingPublish? Pending, Error? Refusal);
}
