namespace Httpmq.Api.Hosting.Transport;

/// <summary>
/// Bounds of the time between "accepted" and "protocol known", which is the only time in which a connection is not yet
/// under Kestrel's own limits.
/// </summary>
public sealed class DualProtocolTransportOptions
{
    /// <summary>The default of <see cref="MaxPeekingConnections"/>.</summary>
    public const int DefaultMaxPeekingConnections = 10_000;

    private TimeSpan? _peekTimeout;
    private int _maxPeekingConnections = DefaultMaxPeekingConnections;

    /// <summary>
    /// How long a connection may take to show which protocol it speaks; then it is closed. The default, <c>null</c>, takes
    /// Kestrel's <c>Limits.RequestHeadersTimeout</c> (30 seconds unless changed), because to a client a silent connection is
    /// a request whose headers do not arrive. Kestrel's own time limits start after the peek.
    /// <see cref="Timeout.InfiniteTimeSpan"/> switches the limit off.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public TimeSpan? PeekTimeout
    {
        get => _peekTimeout;
        set
        {
            if (value <= TimeSpan.Zero && value != Timeout.InfiniteTimeSpan)
            {
                throw new ArgumentOutOfRangeException(nameof(value), value, "The time limit must be positive or infinite.");
            }

            _peekTimeout = value;
        }
    }

    /// <summary>
    /// How many connections per port may be waiting for their first bytes, default 10,000. One more is closed at once, so that
    /// silent clients cost a bounded amount of memory and file handles. A waiting connection holds no read buffer.
    /// Apart from this, Kestrel's <c>MaxConcurrentConnections</c> counts a connection from the moment its protocol is known.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int MaxPeekingConnections
    {
        get => _maxPeekingConnections;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            _maxPeekingConnections = value;
        }
    }
}
