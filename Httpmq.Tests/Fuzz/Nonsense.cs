using System.Text;

namespace Httpmq.Tests.Fuzz;

/// <summary>What no proper client sends, made of what one does: by seed, so that a failure can be repeated.</summary>
internal sealed class Nonsense(Random random)
{
    private static readonly string[] PathPieces =
    [
        "a", "v1", "data", "admin", "stream", "subject", "consumer", "limit", "ack", "publish", ".", "..", "*", ">", "$JS", "_INBOX", "/",
        "//", "?", "&", "=", "#",
        "%2F", "%2f", "%00", "%0A", "%25", "%", "%zz", "%C3%A9", "%C3", "%FF", "%2E%2E", "+", "~", ";", ":", "@", "subject_name",
        "max_msg_inflight",
        "-1", "0", "99999999999999999999", "delivery_group", "\\", "s",
    ];

    private static readonly string[] JsonPieces =
    [
        "{", "}", "[", "]", ",", ":", "\"", "\\u0000", "\\ud800", "null", "true", "-1", "1e400", "99999999999999999999", "\"name\"",
        "\"stream\"", "\"consumer\"",
        "\"subjects\"", "\"mode\"", "\"push\"", "\"max_inflight\"", "\"subject\"", "\"b64_msg\"", "\"aGk=\"", " ", "\n", "é", "\0",
        "//", "NaN",
    ];

    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "-0", "1", "-1", "-2", "2", "1.0", "1e2", "1e400", "2147483647", "2147483648", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808",
        "99999999999999999999", "\"\"", "\"x\"", "\"1\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\ud83d\\ude00\"", "\"😀\"", "\"a..b\"", "\">\"",
        "\"a b\"", "[]", "{}", "[null]", "[1]", "[\"\"]",
        "[[\"a\"]]", "{\"a\":1}", "100000000", "99999999", "60000000000",
    ];

    public T Pick<T>(params T[] from) => from[random.Next(from.Length)];

    public string Path(int most) => Join(PathPieces, most);

    public string Json(int most) => Join(JsonPieces, most);

    /// <summary>The text with bytes as they are or percent-encoded, as chance will have it; it means the same.</summary>
    public string Encode(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return string.Concat(bytes.Select(value =>
            (char.IsAsciiLetterOrDigit((char)value) || ".-_~$+;:@!*'(),=&".Contains((char)value, StringComparison.Ordinal))
                && random.Next(6) > 0
                ? ((char)value).ToString()
                : random.Next(2) == 0 ? $"%{value:X2}" : $"%{value:x2}"));
    }

    /// <summary>An object of these fields, half of the time damaged: in a value, a name, the text or the bytes.</summary>
    public byte[] Object(params (string Name, string Value)[] fields)
    {
        var list = fields.ToList();
        if (random.Next(2) == 0)
        {
            return Encoding.UTF8.GetBytes(Text(list));
        }

        for (var count = random.Next(1, 3); count > 0; count--)
        {
            Damage(list);
        }

        var text = Text(list);
        return random.Next(4) > 0 ? Encoding.UTF8.GetBytes(text) : DamageText(text);
    }

    public List<ReadOnlyMemory<byte>> Cut(byte[] text)
    {
        var parts = new List<ReadOnlyMemory<byte>>();
        for (var from = 0; from < text.Length;)
        {
            var length = Math.Min(text.Length - from, random.Next(1, Math.Max(2, text.Length / 3)));
            parts.Add(text.AsMemory(from, length));
            from += length;
        }

        return parts;
    }

    public byte[] Bytes(int most)
    {
        var bytes = new byte[random.Next(1, most)];
        random.NextBytes(bytes);
        return bytes;
    }

    private void Damage(List<(string Name, string Value)> fields)
    {
        var at = random.Next(fields.Count);
        var (name, value) = fields[at];
        switch (random.Next(8))
        {
            case 0 when fields.Count > 1:
                fields.RemoveAt(at);
                break;
            case 1:
                fields[at] = (name.ToUpperInvariant(), value);
                break;
            case 2:
                fields.Insert(random.Next(fields.Count + 1), (name, Pick(Values)));
                break;
            case 3:
                fields.Insert(
                    at,
                    (Pick("x", string.Empty, "é", "\\u006e", "\\ud800", "description", "storage", "no_ack", "sealed", "mirror",
                        "num_replicas", "duplicate_window"), Pick(Values)));
                break;
            case 4:
                fields[at] = (name, Nest(value));
                break;
            case 5:
                fields[at] = (name, $"\"{new string(Pick('a', '.', 'é'), Pick(254, 255, 256, 2048, 2049, 5000))}\"");
                break;
            default:
                fields[at] = (name, Pick(Values));
                break;
        }
    }

    private string Nest(string value)
    {
        var depth = Pick(1, 2, 63, 64, 65, 500);
        return new string('[', depth) + value + new string(']', depth);
    }

    private byte[] DamageText(string text)
    {
        var at = random.Next(text.Length + 1);
        return random.Next(7) switch
        {
            0 => Encoding.UTF8.GetBytes(text[..at]),
            1 => Encoding.UTF8.GetBytes(text.Insert(at, Json(2))),
            2 => Encoding.UTF8.GetBytes("\uFEFF" + text),
            3 => Encoding.UTF8.GetBytes(Pick(" ", "\n\r\t", "\n\n") + text + Pick("\n", " ", "x", ",{}", "\0")),
            4 => [.. Encoding.UTF8.GetBytes(text[..at]), Pick<byte>(0xFF, 0xC3, 0xED, 0x80), .. Encoding.UTF8.GetBytes(text[at..])],
            5 => Encoding.Unicode.GetBytes(text),
            _ => Encoding.UTF8.GetBytes(Pick("null", "[]", "[" + text + "]", "\"" + text, string.Empty, "12", "true")),
        };
    }

    private static string Text(IEnumerable<(string Name, string Value)> fields) =>
        $"{{{string.Join(',', fields.Select(field => $"\"{field.Name}\":{field.Value}"))}}}";

    private string Join(string[] from, int most) => string.Concat(Enumerable.Range(0, random.Next(most + 1)).Select(_ => Pick(from)));
}
