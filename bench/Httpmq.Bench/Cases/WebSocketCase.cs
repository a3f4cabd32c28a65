using Httpmq.Bench.Loads;
using Httpmq.Bench.Measuring;

namespace Httpmq.Bench.Cases;

/// <summary>A backlog goes to one subscriber over a WebSocket.</summary>
internal sealed class WebSocketCase(string name, string description, Target target, int payloadBytes)
    : DeliverCase(name, description, target, payloadBytes)
{
    protected override Task<Sample> SubscribeAsync(BenchContext context, string consumer, int messages) =>
        context.Meter.MeasureAsync(async () =>
        {
            var path = $"/v1/data/stream/{StreamName}/consumer/{consumer}?subject_name={SubjectName}";
            await new WebSocketLoad(context.Dataplane, path, messages).RunAsync();
            return new Counted(messages);
        });
}
