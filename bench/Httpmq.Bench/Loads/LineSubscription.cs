using System.Buffers;

namespace Httpmq.Bench.Loads;

/// <summary>A subscription whose every line is looked at, for what must answer each message.</summary>
internal abstract class LineSubscription(long expected) : Subscription(expected, firstSequence: 0)
{
    private readonly ArrayBufferWriter<byte> _partial = new(4096);

    public override void OnData(ReadOnlySpan<byte> data)
    {
        var rest = data;
        while (rest.IndexOf((byte)'\n') is >= 0 and var end)
        {
            if (_partial.WrittenCount > 0)
            {
                _partial.Write(rest[..end]);
                OnLine(_partial.WrittenSpan);
                _partial.ResetWrittenCount();
            }
            else
            {
                OnLine(rest[..end]);
            }

            rest = rest[(end + 1)..];
        }

        _partial.Write(rest);
        base.OnData(data);
    }

    protected abstract void OnLine(ReadOnlySpan<byte> line);
}
