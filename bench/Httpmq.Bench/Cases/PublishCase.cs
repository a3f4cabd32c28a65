using System.Diagnostics;
using Httpmq.Bench.Loads;
using Httpmq.Bench.Measuring;
using Httpmq.Bench.Nats;

namespace Httpmq.Bench.Cases;

/// <summary>One message per request, against a pipelined publisher with as many in flight.</summary>
internal class PublishCase(
    string name, string description, Target target, int payloadBytes, int connections, int inflight, bool isRaw = false)
    : BenchCase(name, description, target)
{
    protected byte[] Message { get; } = Payload.Of(payloadBytes);

    public override bool HasFloor => true;

    public override async Task<Sample> RunAsync(BenchContext context, Side side, CancellationToken cancellationToken)
    {
        if (side == Side.Floor)
        {
            return await context.Meter.MeasureFloorAsync(() => PublishAsync(context, context.Gateway.Floor.Address));
        }

        var before = await context.Nats.MessagesAsync(StreamName);
        var sample = side == Side.Gateway
            ? await context.Meter.MeasureAsync(() => PublishAsync(context, context.Dataplane))
            : await PublishRawAsync(context, inflight * connections);
        var stored = await context.Nats.MessagesAsync(StreamName) - before;
        return stored >= sample.Messages
            ? sample
            : throw new BenchException($"{sample.Messages} messages were confirmed, and {stored} are stored");
    }

    protected virtual Task<Counted> PublishAsync(BenchContext context, Uri server) =>
        RequestLoad.Publish(server, SubjectName, Message, connections, inflight, isRaw).RunAsync(context.Duration);

    protected async Task<Sample> PublishRawAsync(BenchContext context, int window)
    {
        await using var connection = await context.Nats.ConnectAsync();
        await using var publisher = await PipelinedRequester.OpenAsync(connection, window);
        return await context.Meter.MeasureAsync(async () =>
        {
            var messages = 0;
            for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < context.Duration; messages++)
            {
                await publisher.SendAsync(SubjectName, Message);
            }

            await publisher.DrainAsync();
            return new Counted(messages, publisher.Latency);
        });
    }
}

/// <summary>One request at a time: what the way through the gateway adds to a round trip.</summary>
internal sealed class RoundTripCase(string name, string description, Target target, int payloadBytes)
    : PublishCase(name, description, target, payloadBytes, connections: 1, inflight: 1)
{
    public override bool ComparesLatency => true;
}

/// <summary>The same as the first publish case with other load generators, to see what the generator's share is.</summary>
internal sealed class OtherGeneratorCase(
    string name, string description, int payloadBytes, Func<Uri, string, byte[], TimeSpan, Task<Counted>> generate)
    : PublishCase(name, description, Target.None, payloadBytes, connections: 4, inflight: 32)
{
    public override bool ByDefault => false;

    protected override Task<Counted> PublishAsync(BenchContext context, Uri server) =>
        generate(server, SubjectName, Message, context.Duration);
}
