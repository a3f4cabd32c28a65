using System.Buffers;
using System.Threading.Channels;
using Httpmq.Bench.Http2;
using Httpmq.Bench.Loads;
using Httpmq.Bench.Measuring;
using Httpmq.Bench.Nats;
using NATS.Client.Core;

namespace Httpmq.Bench.Cases;

/// <summary>
/// A backlog goes to one subscriber as fast as it can. The raw side is the client library's ordinary subscription, or a
/// <paramref name="bare"/> one that only counts.
/// </summary>
internal class DeliverCase(string name, string description, Target target, int payloadBytes, bool bare = false, bool events = false)
    : BenchCase(name, description, target)
{
    private const int Backlog = 300_000;

    public override bool ByDefault => !bare;

    public override async Task PrepareAsync(BenchContext context, CancellationToken cancellationToken)
    {
        await base.PrepareAsync(context, cancellationToken);
        await context.Nats.FillAsync(SubjectName, Payload.Of(payloadBytes), context.Scaled(Backlog), cancellationToken);
    }

    public override async Task<Sample> RunAsync(BenchContext context, Side side, CancellationToken cancellationToken)
    {
        var messages = context.Scaled(Backlog);
        var consumer = ConsumerName(side);
        await context.Management.CreatePushConsumerAsync(StreamName, consumer, messages + 1);
        try
        {
            return side == Side.Gateway
                ? await SubscribeAsync(context, consumer, messages)
                : await SubscribeRawAsync(context, consumer, messages, cancellationToken);
        }
        finally
        {
            await context.Nats.DropConsumerAsync(StreamName, consumer);
        }
    }

    protected virtual async Task<Sample> SubscribeAsync(BenchContext context, string consumer, int messages)
    {
        await using var connection = await Http2Connection.ConnectAsync(context.Dataplane);
        var subscription = new Subscription(messages, events ? 0 : 1, events);
        return await context.Meter.MeasureAsync(async () =>
        {
            await subscription.OpenAsync(connection, context.Dataplane, StreamName, consumer, SubjectName);
            await subscription.Complete;
            return new Counted(messages);
        });
    }

    private async Task<Sample> SubscribeRawAsync(BenchContext context, string consumer, int messages, CancellationToken cancellationToken)
    {
        var subject = await context.Nats.DeliverSubjectAsync(StreamName, consumer);
        await using var connection = await context.Nats.ConnectAsync();
        return await context.Meter.MeasureAsync(() => bare
            ? CountAsync(connection, subject, messages)
            : ReadAsync(connection, subject, messages, cancellationToken));
    }

    private static async Task<Counted> ReadAsync(
        NatsConnection connection, string subject, int messages, CancellationToken cancellationToken)
    {
        // The library drops what does not fit into its channel.
        var options =
            new NatsSubOpts { ChannelOpts = new NatsSubChannelOpts { Capacity = messages + 1, FullMode = BoundedChannelFullMode.Wait } };
        await using var subscription = await connection.SubscribeCoreAsync<NatsMemoryOwner<byte>>(
            subject, opts: options, cancellationToken: cancellationToken);
        var left = messages;
        while (left > 0 && await subscription.Msgs.WaitToReadAsync(cancellationToken))
        {
            while (subscription.Msgs.TryRead(out var message))
            {
                message.Data.Dispose();
                left--;
            }
        }

        return new Counted(messages);
    }

    private static async Task<Counted> CountAsync(NatsConnection connection, string subject, int messages)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = messages;
        await using var deliveries = await RawDeliveries.OpenAsync(connection, subject, (string? _, in ReadOnlySequence<byte> _) =>
        {
            if (--left == 0)
            {
                done.SetResult();
            }
        });
        await done.Task;
        return new Counted(messages);
    }
}
