namespace Httpmq.Api.Http;

/// <summary>How a value that somebody wrote appears in a line that somebody else may read.</summary>
internal static class PlainText
{
    private const int MaxLength = 120;

    /// <summary>The value in quotes, of bearable length.</summary>
    internal static string Quote(string value) => value.Length > MaxLength ? $"'{value[..MaxLength]}...'" : $"'{value}'";

    /// <summary>The text on one line that a terminal can show: control characters are escaped.</summary>
    internal static string OneLine(string text) =>
        string.Concat(text.Select(character => char.IsControl(character) ? $"\\u{(int)character:x4}" : $"{character}"));
}
