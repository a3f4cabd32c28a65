using System.Buffers.Binary;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Httpmq.Api.Access;

/// <summary>The SHA-256 of an API key: all that the gateway knows of it.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct KeyHash : IEquatable<KeyHash>
{
    /// <summary>The longest key, in characters. The gateway's own have 47.</summary>
    public const int LongestKey = 512;

    /// <summary>What the gateway's own keys begin with, so that those who search for lost secrets find them.</summary>
    public const string KeyPrefix = "hmq_";

    private const int KeyBytes = 32;

    private readonly ulong _first;
    private readonly ulong _second;
    private readonly ulong _third;
    private readonly ulong _fourth;

    private KeyHash(ReadOnlySpan<byte> hash)
    {
        _first = BinaryPrimitives.ReadUInt64BigEndian(hash);
        _second = BinaryPrimitives.ReadUInt64BigEndian(hash[8..]);
        _third = BinaryPrimitives.ReadUInt64BigEndian(hash[16..]);
        _fourth = BinaryPrimitives.ReadUInt64BigEndian(hash[24..]);
    }

    /// <summary>A new key with 256 random bits.</summary>
    public static string NewKey() => KeyPrefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(KeyBytes));

    /// <param name="key">The key, of at most <see cref="LongestKey"/> characters.</param>
    public static KeyHash Of(ReadOnlySpan<char> key)
    {
        Span<byte> bytes = stackalloc byte[LongestKey * 3];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(key, bytes)], hash);
        return new KeyHash(hash);
    }

    /// <summary>The hash of a text of any length.</summary>
    public static KeyHash OfLong(string text) => new(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Parses 64 hexadecimal digits.</summary>
    public static bool TryParse(string text, out KeyHash hash)
    {
        var valid = text.Length == 2 * SHA256.HashSizeInBytes && text.All(char.IsAsciiHexDigit);
        hash = valid ? new KeyHash(Convert.FromHexString(text)) : default;
        return valid;
    }

    /// <summary>Takes the same time whatever differs.</summary>
    public bool Equals(KeyHash other) =>
        ((_first ^ other._first) | (_second ^ other._second) | (_third ^ other._third) | (_fourth ^ other._fourth)) == 0;

    public override bool Equals(object? obj) => obj is KeyHash other && Equals(other);

    // The bits of a hash are as good as random, and nobody can choose them without knowing the key.
    public override int GetHashCode() => _first.GetHashCode();

    public override string ToString() => $"{_first:x16}{_second:x16}{_third:x16}{_fourth:x16}";
}
