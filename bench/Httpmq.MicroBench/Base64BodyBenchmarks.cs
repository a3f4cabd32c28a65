using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using BenchmarkDotNet.Attributes;
using Httpmq.Api.Bodies;

namespace Httpmq.MicroBench;

/// <summary>Once per publish: the body to the message. The pipe reader's own part is included.</summary>
public class Base64BodyBenchmarks
{
    private const int MaxMessage = 1024 * 1024;
    private readonly BodyBuffers _buffers = new(long.MaxValue);
    private byte[] _body = [];
    private byte[] _raw = [];

    [Params(16, 1024, 65536)]
    public int MessageBytes { get; set; }

    [GlobalSetup]
    public void SetUp() =>
        (_body, _raw) = (Encoding.ASCII.GetBytes(Convert.ToBase64String(new byte[MessageBytes])), new byte[MessageBytes]);

    [Benchmark]
    public async Task<int> RawAsync()
    {
        var reader = PipeReader.Create(new ReadOnlySequence<byte>(_raw));
        using var message = await MessageBody.ReadAsync(
            reader, MessageEncoding.Raw, _raw.Length, MaxMessage, _buffers, BodyTimeouts.Endless, CancellationToken.None);
        return message.Message.Length;
    }

    [Benchmark]
    public async Task<int> ReadAsync()
    {
        var reader = PipeReader.Create(new ReadOnlySequence<byte>(_body));
        using var message = await MessageBody.ReadAsync(
            reader, MessageEncoding.Base64, _body.Length, MaxMessage, _buffers, BodyTimeouts.Endless, CancellationToken.None);
        return message.Message.Length;
    }
}
