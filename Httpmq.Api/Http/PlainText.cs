using System.Buffers;
using System.Globalization;
using System.Text;

namespace Httpmq.Api.Http;

/// <summary>How a value that somebody wrote appears in a line that somebody else may read.</summary>
internal static class PlainText
{
    /// <summary>What the gateway's own keys begin with, and every JWT.</summary>
    internal static readonly string[] SecretStarts = ["hmq_", "eyJ"];

    /// <summary>The longest <see cref="Word(string)"/>, in characters.</summary>
    internal const int MaxWord = 512;

    private const int MaxLength = 120;
    private const int SeedLength = 58;
    private const int ShortestSecret = 16;
    private const char FirstPrintable = ' ';
    private const char LastPrintable = '~';

    private static readonly SearchValues<char> Base32 = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");

    // What a word may have: anything visible but what percent-encoding needs, and quotes.
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        [.. Enumerable.Range('!', LastPrintable - '!' + 1).Select(static code => (char)code).Except("%\"")]);

    /// <summary>The value in quotes, of bearable length. A secret that was put in a wrong place is not shown.</summary>
    internal static string Quote(string value) => IsSecret(value) ? "'***'"
        : value.Length > MaxLength ? $"'{value[..MaxLength]}...'"
        : $"'{value}'";

    // The seed of an NKey, too, and a private key.
    private static bool IsSecret(string value) =>
        (value.Length >= ShortestSecret && Array.Exists(SecretStarts, start => value.StartsWith(start, StringComparison.Ordinal)))
        || (value is ['S', _, ..] && value.Length == SeedLength && !value.AsSpan().ContainsAnyExcept(Base32))
        || value.Contains("PRIVATE KEY", StringComparison.Ordinal);

    /// <summary>The text on one line that a terminal can show: control characters are escaped.</summary>
    internal static string OneLine(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(FirstPrintable, LastPrintable))
        {
            return text;
        }

        var writer = new StringWriter(CultureInfo.InvariantCulture);
        WriteOneLine(writer, text);
        return writer.ToString();
    }

    /// <summary>
    /// Writes a text so that it stays on its line and commands no terminal: control characters, line separators, what turns the direction
    /// of the text after it, and halves of characters are written as <c>\u001b</c>.
    /// </summary>
    internal static void WriteOneLine(TextWriter writer, ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            var printable = text.IndexOfAnyExceptInRange(FirstPrintable, LastPrintable);
            if (printable != 0)
            {
                printable = printable < 0 ? text.Length : printable;
                writer.Write(text[..printable]);
                text = text[printable..];
                continue;
            }

            var length = LengthOfFirst(text, out var isShown);
            if (isShown)
            {
                writer.Write(text[..length]);
            }
            else
            {
                foreach (var character in text[..length])
                {
                    writer.Write($"\\u{(int)character:x4}");
                }
            }

            text = text[length..];
        }
    }

    /// <summary>
    /// A value that somebody chose, as one word of a line of the log: what is no visible character, and <c>%</c> and <c>"</c>, is
    /// percent-encoded, so that it cannot pretend to be the words around it. Of a long one only the beginning is kept.
    /// </summary>
    internal static string Word(string value) =>
        value.Length <= MaxWord && !value.AsSpan().ContainsAnyExcept(Plain) ? value.Length == 0 ? "-" : value : Encode(value);

    /// <summary>A path as one word of a line of the log: percent-encoded as in a URL.</summary>
    internal static string Word(PathString path)
    {
        var text = path.Value;
        if (string.IsNullOrEmpty(text))
        {
            return "-";
        }

        if (text.Length <= MaxWord && !text.AsSpan().ContainsAnyExcept(Plain))
        {
            return text;
        }

        var (shown, end) = Cut(text);
        return new PathString(shown).ToUriComponent() + end;
    }

    private static string Encode(string value)
    {
        var (shown, end) = Cut(value);
        var encoded = new StringBuilder();
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in shown.EnumerateRunes())
        {
            if (rune.Value is not ('%' or '"') && !Rune.IsWhiteSpace(rune) && IsShown(rune))
            {
                encoded.Append(rune);
                continue;
            }

            foreach (var one in bytes[..rune.EncodeToUtf8(bytes)])
            {
                encoded.Append(CultureInfo.InvariantCulture, $"%{one:X2}");
            }
        }

        return encoded.Append(end).ToString();
    }

    // Not within a character.
    private static (string Shown, string End) Cut(string value) => value.Length <= MaxWord
        ? (value, string.Empty)
        : (value[..(char.IsHighSurrogate(value[MaxWord - 1]) ? MaxWord - 1 : MaxWord)], "...");

    private static int LengthOfFirst(ReadOnlySpan<char> text, out bool isShown)
    {
        isShown = Rune.DecodeFromUtf16(text, out var rune, out var length) is OperationStatus.Done && IsShown(rune);
        return length;
    }

    private static bool IsShown(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate);
}
