using System.Text.Json;

namespace Httpmq.Api.Json;

/// <summary>What is no JSON at all.</summary>
internal static class JsonSyntaxError
{
    public static string Describe(JsonException exception, ReadOnlySpan<byte> text)
    {
        var at = IndexOf(exception, text);
        var found = at < text.Length ? text[at] : (byte)0;
        return found switch
        {
            (byte)'\'' => "text and names stand in double quotes (\"), not in single ones (')",
            (byte)'/' or (byte)'#' => "JSON has no comments",
            0xEF when text[at..].StartsWith("\uFEFF"u8) =>
                "it begins with a byte order mark, which JSON does not have; save it as UTF-8 without BOM",
            (byte)'}' or (byte)']' when text[..at].TrimEnd(" \t\r\n"u8).EndsWith(","u8) => "a comma stands before the closing bracket",
            _ => Words(JsonExceptionText.Read(exception)),
        };
    }

    private static string Words(JsonProblem problem) => problem switch
    {
        JsonProblem.SomethingFollows => "something follows the JSON value",
        JsonProblem.NameExpected => "a field name in double quotes is expected",
        JsonProblem.TrailingComma => "a comma stands before the closing bracket",
        JsonProblem.EndsEarly => "the JSON ends too early: a closing bracket or quote is missing",
        JsonProblem.TextEndsEarly => "the JSON ends too early: a closing quote is missing",
        JsonProblem.BadEscape => "text has a backslash before a character that has no escape; a backslash itself is written \\\\",
        JsonProblem.ControlCharacter => "text has a line break or another control character, which must be escaped, such as \\n",
        JsonProblem.HexDigits => "\\u needs four hexadecimal digits",
        JsonProblem.LeadingZero => "a number has no leading zero",
        JsonProblem.TooDeep => "it is nested too deeply: more than 64 levels",
        JsonProblem.ValueExpected => "a JSON value is expected: text in double quotes, a number, true, false, null, an array or an object",
        JsonProblem.BadLiteral => "true, false and null are the only words without quotes",
        JsonProblem.DigitExpected => "a number is cut short",
        JsonProblem.BadNumber => "a number is followed by something that does not belong to it; text stands in double quotes",
        JsonProblem.CommaExpected => "a comma or a closing bracket is expected",
        JsonProblem.ColonExpected => "a colon is expected after the field's name",
        JsonProblem.Empty => "the body is empty, and JSON was expected",
        JsonProblem.OtherBracket => "a bracket is closed by one of the other kind",
        _ => "it is not JSON",
    };

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
