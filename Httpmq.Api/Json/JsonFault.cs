using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Httpmq.Domain.Limits;

namespace Httpmq.Api.Json;

/// <summary>Says what is wrong with a JSON body, and where: the framework's texts are for those who write parsers.</summary>
internal static class JsonFault
{
    public const string HalfCharacter = "an escape that is half of a character: \\ud800 to \\udfff come in pairs";

    private const int LongestValue = 100;

    /// <summary>What is wrong, with line and byte from 1 in the body as the client sent it.</summary>
    /// <param name="exception">What the framework says.</param>
    /// <param name="type">The contract that was read.</param>
    /// <param name="text">The body from its first value on.</param>
    /// <param name="before">White space before it.</param>
    public static string Describe(JsonException exception, JsonTypeInfo type, ReadOnlySpan<byte> text, ReadOnlySpan<byte> before)
    {
        if (text.IsEmpty && before.IsEmpty)
        {
            return "the body is empty, and JSON was expected";
        }

        var where = Position(exception, before);
        if (exception is DurationException)
        {
            return $"{Field(exception.Path)}{Reason(exception)}{where}";
        }

        if (!exception.Message.StartsWith("The JSON value could not be converted to", StringComparison.Ordinal))
        {
            return $"{Field(exception.Path)}{JsonSyntaxFault.Describe(exception, text)}{where}";
        }

        return Field(exception.Path) is { Length: > 0 } field
            ? $"{field}{TypeFault(exception, type, text)}{where}"
            : $"the body is {KindOf(text[0])}, and a JSON object was expected{where}";
    }

    /// <summary>The kind of value that begins with this byte.</summary>
    public static string KindOf(byte first) => first switch
    {
        (byte)'[' => "an array",
        (byte)'{' => "an object",
        (byte)'"' => "text",
        (byte)'t' or (byte)'f' => "a boolean",
        (byte)'n' => "null",
        _ => "a number",
    };

    private static string Field(string? path) => path is null or "$" ? string.Empty : path.TrimStart('$', '.') + ": ";

    private static string Position(JsonException exception, ReadOnlySpan<byte> before)
    {
        if (exception.LineNumber is not { } line)
        {
            return string.Empty;
        }

        var column = exception.BytePositionInLine + (line == 0 ? before.Length - (before.LastIndexOf((byte)'\n') + 1) : 0);
        return $" at line {line + before.Count((byte)'\n') + 1}, byte {column + 1}";
    }

    private static string Reason(JsonException exception)
    {
        // The framework may add its own idea of path and position.
        var text = exception.Message;
        var end = text.IndexOf(" Path: ", StringComparison.Ordinal);
        return end < 0 ? text : text[..end];
    }

    private static string TypeFault(JsonException exception, JsonTypeInfo type, ReadOnlySpan<byte> text)
    {
        var (first, value) = ValueBefore(exception, text);
        var (wanted, expected) = Expected(type, exception.Path ?? string.Empty);
        var kind = KindOf(first);
        if (!string.Equals(kind, wanted, StringComparison.Ordinal))
        {
            return $"{value} is {kind}; {expected} is expected";
        }

        return first switch
        {
            (byte)'"' => $"{value} has {HalfCharacter}",
            _ when value.AsSpan().ContainsAny('.', 'e', 'E') => $"{value} has a fraction or an exponent; {expected} is expected",
            _ => $"{value} is out of range; {expected} is expected",
        };
    }

    /// <summary>The kind of value that a field takes, and in words what is expected.</summary>
    private static (string Kind, string Words) Expected(JsonTypeInfo type, string path)
    {
        var contract = type.Type.GetCustomAttribute<ReadByHandAttribute>() is { } read ? type.Options.GetTypeInfo(read.Element) : type;
        var name = path.TrimStart('$', '.');
        var end = name.IndexOfAny(['[', '.']);
        var property = contract.Properties.FirstOrDefault(candidate => string.Equals(candidate.Name, end < 0 ? name : name[..end], StringComparison.OrdinalIgnoreCase));
        if (property?.PropertyType is { } texts && typeof(IReadOnlyDictionary<string, string>).IsAssignableFrom(texts))
        {
            return end < 0 ? ("an object", "an object of texts, such as {\"team\":\"billing\"},") : ("text", "text in double quotes");
        }

        if (property?.PropertyType is not { } declared || typeof(IEnumerable<string?>).IsAssignableFrom(declared))
        {
            return end < 0 ? ("an array", "an array of texts, such as [\"orders.*\"],") : ("text", "text in double quotes");
        }

        var unit = property.AttributeProvider?.GetCustomAttributes(typeof(FieldAttribute), inherit: false) is [FieldAttribute { Unit: { } named }] ? $" (of {named})" : string.Empty;
        return Nullable.GetUnderlyingType(declared) switch
        {
            { } flag when flag == typeof(bool) => ("a boolean", "true or false"),
            { } number when number == typeof(int) => ("a number", $"an integer{unit} of at most {int.MaxValue}"),
            { } number when number == typeof(ulong) => ("a number", $"an integer{unit} of at least 0 and at most {ulong.MaxValue}"),
            { } number when number == typeof(long) => ("a number", $"an integer{unit} of at most {long.MaxValue}"),
            _ => ("text", "text in double quotes"),
        };
    }

