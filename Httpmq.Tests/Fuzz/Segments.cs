using System.Buffers;
using System.IO.Pipelines;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Fuzz;

/// <summary>Bytes as a server hands them on: in pieces.</summary>
internal static class Segments
{
    public static byte[] Join(byte[][] pieces) => [.. pieces.SelectMany(piece => piece)];

    public static ReadOnlySequence<byte> Sequence(byte[][] pieces)
    {
        var first = new Segment([], 0);
        var last = pieces.Aggregate(first, (segment, piece) => segment.Append(piece));
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    /// <summary>Reads from a pipe into which the pieces are written one by one, each with a read of its own.</summary>
    public static async Task<T> ReadAsync<T>(byte[][] pieces, Func<PipeReader, ValueTask<T>> read)
    {
        var pipe = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline,
            pauseWriterThreshold: 0, minimumSegmentSize: 16, useSynchronizationContext: false));
        var reading = read(pipe.Reader).AsTask();
        foreach (var piece in pieces)
        {
            await pipe.Writer.WriteAsync(piece);
        }

        await pipe.Writer.CompleteAsync();
        return await reading.WaitAsync(Eventually.TimeLimit);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, long index) => (Memory, RunningIndex) = (bytes, index);

        public Segment Append(byte[] bytes)
        {
            var next = new Segment(bytes, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
