using Httpmq.Bench.Http2;
using Httpmq.Bench.Loads;
using Httpmq.Bench.Measuring;

namespace Httpmq.Bench.Cases;

/// <summary>Receives a backlog and acknowledges every message with confirmation, in both directions of one request.</summary>
internal sealed class DuplexCase(string name, string description, Target target, int backlog, int maxInflight, int batch)
    : ConsumeAckCase(name, description, target, backlog, maxInflight, batch)
{
    private readonly int _batch = batch;

    protected override async Task<Sample> RunGatewayAsync(BenchContext context, string consumer, int messages)
    {
        await using var connection = await Http2Connection.ConnectAsync(context.Dataplane);
        var load = new DuplexLoad(connection, messages, _batch);
        return await context.Meter.MeasureAsync(async () =>
        {
            load.Open(context.Dataplane, StreamName, consumer, SubjectName);
            await load.AllConfirmed.Task;
            return new Counted(messages);
        });
    }
}
