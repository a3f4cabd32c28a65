using System.IO.Pipelines;

namespace Httpmq.Api.Http;

/// <summary>
/// Takes memory of a response once for many small writes: Kestrel locks for each piece that it hands out and for each that it gets back.
/// What is written reaches the response with the next flush.
/// </summary>
/// <param name="response">Where the bytes go. Nobody else writes to it.</param>
internal sealed class ChunkedOutput(PipeWriter response) : PipeWriter
{
    private Memory<byte> _free;
    private int _written;

    public override void Advance(int bytes)
    {
        _free = _free[bytes..];
        _written += bytes;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_free.Length < Math.Max(sizeHint, 1))
        {
            HandIn();
            _free = response.GetMemory(sizeHint);
        }

        return _free;
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        HandIn();
        return response.FlushAsync(cancellationToken);
    }

    public override void CancelPendingFlush() => response.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        HandIn();
        response.Complete(exception);
    }

    private void HandIn()
    {
        if (_written > 0)
        {
            response.Advance(_written);
        }

        (_free, _written) = (default, 0);
    }
}
