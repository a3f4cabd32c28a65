using Httpmq.Bench.Http2;
using Httpmq.Bench.Loads;
using Httpmq.Bench.Measuring;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace Httpmq.Bench.Cases;

/// <summary>A stream is replayed from its first message to its last. The raw side is the client library's ordered consumer.</summary>
internal sealed class ReplayCase(string name, string description, Target target, int payloadBytes) : BenchCase(name, description, target)
{
    private const int Stored = 200_000;

    public override async Task PrepareAsync(BenchContext context, CancellationToken cancellationToken)
    {
        await base.PrepareAsync(context, cancellationToken);
        await context.Nats.FillAsync(SubjectName, Payload.Of(payloadBytes), context.Scaled(Stored), cancellationToken);
    }

    public override Task<Sample> RunAsync(BenchContext context, Side side, CancellationToken cancellationToken) => side == Side.Gateway
        ? ReplayAsync(context, context.Scaled(Stored))
        : ConsumeAsync(context, context.Scaled(Stored), cancellationToken);

    private async Task<Sample> ReplayAsync(BenchContext context, int messages)
    {
        await using var connection = await Http2Connection.ConnectAsync(context.Dataplane);
        var replay = new Subscription(messages, firstSequence: 1);
        return await context.Meter.MeasureAsync(async () =>
        {
            await replay.OpenAsync(connection, context.Dataplane, $"/v1/data/stream/{StreamName}/message");
            await replay.Complete;
            return new Counted(messages);
        });
    }

    private async Task<Sample> ConsumeAsync(BenchContext context, int messages, CancellationToken cancellationToken)
    {
        await using var connection = await context.Nats.ConnectAsync();
        return await context.Meter.MeasureAsync(async () =>
        {
            var consumer = await new NatsJSContext(connection).CreateOrderedConsumerAsync(StreamName, cancellationToken: cancellationToken);
            var left = messages;
            var expected = 1UL;
            await foreach (var message in consumer.ConsumeAsync<NatsMemoryOwner<byte>>(cancellationToken: cancellationToken))
            {
                message.Data.Dispose();
                if (message.Metadata?.Sequence.Stream != expected++)
                {
                    throw new BenchException($"the ordered consumer sent {message.Metadata?.Sequence.Stream} instead of {expected - 1}");
                }

                if (--left == 0)
                {
                    break;
                }
            }

            return new Counted(messages);
        });
    }
}
