using System.IO.Pipelines;

namespace Httpmq.Api.Bodies;

/// <summary>How slowly a body may come.</summary>
/// <param name="Timeout">From the first read that waits to the end of the body; null: no limit.</param>
/// <param name="MinRate">Bytes per second on average, after <see cref="Grace"/>; 0: no limit.</param>
/// <param name="Time">The clock.</param>
internal sealed record BodyTimeouts(TimeSpan? Timeout, int MinRate, TimeProvider Time)
{
    /// <summary>How long a body may be slower than the minimum rate.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    public static readonly BodyTimeouts Endless = new(Timeout: null, MinRate: 0, TimeProvider.System);
}

/// <summary>
/// The time limits of a body that is not all there yet. Made when a read has to wait and not before, so that the ordinary
/// request, whose body came with its headers, pays nothing. The rate is not left to the server, which would close a whole HTTP/2
/// connection for one slow body.
/// </summary>
internal sealed class BodyDeadline(BodyTimeouts timeouts, CancellationToken aborted) : IDisposable
{
    private readonly CancellationTokenSource _limit = new(Timeout.InfiniteTimeSpan, timeouts.Time);
    private readonly long _start = timeouts.Time.GetTimestamp();

    /// <summary>Waits for more; 408 when the time is over.</summary>
    /// <param name="body">The body.</param>
    /// <param name="received">Bytes that are here already.</param>
    public async ValueTask<ReadResult> ReadAsync(PipeReader body, long received)
    {
        var byRate = timeouts.MinRate == 0
            ? TimeSpan.MaxValue
            : TimeSpan.FromSeconds(Math.Max(BodyTimeouts.Grace.TotalSeconds, received / (double)timeouts.MinRate));
        var byTimeout = timeouts.Timeout ?? TimeSpan.MaxValue;
        var limit = byRate < byTimeout ? byRate : byTimeout;
        if (limit != TimeSpan.MaxValue)
        {
            var left = limit - timeouts.Time.GetElapsedTime(_start);
            _limit.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }

        // Not by a token: the server could not read the rest of the request off the connection then.
        using var over = _limit.Token.UnsafeRegister(static state => ((PipeReader)state!).CancelPendingRead(), body);
        var result = await body.ReadAsync(aborted);
        if (!result.IsCanceled)
        {
            return result;
        }

        body.AdvanceTo(result.Buffer.End);
        var reason = byRate < byTimeout
            ? $"the body came slower than {timeouts.MinRate} bytes per second (limits.min_body_bytes_per_sec)"
            : $"the body was not complete within {byTimeout.TotalSeconds} s (read_timeout_sec)";
        throw new BadHttpRequestException(reason, StatusCodes.Status408RequestTimeout);
    }

    public void Dispose() => _limit.Dispose();
}
