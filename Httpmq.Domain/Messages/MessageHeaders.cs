using System.Buffers;
using System.Text;

namespace Httpmq.Domain.Messages;

/// <summary>
/// A message's headers as NATS carries them: <c>NATS/1.0\r\nName: value\r\n…\r\n\r\n</c>, or nothing. Read where they lie: enumerating
/// allocates nothing. Names are compared by case and may come several times.
/// Source: https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-4.md.
/// </summary>
public readonly struct MessageHeaders : IEquatable<MessageHeaders>
{
    private const int LongestQuote = 64;

    // What a name may be made of; the same list for what others wrote.
    private static readonly SearchValues<byte> NameBytes = SearchValues.Create(
        "!\"#$%&'()*+,-./0123456789;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"u8);

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private MessageHeaders(ReadOnlyMemory<byte> block) => Block = block;

    /// <summary>The headers as they are on the wire; empty where there are none.</summary>
    public ReadOnlyMemory<byte> Block { get; }

    /// <summary>Bytes of <see cref="Block"/>.</summary>
    public int Length => Block.Length;

    public bool IsEmpty => Block.IsEmpty;

    private static ReadOnlySpan<byte> Version => "NATS/1.0"u8;

    private static ReadOnlySpan<byte> LineEnd => "\r\n"u8;

    private static ReadOnlySpan<byte> Between => ": "u8;

    public static bool operator ==(MessageHeaders left, MessageHeaders right) => left.Equals(right);

    public static bool operator !=(MessageHeaders left, MessageHeaders right) => !left.Equals(right);

    /// <summary>Takes a block that was received. Anybody may have written it: what is no header is passed over in it.</summary>
    public static MessageHeaders Wrap(ReadOnlyMemory<byte> block) => new(block);

    /// <summary>Encodes headers, in the order in which they are given.</summary>
    /// <param name="pairs">
    /// Names, of printable ASCII without space and colon, and values, of any text without line breaks. White space around a value
    /// is not part of it.
    /// </param>
    /// <param name="headers">The headers, when valid; none for no pairs.</param>
    /// <param name="reason">What is wrong with which header, null when valid.</param>
    public static bool TryCreate(IReadOnlyCollection<KeyValuePair<string, string>> pairs, out MessageHeaders headers, out string? reason)
    {
        headers = default;
        var length = Version.Length + (2 * LineEnd.Length);
        foreach (var (name, value) in pairs)
        {
            reason = Validate(name, value, out var valueLength);
            if (reason is not null)
            {
                return false;
            }

            length = checked(length + name.Length + Between.Length + valueLength + LineEnd.Length);
        }

        reason = null;
        if (pairs.Count > 0)
        {
            headers = new MessageHeaders(Encode(pairs, length));
        }

        return true;
    }

    /// <summary>The value of the first header of this name, which is compared by case; null where there is none.</summary>
    public string? Find(string name)
    {
        foreach (var header in this)
        {
            if (Ascii.Equals(header.Name, name))
            {
                return Encoding.UTF8.GetString(header.Value);
            }
        }

        return null;
    }

    /// <summary>These headers and one more, whose name and value are ASCII and valid.</summary>
    public MessageHeaders With(string name, string value)
    {
        var before = IsEmpty ? [.. Version, .. LineEnd] : Block.Span[..^LineEnd.Length].ToArray();
        return new MessageHeaders((byte[])[.. before, .. Encoding.ASCII.GetBytes($"{name}: {value}"), .. LineEnd, .. LineEnd]);
    }

    public Enumerator GetEnumerator() => new(Block.Span);

    public bool Equals(MessageHeaders other) => Block.Span.SequenceEqual(other.Block.Span);

    public override bool Equals(object? obj) => obj is MessageHeaders other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Block.Span);
        return hash.ToHashCode();
    }

    private static string? Validate(string name, string value, out int valueLength)
    {
        valueLength = 0;
        if (name.Length == 0)
        {
            return "a header has an empty name";
        }

        foreach (var character in name)
        {
            if (character is <= ' ' or ':' or > '~')
            {
                return $"header {Quote(name)}: the name holds U+{(int)character:X4}; it may hold printable ASCII except space and colon";
            }
        }

        if (value.AsSpan().IndexOfAny('\r', '\n') is >= 0 and var at)
        {
            return $"header {Quote(name)}: the value has a line break at position {at}";
        }

        try
        {
            valueLength = StrictUtf8.GetByteCount(value);
            return null;
        }
        catch (EncoderFallbackException exception)
        {
            return $"header {Quote(name)}: the value is no valid text at position {exception.Index}";
        }
    }

    private static byte[] Encode(IReadOnlyCollection<KeyValuePair<string, string>> pairs, int length)
    {
        var block = new byte[length];
        var rest = block.AsSpan();
        Append(ref rest, Version);
        Append(ref rest, LineEnd);
        foreach (var (name, value) in pairs)
        {
            rest = rest[Encoding.ASCII.GetBytes(name, rest)..];
            Append(ref rest, Between);
            rest = rest[StrictUtf8.GetBytes(value, rest)..];
            Append(ref rest, LineEnd);
        }

        Append(ref rest, LineEnd);
        return block;
    }

    private static void Append(ref Span<byte> rest, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(rest);
        rest = rest[bytes.Length..];
    }

    /// <summary>For a message to whoever sent it: short, and without what would break a line of a log.</summary>
    private static string Quote(string name)
    {
        var shown = string.Create(Math.Min(name.Length, LongestQuote), name, static (target, text) =>
        {
            for (var index = 0; index < target.Length; index++)
            {
                target[index] = text[index] is >= ' ' and <= '~' ? text[index] : '?';
            }
        });
        return name.Length > LongestQuote ? $"'{shown}…'" : $"'{shown}'";
    }

    /// <summary>Goes from one header to the next. Neither name nor value holds a line break, whatever was received.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(ReadOnlySpan<byte> block)
        {
            _rest = block;

            // The version, and a status where it is one.
            TakeLine();
        }

        public MessageHeader Current { get; private set; }

        public bool MoveNext()
        {
            while (!_rest.IsEmpty)
            {
                var line = TakeLine();
                if (line.IsEmpty)
                {
                    // The end; what follows is no header.
                    _rest = default;
                    return false;
                }

                var colon = line.IndexOf((byte)':');
                if (colon > 0 && !line[..colon].ContainsAnyExcept(NameBytes))
                {
                    Current = new MessageHeader(line[..colon], line[(colon + 1)..].Trim(" \t"u8));
                    return true;
                }
            }

            return false;
        }

        private ReadOnlySpan<byte> TakeLine()
        {
            var end = _rest.IndexOfAny((byte)'\r', (byte)'\n');
            if (end < 0)
            {
                var last = _rest;
                _rest = default;
                return last;
            }

            var line = _rest[..end];
            _rest = _rest[(_rest[end..].StartsWith(LineEnd) ? end + LineEnd.Length : end + 1)..];
            return line;
        }
    }
}

/// <summary>One header, where it lies.</summary>
/// <param name="name">Its name: printable ASCII.</param>
/// <param name="value">Its value: UTF-8 where it was written here, any bytes but line breaks where others did.</param>
public readonly ref struct MessageHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
{
    public ReadOnlySpan<byte> Name { get; } = name;

    public ReadOnlySpan<byte> Value { get; } = value;
}
