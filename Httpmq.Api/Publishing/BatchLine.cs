using System.Buffers;
using System.Text;
using System.Text.Json;
using Httpmq.Api.Errors;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.Publishing;

/// <summary>Says what is wrong with a line of a batch that is not one JSON object, in the words of whoever made the batch.</summary>
internal static class BatchLine
{
    private const string OnePerLine = "each record is one JSON object on one line";
    private const int Shown = 20;

    private static readonly Error Unended =
        BatchErrors.Invalid($"the object does not end on this line: {OnePerLine}, not spread over several (jq -c writes it so)");

    private static readonly Error Array =
        BatchErrors.Invalid($"the line is an array: {OnePerLine}, without an array around them (jq -c '.[]' takes it off)");

    private static readonly Error NoObject =
        BatchErrors.Invalid($"the line is not a JSON object: {OnePerLine}, such as {{\"subject\":\"orders.new\",\"b64_msg\":\"aGk=\"}}");

    /// <summary>What can be told from both ends of the line; null where it may be an object.</summary>
    public static Error? Validate(in ReadOnlySequence<byte> line)
    {
        var (first, last) = Ends(line);
        return (first, last) switch
        {
            ((byte)'{', (byte)'}') => null,
            ((byte)'{', _) => Unended,
            ((byte)'[', _) => Array,
            _ => NoObject,
        };
    }

    /// <summary>What the JSON reader fell over.</summary>
    /// <param name="line">The line.</param>
    /// <param name="length">Where its first object ends; 0 where it does not.</param>
    /// <param name="exception">With the position.</param>
    public static string Describe(in ReadOnlySequence<byte> line, long length, JsonException exception)
    {
        if (length > 0)
        {
            return FirstOf(line.Slice(length)) is (byte)'{'
                ? $"several records on one line: {OnePerLine} (curl -d takes the line breaks out of a file; --data-binary keeps them)"
                : $"the line goes on after the object, at byte {length + 1}: '{Show(line.Slice(length))}'; {OnePerLine}";
        }

        // The position counts what was read before; a line has no line breaks.
        var at = Math.Min(exception.BytePositionInLine ?? 0, line.Length);
        return at >= line.Length
            ? $"the line is not JSON: it ends within the object; {OnePerLine}"
            : $"the line is not JSON from byte {at + 1} on: '{Show(line.Slice(at))}'";
    }

    /// <summary>Whether there is nothing on it, so that it is no record.</summary>
    public static bool IsBlank(in ReadOnlySequence<byte> line)
    {
        foreach (var segment in line)
        {
            if (segment.Span.IndexOfAnyExcept(" \t\r"u8) >= 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>How many bytes from the start are UTF-8.</summary>
    public static int ValidLength(ReadOnlySpan<byte> text)
    {
        var length = 0;
        while (Rune.DecodeFromUtf8(text[length..], out _, out var consumed) is OperationStatus.Done)
        {
            length += consumed;
        }

        return length;
    }

    private static (byte First, byte Last) Ends(in ReadOnlySequence<byte> line)
    {
        byte last = 0;
        foreach (var segment in line)
        {
            var end = segment.Span.LastIndexOfAnyExcept(" \t\r"u8);
            last = end >= 0 ? segment.Span[end] : last;
        }

        return (FirstOf(line), last);
    }

    private static byte FirstOf(in ReadOnlySequence<byte> text)
    {
        foreach (var segment in text)
        {
            var start = segment.Span.IndexOfAnyExcept(" \t\r"u8);
            if (start >= 0)
            {
                return segment.Span[start];
            }
        }

        return 0;
    }

    private static string Show(in ReadOnlySequence<byte> text) =>
        text.Length > Shown ? Encoding.UTF8.GetString(text.Slice(0, Shown)) + "…" : Encoding.UTF8.GetString(text);
}
