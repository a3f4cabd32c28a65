namespace Httpmq.Api.Http;

/// <summary>
/// How many refusals are written one by one: whoever sends bad keys as fast as they can must fill neither a disk nor hide what others do.
/// It remembers no more callers than it lets through in a second.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="tell">Is told how many were left out, once a second while there are any.</param>
internal sealed class RefusalLimit(TimeProvider time, Action<long> tell) : IDisposable
{
    /// <summary>Of one caller in a second.</summary>
    public const int OfOne = 10;

    /// <summary>Of all callers together in a second.</summary>
    public const int OfAll = 50;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<object, int> _written = [];
    private long _start = time.GetTimestamp();
    private int _all;
    private long _leftOut;
    private ITimer? _timer;

    /// <summary>Whether a refusal is to be written.</summary>
    /// <param name="caller">Whose it is: a principal's name or an address.</param>
    public bool TryTake(object caller)
    {
        lock (_gate)
        {
            if (time.GetElapsedTime(_start) >= Window)
            {
                _start = time.GetTimestamp();
                _all = 0;
                _written.Clear();
            }

            if (_all < OfAll && _written.GetValueOrDefault(caller) is < OfOne and var count)
            {
                _all++;
                _written[caller] = count + 1;
                return true;
            }

            if (_leftOut++ == 0)
            {
                _timer ??= time.CreateTimer(
                    static state => ((RefusalLimit)state!).Tell(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _timer.Change(Window, Timeout.InfiniteTimeSpan);
            }

            return false;
        }
    }

    public void Dispose()
    {
        Tell();
        _timer?.Dispose();
    }

    private void Tell()
    {
        long count;
        lock (_gate)
        {
            (count, _leftOut) = (_leftOut, 0);
        }

        if (count > 0)
        {
            tell(count);
        }
    }
}
