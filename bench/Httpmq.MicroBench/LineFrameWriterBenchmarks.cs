using BenchmarkDotNet.Attributes;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Domain.Messages;

namespace Httpmq.MicroBench;

/// <summary>Once per delivery: the message to its line.</summary>
public class LineFrameWriterBenchmarks
{
    private readonly JsonFrameWriter _writer = new(
        new ReusedPipe(), "6f1d2a0c-9a1e-4a51-8d0a-3f0f3a1b2c4d", "orders", "workers", new FramingOptions("orders.>"));
    private byte[] _message = [];
    private ulong _sequence = 1_000_000;

    [Params(16, 1024, 65536)]
    public int MessageBytes { get; set; }

    [GlobalSetup]
    public void SetUp() => _message = new byte[MessageBytes];

    [Benchmark]
    public int Write()
    {
        _sequence++;
        return _writer.Write(new Delivery("orders.europe.new", new DeliverySequence(_sequence, _sequence), _message));
    }
}
