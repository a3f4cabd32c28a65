using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Reading;

/// <summary>What an ordered consumer was asked for and has not sent yet. It does no I/O, and its owner guards it.</summary>
/// <param name="expires">How long a request waits, unless the consumer permits less.</param>
/// <param name="longestHeartbeat">How long the consumer may be silent at most while a request waits.</param>
internal sealed class OrderedRequests(TimeSpan expires, TimeSpan longestHeartbeat)
{
    // More than fit into the bytes.
    private const int MostMessages = 100_000;

    private static readonly TimeSpan LeastExpires = TimeSpan.FromSeconds(1);

    private TimeSpan _expires = expires;
    private int _maxBatch = MostMessages;
    private int _count;
    private int _first;

    // Of all requests together. Each ends with its bytes; what it leaves of them it says.
    private long _bytesLeft;

    // Of a request that ends with its messages, beside which there is no other; 0: those that wait end with their bytes.
    private long _messagesLeft;
    private bool _single;

    /// <summary>How long the consumer may be silent while a request waits.</summary>
    public TimeSpan Heartbeat => TimeSpan.FromTicks(Math.Min(_expires.Ticks / 4, longestHeartbeat.Ticks));

    /// <summary>Whether a request waits.</summary>
    public bool AreWaiting => _bytesLeft > 0;

    /// <summary>Whether so little is on its way that it is time for another request.</summary>
    /// <param name="window">Bytes that one request asks for.</param>
    public bool IsLow(long window) => _messagesLeft == 0 && _bytesLeft <= window / 2;

    /// <summary>Makes the next request; null: those that wait are enough, or there may be none beside them.</summary>
    /// <param name="window">Bytes to ask for.</param>
    /// <param name="left">The most messages that are of use.</param>
    /// <param name="isScarce">Whether there is room for one message alone.</param>
    /// <returns>Its number, from 1, and what it says.</returns>
    public (int Number, SinglePullRequest Request)? Next(long window, long left, bool isScarce)
    {
        var single = _single || isScarce;
        if (!IsLow(window) || (AreWaiting && (single || _maxBatch < MostMessages)))
        {
            return null;
        }

        var batch = single ? 1 : (int)Math.Clamp(left, 1, _maxBatch);
        _single = false;
        _messagesLeft = batch < MostMessages && (single || batch == _maxBatch) ? batch : 0;
        _bytesLeft += window;
        return (++_count, new SinglePullRequest
        {
            Batch = batch,
            MaxBytes = single ? null : window,
            Expires = _expires.Ticks * TimeSpan.NanosecondsPerTick,
            IdleHeartbeat = Heartbeat.Ticks * TimeSpan.NanosecondsPerTick,
        });
    }

    /// <summary>A message came, with so many bytes as JetStream counts them.</summary>
    public void Received(long bytes)
    {
        _bytesLeft -= bytes;
        if (_messagesLeft > 0 && --_messagesLeft == 0)
        {
            _bytesLeft = 0;
        }
    }

    /// <summary>Whether what is said of this request still counts.</summary>
    public bool IsKnown(int number) => number >= _first;

    /// <summary>The connection is another: the server may have kept the requests or not.</summary>
    public void Forget()
    {
        _first = _count + 1;
        _bytesLeft = _messagesLeft = 0;
    }

    /// <summary>A request is over.</summary>
    /// <param name="bytesLeft">What it leaves of its bytes; null: it does not say.</param>
    public void Ended(long? bytesLeft)
    {
        _bytesLeft = _messagesLeft == 0 && bytesLeft is { } left ? Math.Max(0, _bytesLeft - left) : 0;
        _messagesLeft = 0;
    }

    /// <summary>Fits the next requests to why one was refused.</summary>
    /// <param name="conflict">Why.</param>
    /// <param name="bytesLeft">What it leaves of its bytes; null: it does not say.</param>
    /// <param name="window">Bytes that it asked for.</param>
    /// <returns>Whether another one makes sense.</returns>
    public bool TryFit(PullConflict conflict, long? bytesLeft, long window)
    {
        switch (conflict)
        {
            case PullConflict.Completed:
                return true;
            case PullConflict.MessageTooLarge:
                // One that is larger than any that the connected server would take is asked for alone.
                _single = bytesLeft >= window;
                return true;
            case PullConflict.BatchTooLarge when _maxBatch > 1:
                _maxBatch /= 2;
                return true;
            case PullConflict.ExpiresTooLong when _expires > LeastExpires:
                _expires /= 2;
                return true;
            default:
                return false;
        }
    }
}
