using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Numerics;
using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Messages;

/// <summary>
/// Writes and reads the tokens of one consumer's deliveries: a short text for the two sequences, with a check over both and over the
/// names of stream and consumer. A token that was mistyped, cut or put together from others, or that belongs to another
/// consumer, is refused. It protects from mistakes, not from forgery: whoever may acknowledge can also make tokens.
/// </summary>
/// <remarks>
/// Unpadded base64url of: the format (1), both sequences in 7 bits a byte, CRC-32C of the names and of all that. A CRC finds every
/// error that spans at most 32 bits, so each wrong character and each pair of swapped neighbours; of other errors all but one in 4 billion.
/// </remarks>
public readonly struct DeliveryToken
{
    /// <summary>The longest token, in characters of ASCII.</summary>
    public const int MaxLength = 34;

    private const byte Format = 1;
    private const int CheckLength = sizeof(uint);
    private const int MaxBytes = 1 + (2 * 10) + CheckLength;

    private readonly uint _names;

    private DeliveryToken(uint names) => _names = names;

    /// <summary>Of one consumer; what depends on the names is worked out once.</summary>
    public static DeliveryToken Of(StreamName stream, ConsumerName consumer)
    {
        // No name has a dot.
        var names = Add(Add(Add(uint.MaxValue, stream.Value), "."), consumer.Value);
        return new DeliveryToken(names);
    }

    /// <summary>Writes the token of one delivery.</summary>
    /// <param name="delivery">Its sequences.</param>
    /// <param name="utf8">Where to; <see cref="MaxLength"/> bytes are always enough.</param>
    /// <returns>How many bytes were written: letters, digits, <c>-</c> and <c>_</c> only.</returns>
    /// <exception cref="ArgumentException">There is no room.</exception>
    public int Write(DeliverySequence delivery, Span<byte> utf8)
    {
        Span<byte> bytes = stackalloc byte[MaxBytes];
        bytes[0] = Format;
        var length = 1;
        length += WriteNumber(delivery.Stream, bytes[length..]);
        length += WriteNumber(delivery.Consumer, bytes[length..]);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[length..], Check(bytes[..length]));
        return Base64Url.EncodeToUtf8(bytes[..(length + CheckLength)], utf8);
    }

    /// <summary>Reads a token; false where it is none of this consumer.</summary>
    public bool TryParse(ReadOnlySpan<byte> utf8, out DeliverySequence delivery)
    {
        delivery = default;
        Span<byte> bytes = stackalloc byte[MaxBytes];
        if (utf8.Length > MaxLength || Base64Url.DecodeFromUtf8(utf8, bytes, out _, out var length) is not OperationStatus.Done
            || length <= CheckLength)
        {
            return false;
        }

        var body = bytes[..(length - CheckLength)];
        if (body[0] != Format || BinaryPrimitives.ReadUInt32LittleEndian(bytes[body.Length..]) != Check(body))
        {
            return false;
        }

        var rest = body[1..];
        var read = new DeliverySequence(ReadNumber(ref rest), ReadNumber(ref rest));

        // The decoder overlooks white space and unused bits; only what would be written is a token.
        Span<byte> written = stackalloc byte[MaxLength];
        if (!written[..Write(read, written)].SequenceEqual(utf8))
        {
            return false;
        }

        delivery = read;
        return true;
    }

    private uint Check(ReadOnlySpan<byte> bytes)
    {
        var check = _names;
        foreach (var value in bytes)
        {
            check = BitOperations.Crc32C(check, value);
        }

        return ~check;
    }

    private static uint Add(uint check, ReadOnlySpan<char> name)
    {
        foreach (var character in name)
        {
            check = BitOperations.Crc32C(check, (ushort)character);
        }

        return check;
    }

    private static int WriteNumber(ulong number, Span<byte> bytes)
    {
        var length = 0;
        for (; number > 0x7F; number >>= 7)
        {
            bytes[length++] = (byte)(number | 0x80);
        }

        bytes[length++] = (byte)number;
        return length;
    }

    private static ulong ReadNumber(ref Span<byte> bytes)
    {
        ulong number = 0;
        for (var shift = 0; !bytes.IsEmpty; shift += 7)
        {
            var value = bytes[0];
            bytes = bytes[1..];
            number |= (ulong)(value & 0x7F) << shift;
            if (value <= 0x7F)
            {
                break;
            }
        }

        return number;
    }
}
