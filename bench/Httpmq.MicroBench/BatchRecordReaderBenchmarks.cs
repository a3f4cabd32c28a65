using System.Buffers;
using BenchmarkDotNet.Attributes;
using Httpmq.Api.Bodies;
using Httpmq.Api.Publishing;

namespace Httpmq.MicroBench;

/// <summary>Once per record of a batch: the line to a subject and a message, or to what is wrong with it.</summary>
public sealed class BatchRecordReaderBenchmarks : IDisposable
{
    private readonly BatchRecordReader _reader = new(1024 * 1024, new BodyBuffers(long.MaxValue));
    private readonly ReadOnlySequence<byte> _record = new(
        """{"subject":"orders.europe.new","b64_msg":"AAAAAAAAAAAAAAAAAAAAAA=="}"""u8.ToArray());
    private readonly ReadOnlySequence<byte> _noObject = new("orders.europe.new"u8.ToArray());
    private readonly ReadOnlySequence<byte> _noSubject = new("""{"b64_msg":"AAAAAAAAAAAAAAAAAAAAAA=="}"""u8.ToArray());
    private readonly ReadOnlySequence<byte> _noBase64 = new("""{"subject":"orders.europe.new","b64_msg":"hello"}"""u8.ToArray());

    [GlobalCleanup]
    public void Dispose() => _reader.Dispose();

    [Benchmark]
    public bool Record() => _reader.Read(_record, out _, out _) is null;

    [Benchmark]
    public bool NoObject() => _reader.Read(_noObject, out _, out _) is null;

    [Benchmark]
    public bool NoSubject() => _reader.Read(_noSubject, out _, out _) is null;

    [Benchmark]
    public bool NoBase64() => _reader.Read(_noBase64, out _, out _) is null;
}
