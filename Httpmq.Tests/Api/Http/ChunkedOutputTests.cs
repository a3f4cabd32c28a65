using System.Buffers;
using System.IO.Pipelines;
using FsCheck;
using FsCheck.Fluent;
using Httpmq.Api.Http;
using Property = FsCheck.Property;

namespace Httpmq.Tests.Api.Http;

/// <summary>Many small writes reach the response whole and in order, and take its memory seldom.</summary>
public sealed class ChunkedOutputTests
{
    [FsCheck.NUnit.Property(MaxTest = 200)]
    public Property Writes_OfAnyLength_ArriveAsTheyWereWritten() => Prop.ForAll(
        Gen.OneOf(Gen.Choose(0, 40), Gen.Choose(4000, 4200), Gen.Constant(20_000)).ListOf().ToArbitrary(),
        lengths =>
        {
            var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
            var output = new ChunkedOutput(pipe.Writer);
            var expected = new List<byte>();
            foreach (var (index, length) in lengths.Index())
            {
                var bytes = Enumerable.Repeat((byte)index, length).ToArray();
                output.Write(bytes);
                expected.AddRange(bytes);
                if (index % 3 == 2)
                {
                    Assert.That(output.FlushAsync().AsTask().IsCompletedSuccessfully);
                }
            }

            output.Complete();
            var arrived = new List<byte>();
            while (pipe.Reader.TryRead(out var read))
            {
                arrived.AddRange(read.Buffer.ToArray());
                pipe.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            Assert.That(arrived, Is.EqualTo(expected));
        });

    [Test]
    public async Task SmallWrites_TakeMemoryOncePerBlock()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var response = new CountingWriter(pipe.Writer);
        var output = new ChunkedOutput(response);

        for (var write = 0; write < 1000; write++)
        {
            output.Write("ten bytes."u8);
        }

        await output.FlushAsync();
        var read = await pipe.Reader.ReadAsync();
        Assert.That((read.Buffer.Length, response.Taken), Is.EqualTo((10_000L, 3)));
    }

    private sealed class CountingWriter(PipeWriter inner) : PipeWriter
    {
        public int Taken { get; private set; }

        public override Memory<byte> GetMemory(int sizeHint = 0)
        {
            Taken++;
            return inner.GetMemory(sizeHint);
        }

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void Advance(int bytes) => inner.Advance(bytes);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            inner.FlushAsync(cancellationToken);
    }
}
