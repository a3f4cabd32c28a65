using System.Text.Json;

namespace Httpmq.Api.Json;

/// <summary>What the framework's JSON reader fell over.</summary>
internal enum JsonProblem
{
    /// <summary>Something that is not in the list.</summary>
    Unknown,

    /// <summary>It is JSON, of another type than the contract's.</summary>
    WrongType,

    SomethingFollows,
    NameExpected,
    TrailingComma,
    EndsEarly,
    TextEndsEarly,
    BadEscape,
    ControlCharacter,
    HexDigits,
    LeadingZero,
    TooDeep,
    ValueExpected,
    BadLiteral,
    DigitExpected,
    BadNumber,
    CommaExpected,
    ColonExpected,
    Empty,
    OtherBracket,
}

/// <summary>
/// Reads the texts of System.Text.Json's exceptions, which say in no other way what is wrong. A test holds the texts to the framework that
/// is used.
/// </summary>
internal static class JsonExceptionText
{
    private static readonly (string Words, JsonProblem Problem)[] Known =
    [
        ("after a single JSON value", JsonProblem.SomethingFollows),
        ("start of a property name", JsonProblem.NameExpected),
        ("trailing comma", JsonProblem.TrailingComma),
        ("Expected depth to be zero", JsonProblem.EndsEarly),
        ("Expected end of string", JsonProblem.TextEndsEarly),
        ("invalid escapable character", JsonProblem.BadEscape),
        ("hex digit", JsonProblem.HexDigits),
        ("within a JSON string", JsonProblem.ControlCharacter),
        ("leading zero", JsonProblem.LeadingZero),
        ("CurrentDepth", JsonProblem.TooDeep),
        ("maximum configured depth", JsonProblem.TooDeep),
        ("start of a value", JsonProblem.ValueExpected),
        ("is an invalid JSON literal", JsonProblem.BadLiteral),
        ("Expected a digit", JsonProblem.DigitExpected),
        ("invalid end of a number", JsonProblem.BadNumber),
        ("Expected either ',', '}', or ']'", JsonProblem.CommaExpected),
        ("is invalid after a value", JsonProblem.CommaExpected),
        ("is invalid after a property name", JsonProblem.ColonExpected),
        ("does not contain any JSON tokens", JsonProblem.Empty),
        ("mismatched", JsonProblem.OtherBracket),
    ];

    public static JsonProblem Read(JsonException exception)
    {
        var text = WithoutPosition(exception);
        if (text.StartsWith("The JSON value could not be converted to", StringComparison.Ordinal))
        {
            return JsonProblem.WrongType;
        }

        foreach (var (words, problem) in Known)
        {
            if (text.Contains(words, StringComparison.OrdinalIgnoreCase))
            {
                return problem;
            }
        }

        return JsonProblem.Unknown;
    }

    /// <summary>The text without the framework's own idea of path and position, which counts from zero.</summary>
    public static string WithoutPosition(JsonException exception)
    {
        var text = exception.Message;
        foreach (var mark in (ReadOnlySpan<string>)[" Path: ", " LineNumber:"])
        {
            text = text.IndexOf(mark, StringComparison.Ordinal) is >= 0 and var end ? text[..end] : text;
        }

        return text;
    }
}
