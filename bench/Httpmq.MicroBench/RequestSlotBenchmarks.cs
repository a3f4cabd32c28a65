using BenchmarkDotNet.Attributes;
using Httpmq.Infrastructure.Requests;

namespace Httpmq.MicroBench;

/// <summary>
/// Once per publish: waiting for the answer. The rest of the pipeline is the connection's, and the end-to-end cases measure it.
/// </summary>
public class RequestSlotBenchmarks
{
    private readonly RequestSlot _slot = new(index: 0, static _ => { }, static _ => { });
    private long _token;

    [Benchmark]
    public async Task<ulong> StartAndEnd()
    {
        var reply = _slot.Start("s", ++_token, timestamp: 0);
        _slot.TryEnd(_token, new Reply(ReplyKind.Answered, "orders", 42));
        return (await reply.WaitAsync()).Sequence;
    }
}
