using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Httpmq.Domain.Errors;
using Microsoft.AspNetCore.Mvc.Formatters;

namespace Httpmq.Api.Serialization;

/// <summary>
/// Reads a JSON body whatever the content type says, or when it says nothing. <c>null</c> is an object without fields.
/// </summary>
internal sealed class JsonBodyFormatter : InputFormatter
{
    private const string What = "Unable to parse request body";

    private readonly BodyPatience _patience;
    private readonly BodyBuffers _buffers;

    /// <summary>The largest body, in bytes: enough for any definition. A larger one is refused while it is read.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    /// <param name="patience">How slowly a body may come.</param>
    /// <param name="buffers">Counts what bodies hold.</param>
    public JsonBodyFormatter(BodyPatience patience, BodyBuffers buffers)
    {
        _patience = patience;
        _buffers = buffers;

        // What OpenAPI shows; CanRead below does not look at it.
        SupportedMediaTypes.Add("application/json");
    }

    public override bool CanRead(InputFormatterContext context) => ApiJson.Wire.GetTypeInfo(context.ModelType) is not null;

    /// <summary>An empty body is not left to the framework, which would bind null.</summary>
    public override Task<InputFormatterResult> ReadAsync(InputFormatterContext context) => ReadRequestBodyAsync(context);

    public override async Task<InputFormatterResult> ReadRequestBodyAsync(InputFormatterContext context)
    {
        var type = ApiJson.Wire.GetTypeInfo(context.ModelType)!;
        var reader = context.HttpContext.Request.BodyReader;
        using var deadline = new BodyDeadline(_patience, context.HttpContext.RequestAborted);
        using var held = _buffers.Hold();
        var received = 0L;
        while (true)
        {
            var result = await deadline.ReadAsync(reader, received);
            received = result.Buffer.Length;
            var more = false;
            try
            {
                held.GrowTo(received);
                more = !result.IsCompleted && received <= MaxBytes;
                if (more)
                {
                    continue;
                }

                return result.Buffer.Length <= MaxBytes
                    ? await InputFormatterResult.SuccessAsync(Parse(result.Buffer, type, _buffers))
                    : throw new HttpmqException(new Error(ErrorKind.TooLarge, "Request body too large", $"the body has more than {MaxBytes} bytes"));
            }
            finally
            {
                // Also for a refusal: the server reads the rest off the connection, and cannot while a read is open.
                reader.AdvanceTo(more ? result.Buffer.Start : result.Buffer.End, result.Buffer.End);
            }
        }
    }

    /// <summary>Reads one JSON value, or throws <see cref="HttpmqException"/> with what is wrong with it.</summary>
    public static object Parse(in ReadOnlySequence<byte> body, JsonTypeInfo type, BodyBuffers buffers)
    {
        if (body.IsSingleSegment)
        {
            return Parse(body.FirstSpan, type);
        }

        // In one piece: the framework's reader falls over a literal that is cut off where an empty segment follows.
        var whole = buffers.Rent((int)body.Length);
        try
        {
            body.CopyTo(whole);
            return Parse(whole.AsSpan(0, (int)body.Length), type);
        }
        finally
        {
            buffers.Return(whole);
        }
    }

    private static object Parse(ReadOnlySpan<byte> whole, JsonTypeInfo type)
    {
        if (!Utf8.IsValid(whole))
        {
            throw HttpmqException.Invalid(What, $"the body is not UTF-8 from byte {ValidLength(whole) + 1} on");
        }

        // It counts lines and bytes from where the text begins or from where the value does, as the fault may be.
        var text = whole.TrimStart(" \t\r\n"u8);
        try
        {
            var json = new Utf8JsonReader(text);
            var model = JsonSerializer.Deserialize(ref json, type);

            // Behind the value there may be white space and nothing else.
            json.Read();
            return model ?? JsonSerializer.Deserialize("{}", type)!;
        }
        catch (JsonException exception)
        {
            throw HttpmqException.Invalid(What, Describe(exception, text, whole[..^text.Length]));
        }
        catch (InvalidOperationException exception)
        {
            // An escape that is half of a character.
            throw HttpmqException.Invalid(What, exception.Message);
        }
    }

    private static int ValidLength(ReadOnlySpan<byte> text)
    {
        var length = 0;
        while (Rune.DecodeFromUtf8(text[length..], out _, out var consumed) is OperationStatus.Done)
        {
            length += consumed;
        }

        return length;
    }

    private static string Describe(JsonException exception, ReadOnlySpan<byte> text, ReadOnlySpan<byte> before)
    {
        if (text.IsEmpty && before.IsEmpty)
        {
            return "the body is empty, and JSON was expected";
        }

        var where = Position(exception, before);
        if (!exception.Message.StartsWith("The JSON value could not be converted to", StringComparison.Ordinal))
        {
            return $"{Field(exception.Path)}{Reason(exception)}{where}";
        }

        return Field(exception.Path) is { Length: > 0 } field
            ? $"{field}{ValueBefore(exception, text)} has the wrong type or is out of range{where}"
            : $"the body is {KindOf(text)}, and a JSON object was expected{where}";
    }

    private static string Field(string? path) => path is null or "$" ? string.Empty : path.TrimStart('$', '.') + ": ";

    private static string KindOf(ReadOnlySpan<byte> text) => text[0] switch
    {
        (byte)'[' => "an array",
        (byte)'"' => "text",
        (byte)'t' or (byte)'f' => "a boolean",
        _ => "a number",
    };

    /// <summary>Where it broke, from 1, in the body as the client sent it.</summary>
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
        // The framework's text ends in its own idea of path and position.
        var text = exception.Message;
        var end = text.IndexOf(" Path: ", StringComparison.Ordinal);
        end = end < 0 ? text.IndexOf(" LineNumber: ", StringComparison.Ordinal) : end;
        return (end < 0 ? text : text[..end]).TrimEnd('.');
    }

    /// <summary>The value as the client wrote it: the token that ends where the exception points to.</summary>
    private static string ValueBefore(JsonException exception, ReadOnlySpan<byte> text)
    {
        const int Longest = 100;
        var start = 0;
        for (var line = exception.LineNumber ?? 0; line > 0; line--)
        {
            start += text[start..].IndexOf((byte)'\n') + 1;
        }

        var json = new Utf8JsonReader(text);
        while (json.Read() && json.BytesConsumed < start + exception.BytePositionInLine)
        {
        }

        var value = Encoding.UTF8.GetString(text[(int)json.TokenStartIndex..(int)json.BytesConsumed]);
        return value.Length > Longest ? value[..Longest] + "…" : value;
    }
}