    /// <summary>The value as the client wrote it, with its first byte: the token that ends where the exception points to.</summary>
    private static (byte First, string Value) ValueBefore(JsonException exception, ReadOnlySpan<byte> text)
    {
        var start = 0;
        for (var line = exception.LineNumber ?? 0; line > 0; line--)
        {
            start += text[start..].IndexOf((byte)'\n') + 1;
        }

        var json = new Utf8JsonReader(text);
        while (json.Read() && json.BytesConsumed < start + exception.BytePositionInLine)
        {
        }

        var token = text[(int)json.TokenStartIndex..(int)json.BytesConsumed];
        var value = Encoding.UTF8.GetString(token);
        return (token[0], value.Length > LongestValue ? value[..LongestValue] + "…" : value);
    }
}

/// <summary>What is no JSON at all.</summary>
internal static class JsonSyntaxFault
{
    private static readonly (string Framework, string Ours)[] Known =
    [
        ("after a single JSON value", "something follows the JSON value"),
        ("start of a property name", "a field name in double quotes is expected"),
        ("trailing comma", "a comma stands before the closing bracket"),
        ("Expected depth to be zero", "the JSON ends too early: a closing bracket or quote is missing"),
        ("Expected end of string", "the JSON ends too early: a closing quote is missing"),
        ("Expected start of a property name", "a field name in double quotes is expected"),
        ("invalid escapable character", "text has a backslash before a character that has no escape; a backslash itself is written \\\\"),
        ("within a JSON string", "text has a line break or another control character, which must be escaped, such as \\n"),
        ("hex digit", "\\u needs four hexadecimal digits"),
        ("leading zero", "a number has no leading zero"),
        ("CurrentDepth", "it is nested too deeply: more than 64 levels"),
        ("maximum configured depth", "it is nested too deeply: more than 64 levels"),
        ("start of a value", "a JSON value is expected: text in double quotes, a number, true, false, null, an array or an object"),
        ("is an invalid JSON literal", "true, false and null are the only words without quotes"),
        ("Expected a digit", "a number is cut short"),
        ("invalid end of a number", "a number is followed by something that does not belong to it; text stands in double quotes"),
        ("Expected either ',', '}', or ']'", "a comma or a closing bracket is expected"),
        ("is invalid after a value", "a comma or a closing bracket is expected"),
        ("is invalid after a property name", "a colon is expected after the field's name"),
        ("does not contain any JSON tokens", "the body is empty, and JSON was expected"),
        ("mismatched", "a bracket is closed by one of the other kind"),
    ];

    public static string Describe(JsonException exception, ReadOnlySpan<byte> text)
    {
        var at = IndexOf(exception, text);
        var found = at < text.Length ? text[at] : (byte)0;
        return found switch
        {
            (byte)'\'' => "text and names stand in double quotes (\"), not in single ones (')",
            (byte)'/' or (byte)'#' => "JSON has no comments",
            0xEF when text[at..].StartsWith("\uFEFF"u8) => "it begins with a byte order mark, which JSON does not have; save it as UTF-8 without BOM",
            (byte)'}' or (byte)']' when text[..at].TrimEnd(" \t\r\n"u8).EndsWith(","u8) => "a comma stands before the closing bracket",
            _ => Translate(exception.Message),
        };
    }

    private static string Translate(string text)
    {
        foreach (var (framework, ours) in Known)
        {
            if (text.Contains(framework, StringComparison.OrdinalIgnoreCase))
            {
                return ours;
            }
        }

        return "it is not JSON";
    }

    private static int IndexOf(JsonException exception, ReadOnlySpan<byte> text)
    {
        var start = 0;
        for (var line = exception.LineNumber ?? 0; line > 0; line--)
        {
            start += text[start..].IndexOf((byte)'\n') + 1;
        }

        return Math.Min(start + (int)(exception.BytePositionInLine ?? 0), text.Length);
    }
}
