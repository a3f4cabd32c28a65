using System.Buffers;
using BenchmarkDotNet.Attributes;
using Httpmq.Infrastructure.Requests;

namespace Httpmq.MicroBench;

/// <summary>Once per publish: JetStream's answer.</summary>
public class PubAckReaderBenchmarks
{
    private readonly PubAckReader _reader = new();
    private readonly ReadOnlySequence<byte> _stored = new("""{"stream":"orders","seq":123456}"""u8.ToArray());
    private readonly ReadOnlySequence<byte> _refused = new(
        """{"error":{"code":400,"err_code":10054,"description":"message size exceeds maximum allowed"},"stream":"orders","seq":0}"""u8
            .ToArray());

    [Benchmark]
    public ulong Stored() => _reader.Read(headers: null, _stored).Sequence;

    [Benchmark]
    public bool Refused() => _reader.Read(headers: null, _refused).Error is not null;
}
