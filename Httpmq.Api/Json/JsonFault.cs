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
            return $"{Field(exception.Path)}{JsonExceptionText.WithoutPosition(exception)}{where}";
        }

        if (JsonExceptionText.Read(exception) is not JsonProblem.WrongType)
        {
            return $"{Field(exception.Path)}{JsonSyntaxFault.Describe(exception, text)}{where}";
        }

        if (Field(exception.Path) is { Length: > 0 } field)
        {
            return $"{field}{TypeFault(exception, type, text)}{where}";
        }

        // What is read by hand looks at the type of each value first, and falls over the characters alone.
        return exception.InnerException is InvalidOperationException && type.Type.IsDefined(typeof(ReadByHandAttribute))
            ? $"the body has {HalfCharacter}{where}"
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
        var property = contract.Properties.FirstOrDefault(
            candidate => string.Equals(candidate.Name, end < 0 ? name : name[..end], StringComparison.OrdinalIgnoreCase));
        if (property?.PropertyType is { } texts && typeof(IReadOnlyDictionary<string, string>).IsAssignableFrom(texts))
        {
            return end < 0 ? ("an object", "an object of texts, such as {\"team\":\"billing\"},") : ("text", "text in double quotes");
        }

        if (property?.PropertyType is not { } declared || typeof(IEnumerable<string?>).IsAssignableFrom(declared))
        {
            return end < 0 ? ("an array", "an array of texts, such as [\"orders.*\"],") : ("text", "text in double quotes");
        }

        var unit = property.AttributeProvider?.GetCustomAttributes(
            typeof(FieldAttribute), inherit: false) is [FieldAttribute { Unit: { } named }] ? $" (of {named})" : string.Empty;
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
