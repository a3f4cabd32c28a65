using System.IO.Pipelines;

namespace Httpmq.Api.Http;

/// <summary>
/// Flushes a response and knows how long its client has taken nothing meanwhile. A flush that need not wait costs nothing.
/// </summary>
internal sealed class MeasuredFlush(PipeWriter output, TimeProvider time, CancellationToken aborted)
{
    private long _started;

    /// <summary>What it flushes.</summary>
    public PipeWriter Output => output;

    /// <summary>How long the current flush has been waiting for the client; zero between flushes.</summary>
    public TimeSpan Stalled => Volatile.Read(ref _started) is not 0 and var start ? time.GetElapsedTime(start) : TimeSpan.Zero;

    /// <summary>False when the client is gone.</summary>
    public async ValueTask<bool> TryAsync()
    {
        try
        {
            // Where the client is gone it may throw at once.
            var flush = output.FlushAsync(aborted);
            if (flush.IsCompletedSuccessfully)
            {
                return !flush.Result.IsCompleted;
            }

            Volatile.Write(ref _started, time.GetTimestamp());
            return !(await flush).IsCompleted;
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            return false;
        }
        finally
        {
            Volatile.Write(ref _started, 0);
        }
    }
}
