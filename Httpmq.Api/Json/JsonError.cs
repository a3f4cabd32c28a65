using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Httpmq.Domain.Limits;

namespace Httpmq.Api.Json;

/// <summary>Says what is wrong with a JSON body, and where: the framework's texts are for those who write parsers.</summary>
internal static class JsonError
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
        if (exception is ValueException)
        {
            return $"{Field(exception.Path)}{JsonExceptionText.WithoutPosition(exception)}{where}";
        }

        if (JsonExceptionText.Read(exception) is not JsonProblem.WrongType)
        {
            return $"{Field(exception.Path)}{JsonSyntaxError.Describe(exception, text)}{where}";
        }

        if (TokenBefore(exception, text).TokenType is JsonTokenType.PropertyName)
        {
            return $"{Field(exception.Path)}a name has {HalfCharacter}{where}";
        }

        if (Field(exception.Path) is { Length: > 0 } field)
        {
            return $"{field}{TypeError(exception, type, text)}{where}";
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

    private static string TypeError(JsonException exception, JsonTypeInfo type, ReadOnlySpan<byte> text)
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
        var (declared, property) = ((Type?)null, (JsonPropertyInfo?)null);
        foreach (var segment in path.TrimStart('$', '.').Split('.'))
        {
            if (declared is not null && typeof(IReadOnlyDictionary<string, string>).IsAssignableFrom(declared))
            {
                return Words(typeof(string), string.Empty, path);
            }

            // Within another field.
            contract = declared is not null && type.Options.TryGetTypeInfo(declared, out var within) ? within : contract;
            var end = segment.IndexOf('[', StringComparison.Ordinal);
            var name = end < 0 ? segment : segment[..end];
            property = contract.Properties.FirstOrDefault(
                candidate => string.Equals(candidate.Name, name, StringComparison.OrdinalIgnoreCase)) ?? property;
            declared = end < 0 || property?.PropertyType is null ? property?.PropertyType : ItemOf(property.PropertyType);
        }

        var unit = property?.AttributeProvider?.GetCustomAttributes(
            typeof(FieldAttribute), inherit: false) is [FieldAttribute { Unit: { } named }] ? $" (of {named})" : string.Empty;
        return Words(declared, unit, path);
    }

    private static (string Kind, string Words) Words(Type? declared, string unit, string path) => declared switch
    {
        null => path.Contains('[', StringComparison.Ordinal)
            ? ("text", "text in double quotes")
            : ("an array", "an array of texts, such as [\"orders.*\"],"),
        _ when declared == typeof(string) => ("text", "text in double quotes"),
        _ when typeof(IReadOnlyDictionary<string, string>).IsAssignableFrom(declared) =>
            ("an object", "an object of texts, such as {\"team\":\"billing\"},"),
        _ when typeof(IEnumerable<string?>).IsAssignableFrom(declared) => ("an array", "an array of texts, such as [\"orders.*\"],"),
        _ when ItemOf(declared) is not null => ("an array", "an array"),
        _ => Nullable.GetUnderlyingType(declared) switch
        {
            { } flag when flag == typeof(bool) => ("a boolean", "true or false"),
            { } number when number == typeof(int) => ("a number", $"an integer{unit} of at most {int.MaxValue}"),
            { } number when number == typeof(ulong) => ("a number", $"an integer{unit} of at least 0 and at most {ulong.MaxValue}"),
            { } number when number == typeof(long) => ("a number", $"an integer{unit} of at most {long.MaxValue}"),
            _ when declared.IsClass => ("an object", "an object"),
            _ => ("text", "text in double quotes"),
        },
    };

    private static Type? ItemOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? type.GenericTypeArguments[0] : null;

    /// <summary>The value as the client wrote it, with its first byte.</summary>
    private static (byte First, string Value) ValueBefore(JsonException exception, ReadOnlySpan<byte> text)
    {
        var json = TokenBefore(exception, text);
        var token = text[(int)json.TokenStartIndex..(int)json.BytesConsumed];
        var value = Encoding.UTF8.GetString(token);
        return (token[0], value.Length > LongestValue ? value[..LongestValue] + "…" : value);
    }

    /// <summary>A reader on the token that ends where the exception points to.</summary>
    private static Utf8JsonReader TokenBefore(JsonException exception, ReadOnlySpan<byte> text)
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

        return json;
    }
}
