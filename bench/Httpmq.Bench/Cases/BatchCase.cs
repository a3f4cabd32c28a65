using Httpmq.Bench.Loads;
using Httpmq.Bench.Measuring;

namespace Httpmq.Bench.Cases;

/// <summary>Many messages in one request, against the pipelined publisher with 128 in flight.</summary>
internal sealed class BatchCase(string name, string description, Target target, int payloadBytes)
    : PublishCase(name, description, target, payloadBytes, connections: 1, inflight: 128)
{
    // Its requests are no requests of one message each.
    public override bool HasFloor => false;

    protected override async Task<Counted> PublishAsync(BenchContext context, Uri server)
    {
        using var load = new BatchLoad(server, SubjectName, Message);
        return await load.RunAsync(context.Duration);
    }
}
