using Httpmq.Bench.Loads;
using Httpmq.Bench.Measuring;
using Httpmq.Bench.Processes;

namespace Httpmq.Bench.Cases;

/// <summary>
/// The same requests from h2load to the gateway and, as the raw side, to nginx with nchan. The two do not do the same: the gateway answers
/// when JetStream has stored the message, and nchan when it has it in memory. nginx's CPU stands where nats-server's does otherwise.
/// </summary>
internal sealed class NchanCase(string name, string description, Target target, int payloadBytes)
    : PublishCase(name, description, target, payloadBytes, connections: 4, inflight: 32)
{
    private NchanServer? _nchan;

    public override bool ByDefault => false;

    public override bool HasFloor => false;

    public override async Task PrepareAsync(BenchContext context, CancellationToken cancellationToken)
    {
        await base.PrepareAsync(context, cancellationToken);
        _nchan = await NchanServer.StartAsync();
    }

    public override async Task<Sample> RunAsync(BenchContext context, Side side, CancellationToken cancellationToken)
    {
        if (side is Side.Gateway)
        {
            return await base.RunAsync(context, side, cancellationToken);
        }

        var nchan = _nchan!;
        var (publishedBefore, timeBefore) = (await nchan.PublishedAsync(), nchan.WorkerTime());
        var sample = await context.Meter.MeasureAsync(() => PublishAsync(context, nchan.Address));
        var spent = nchan.WorkerTime() - timeBefore;
        var published = await nchan.PublishedAsync() - publishedBefore;
        return published >= sample.Messages
            ? sample with { NatsCpuMicros = spent.TotalMicroseconds / sample.Messages }
            : throw new BenchException($"{sample.Messages} messages were confirmed, and nchan counted {published}");
    }

    public override async Task CleanUpAsync(BenchContext context)
    {
        await (_nchan?.DisposeAsync() ?? ValueTask.CompletedTask);
        await base.CleanUpAsync(context);
    }

    protected override Task<Counted> PublishAsync(BenchContext context, Uri server) =>
        OtherGenerators.RunH2LoadAsync(server, SubjectName, Message, context.Duration);
}
