using System.Text;
using Httpmq.Bench.Http2;

namespace Httpmq.Bench.Loads;

/// <summary>
/// A push-subscribe or a replay: its answer is lines of JSON. They are counted, not parsed; in each piece one whole line's
/// consumer sequence is compared with the count, so that a lost or repeated message shows at once.
/// </summary>
internal class Subscription : Http2Stream
{
    private const int KeptTail = 400;

    // Of server-sent events: a blank line ends the first one, and each message has three lines.
    private const int LinesBeforeEvents = 2;
    private const int LinesOfAnEvent = 3;

    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _tail = new byte[KeptTail];
    private readonly long _expected;
    private readonly long _firstSequence;
    private readonly bool _isOfEvents;
    private int _tailLength;
    private long _lines;
    private int _status;

    /// <param name="expected">The number of messages after which it is complete.</param>
    /// <param name="firstSequence">The consumer sequence of the first one, or 0: do not check.</param>
    /// <param name="isOfEvents">Asks for server-sent events; they are counted only.</param>
    public Subscription(long expected, long firstSequence, bool isOfEvents = false)
    {
        _isOfEvents = isOfEvents;
        _expected = isOfEvents ? LinesBeforeEvents + (LinesOfAnEvent * expected) : expected;
        _firstSequence = firstSequence;
    }

    /// <summary>All expected messages are there. Fails when the gateway ends the subscription before.</summary>
    public Task Complete => _complete.Task;

    protected long Lines => _lines;

    public Task OpenAsync(Http2Connection connection, Uri server, string stream, string consumer, string subject, string? group = null)
    {
        var path = $"/v1/data/stream/{stream}/consumer/{consumer}?subject_name={Uri.EscapeDataString(subject)}"
            + (group is null ? string.Empty : $"&delivery_group={group}");
        return OpenAsync(connection, server, path);
    }

    public Task OpenAsync(Http2Connection connection, Uri server, string path)
    {
        connection.Start(this, RequestHead.Get(server, path, _isOfEvents ? "text/event-stream" : null), []);
        connection.Flush();
        return _open.Task;
    }

    public override void OnStatus(int status)
    {
        _status = status;
        if (status == 200)
        {
            _open.TrySetResult();
        }
    }

    public override void OnData(ReadOnlySpan<byte> data)
    {
        Check(data);
        KeepTail(data);
        var lines = data.Count((byte)'\n');
        _lines += lines;
        OnLines(lines);
        if (_lines >= _expected)
        {
            _complete.TrySetResult();
        }
    }

    public override void OnEnd() => OnFailed(
        $"the subscription ended with "
            + $"status {_status} after {_lines} of {_expected} lines: {Encoding.UTF8.GetString(_tail, 0, _tailLength)}");

    public override void OnFailed(string reason)
    {
        var exception = new BenchException(reason);
        if (!_open.TrySetException(exception))
        {
            _complete.TrySetException(exception);
        }

        // Whichever nobody waits for must not count as unobserved.
        _ = _open.Task.Exception;
        _ = _complete.Task.Exception;
    }

    protected virtual void OnLines(int count)
    {
    }

    private void Check(ReadOnlySpan<byte> data)
    {
        var start = data.IndexOf((byte)'\n') + 1;
        if (_firstSequence == 0 || start == 0)
        {
            return;
        }

        var length = data[start..].IndexOf((byte)'\n');
        if (length < 0)
        {
            return;
        }

        var sequence = DeliveryLine.Parse(data.Slice(start, length)).Consumer;
        if (sequence != _firstSequence + _lines + 1)
        {
            throw new BenchException($"message {_lines + 2} of the subscription has consumer "
                + $"sequence {sequence}: {Encoding.UTF8.GetString(data.Slice(start, length))}");
        }
    }

    private void KeepTail(ReadOnlySpan<byte> data)
    {
        _tailLength = Math.Min(data.Length, KeptTail);
        data[^_tailLength..].CopyTo(_tail);
    }
}
