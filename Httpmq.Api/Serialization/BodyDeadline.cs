using System.IO.Pipelines;

namespace Httpmq.Api.Serialization;

/// <summary>
/// The read timeout of a body that is not all there yet. Made when a read has to wait and not before, so that the ordinary
/// request, whose body came with its headers, pays nothing.
/// </summary>
internal sealed class BodyDeadline : IDisposable
{
    private readonly CancellationToken _aborted;
    private readonly TimeSpan? _timeout;
    private readonly CancellationTokenSource _limit;

    /// <param name="timeout">From the first read that waits to the end of the body; null: none.</param>
    /// <param name="aborted">The request's own end.</param>
    public BodyDeadline(TimeSpan? timeout, CancellationToken aborted)
    {
        _aborted = aborted;
        _timeout = timeout;
        _limit = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        if (timeout is { } limit)
        {
            _limit.CancelAfter(limit);
        }
    }

    /// <summary>Waits for more; 408 when the time is over.</summary>
    public async ValueTask<ReadResult> ReadAsync(PipeReader body)
    {
        try
        {
            return await body.ReadAsync(_limit.Token);
        }
        catch (OperationCanceledException exception) when (!_aborted.IsCancellationRequested)
        {
            throw new BadHttpRequestException(
                $"the body was not complete within {_timeout?.TotalSeconds} s (read_timeout_sec)",
                StatusCodes.Status408RequestTimeout,
                exception);
        }
    }

    public void Dispose() => _limit.Dispose();
}
