namespace Httpmq.Domain.Limits;

/// <summary>
/// Bytes that many holders share, so that what they hold together is bounded whatever each of them does. Safe for use by many
/// threads at once.
/// </summary>
/// <param name="limit">The most that may be held at once, in bytes.</param>
public sealed class ByteBudget(long limit)
{
    private long _used;

    /// <summary>The most that may be held at once, in bytes.</summary>
    public long Limit => limit;

    /// <summary>What is held at the moment, in bytes.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>More is held than may be: somebody has to give back.</summary>
    public bool IsExceeded => Used > limit;

    /// <summary>Takes so many bytes if they are there.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= limit)
        {
            return true;
        }

        Return(bytes);
        return false;
    }

    /// <summary>Takes so many bytes in any case; see <see cref="IsExceeded"/>.</summary>
    public void Take(long bytes) => Interlocked.Add(ref _used, bytes);

    /// <summary>Gives back what was taken.</summary>
    public void Return(long bytes) => Interlocked.Add(ref _used, -bytes);
}
