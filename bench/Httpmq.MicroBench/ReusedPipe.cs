using System.IO.Pipelines;

namespace Httpmq.MicroBench;

/// <summary>A response's buffer that is always empty again: what is measured is the writing, not a growing buffer.</summary>
internal sealed class ReusedPipe : PipeWriter
{
    private readonly byte[] _block = new byte[64 * 1024];

    public override void Advance(int bytes)
    {
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => _block;

    public override Span<byte> GetSpan(int sizeHint = 0) => _block;

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => new(default(FlushResult));
}
