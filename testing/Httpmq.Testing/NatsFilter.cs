using System.Buffers.Text;

namespace Httpmq.Testing;

/// <summary>
/// Follows what a NATS client sends, and leaves out every message that it publishes while it is silent. PING and PONG pass, so
/// that to either end the connection looks well while JetStream hears nothing. One per connection; cuts may be anywhere.
/// </summary>
internal sealed class NatsFilter
{
    private const int LongestLine = 16 * 1024;

    private readonly byte[] _line = new byte[LongestLine];
    private int _lineLength;
    private long _payloadLeft;
    private bool _leavingOut;

    /// <summary>How much more than it is given may pass at once: a line that was begun before.</summary>
    public const int MostKept = LongestLine;

    /// <summary>Copies what may pass, and says how much that is.</summary>
    public int Filter(ReadOnlySpan<byte> bytes, bool silent, Span<byte> passed)
    {
        var count = 0;
        while (!bytes.IsEmpty)
        {
            if (_payloadLeft > 0)
            {
                var part = bytes[..(int)Math.Min(_payloadLeft, bytes.Length)];
                _payloadLeft -= part.Length;
                bytes = bytes[part.Length..];
                if (!_leavingOut)
                {
                    part.CopyTo(passed[count..]);
                    count += part.Length;
                }

                continue;
            }

            _line[_lineLength++] = bytes[0];
            var ended = bytes[0] == (byte)'\n';
            bytes = bytes[1..];
            if (!ended && _lineLength < LongestLine)
            {
                continue;
            }

            ReadOnlySpan<byte> line = _line.AsSpan(0, _lineLength);
            _lineLength = 0;
            _payloadLeft = PayloadOf(line);
            _leavingOut = _payloadLeft > 0 && silent;
            if (!_leavingOut)
            {
                line.CopyTo(passed[count..]);
                count += line.Length;
            }
        }

        return count;
    }

    /// <summary>
    /// The last number of PUB and HPUB is the payload's length, the line's end after it comes on top; 0 for everything else.
    /// </summary>
    private static long PayloadOf(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith("PUB "u8) && !line.StartsWith("HPUB "u8))
        {
            return 0;
        }

        var trimmed = line.TrimEnd("\r\n "u8);
        return Utf8Parser.TryParse(trimmed[(trimmed.LastIndexOf((byte)' ') + 1)..], out long length, out _) ? length + "\r\n"u8.Length : 0;
    }
}
