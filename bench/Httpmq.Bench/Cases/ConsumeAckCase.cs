using System.Text.Json.Nodes;
using System.Threading.Channels;
using Httpmq.Bench.Http2;
using Httpmq.Bench.Loads;
using Httpmq.Bench.Measuring;
using Httpmq.Bench.Nats;
using NATS.Client.Core;

namespace Httpmq.Bench.Cases;

/// <summary>
/// Receives a backlog and acknowledges every message with confirmation; nothing may be lost or come twice. The raw side
/// acknowledges by request-reply, pipelined as far as the consumer's limit allows.
/// </summary>
internal class ConsumeAckCase(string name, string description, Target target, int backlog, int maxInflight, int batch)
    : BenchCase(name, description, target)
{
    protected static readonly byte[] Ack = "+ACK"u8.ToArray();

    // What a request costs that acknowledges one message shows where there is nothing else in it.
    public override bool HasFloor => batch == 1;

    public override async Task PrepareAsync(BenchContext context, CancellationToken cancellationToken)
    {
        await base.PrepareAsync(context, cancellationToken);
        await context.Nats.FillAsync(SubjectName, Payload.Of(16), context.Scaled(backlog), cancellationToken);
    }

    public override async Task<Sample> RunAsync(BenchContext context, Side side, CancellationToken cancellationToken)
    {
        if (side == Side.Floor)
        {
            var path = $"/v1/data/stream/{StreamName}/consumer/{ConsumerName(side)}/ack";
            return await context.Meter.MeasureFloorAsync(() => new RequestLoad(
                context.Gateway.Floor.Address, path, """{"stream":10000,"consumer":10000}"""u8.ToArray(), connections: 1, maxInflight)
                .RunAsync(context.Duration));
        }

        var messages = context.Scaled(backlog);
        var consumer = ConsumerName(side);
        await CreateConsumerAsync(context, consumer, maxInflight);
        try
        {
            var sample = side == Side.Gateway
                ? await RunGatewayAsync(context, consumer, messages)
                : await RunRawAsync(context, consumer, messages, cancellationToken);
            RefuseLosses(await context.Nats.ConsumerInfoAsync(StreamName, consumer), messages);
            return sample;
        }
        finally
        {
            await context.Nats.DropConsumerAsync(StreamName, consumer);
        }
    }

    protected virtual Task CreateConsumerAsync(BenchContext context, string consumer, int inflight) =>
        context.Management.CreatePushConsumerAsync(StreamName, consumer, inflight);

    protected virtual async Task<Sample> RunGatewayAsync(BenchContext context, string consumer, int messages)
    {
        await using var subscribing = await Http2Connection.ConnectAsync(context.Dataplane);
        await using var acknowledging = await Http2Connection.ConnectAsync(context.Dataplane);
        var head = RequestHead.Post(context.Dataplane, $"/v1/data/stream/{StreamName}/consumer/{consumer}/ack");
        var load = new AckLoad(acknowledging, head, messages, batch);
        var sample = await context.Meter.MeasureAsync(async () =>
        {
            await load.OpenAsync(subscribing, context.Dataplane, StreamName, consumer, SubjectName);
            await load.AllConfirmed.Task;
            return new Counted(messages, load.Latency);
        });
        return load.Repeated == 0 ? sample : throw new BenchException($"{load.Repeated} messages were redelivered");
    }

    protected virtual async Task<Sample> RunRawAsync(
        BenchContext context, string consumer, int messages, CancellationToken cancellationToken)
    {
        var subject = await context.Nats.DeliverSubjectAsync(StreamName, consumer);
        await using var connection = await context.Nats.ConnectAsync();
        await using var acknowledger = await PipelinedRequester.OpenAsync(connection, maxInflight);
        return await context.Meter.MeasureAsync(async () =>
        {
            var options = new NatsSubOpts
            {
                ChannelOpts = new NatsSubChannelOpts { Capacity = maxInflight + 1, FullMode = BoundedChannelFullMode.Wait },
            };
            await using var subscription = await connection.SubscribeCoreAsync<NatsMemoryOwner<byte>>(
                subject, opts: options, cancellationToken: cancellationToken);
            for (var left = messages; left > 0; left--)
            {
                var message = await subscription.Msgs.ReadAsync(cancellationToken);
                message.Data.Dispose();
                await acknowledger.SendAsync(message.ReplyTo!, Ack);
            }

            await acknowledger.DrainAsync();
            return new Counted(messages, acknowledger.Latency);
        });
    }

    private static void RefuseLosses(JsonNode info, long messages)
    {
        var floor = info["ack_floor"]!["stream_seq"]!.GetValue<long>();
        var delivered = info["delivered"]!["consumer_seq"]!.GetValue<long>();
        var pending = info["num_ack_pending"]!.GetValue<long>();
        var redelivered = info["num_redelivered"]!.GetValue<long>();
        if (floor != messages || delivered != messages || pending != 0 || redelivered != 0)
        {
            throw new BenchException(
                $"of {messages} messages {floor} are acknowledged, {delivered} deliveries, {pending} pending, {redelivered} redelivered");
        }
    }
}
