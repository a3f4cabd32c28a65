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
    private readonly ReadOnlySequence<byte> _text = new("""{"subject":"orders.europe.new","msg":"sixteen letters!"}"""u8.ToArray());
    private readonly ReadOnlySequence<byte> _json = new("""{"subject":"orders.europe.new","json":{"order":17,"ok":[1]}}"""u8.ToArray());
    private readonly ReadOnlySequence<byte> _noObject = new("orders.europe.new"u8.ToArray());
    private readonly ReadOnlySequence<byte> _noSubject = new("""{"b64_msg":"AAAAAAAAAAAAAAAAAAAAAA=="}"""u8.ToArray());
    private readonly ReadOnlySequence<byte> _noBase64 = new("""{"subject":"orders.europe.new","b64_msg":"hello"}"""u8.ToArray());

    [GlobalCleanup]
    public void Dispose() => _reader.Dispose();

    [Benchmark]
    public bool Record() => _reader.Read(_record, out _) is null;

    [Benchmark]
    public bool Text() => _reader.Read(_text, out _) is null;

    [Benchmark]
    public bool Json() => _reader.Read(_json, out _) is null;

    [Benchmark]
    public bool NoObject() => _reader.Read(_noObject, out _) is null;

    [Benchmark]
    public bool NoSubject() => _reader.Read(_noSubject, out _) is null;

    [Benchmark]
    public bool NoBase64() => _reader.Read(_noBase64, out _) is null;
}
