using System.Globalization;
using System.Text;

namespace Httpmq.Chaos.Load;

/// <summary>Messages that differ from each other, and the name by which the journal knows their bytes.</summary>
internal static class Payload
{
    private const int LongestFiller = 400;

    /// <summary>The publisher's name, the number, and a filler, so that lengths vary.</summary>
    public static byte[] Create(string publisher, long number, Random random) =>
        Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"{publisher}-{number}|{new string((char)random.Next('a', 'z'), random.Next(LongestFiller))}"));

    /// <summary>The readable part and a hash of all bytes: equal names mean equal messages.</summary>
    public static string NameOf(ReadOnlySpan<byte> message)
    {
        var end = message.IndexOf((byte)'|');
        return string.Create(
            CultureInfo.InvariantCulture, $"{Encoding.ASCII.GetString(end < 0 ? [] : message[..end])}#{Hash(message):x16}");
    }

    /// <summary>FNV-1a, 64 bits.</summary>
    private static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        var hash = 14695981039346656037;
        foreach (var value in bytes)
        {
            hash = unchecked((hash ^ value) * 1099511628211);
        }

        return hash;
    }
}
