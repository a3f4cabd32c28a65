using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Api.Json;
using Httpmq.Domain.Errors;
using Microsoft.AspNetCore.Mvc.Formatters;

namespace Httpmq.Api.Bodies;

/// <summary>
/// Reads a JSON body whatever the content type says, or when it says nothing. <c>null</c> is an object without fields.
/// </summary>
internal sealed class JsonBodyFormatter : InputFormatter
{
    private readonly BodyTimeouts _patience;
    private readonly BodyBuffers _buffers;
    private readonly IReadOnlyList<JsonSerializerOptions> _contracts;
    private readonly UnknownFields _unknownFields = new();

    /// <summary>The largest body, in bytes: enough for any definition. A larger one is refused while it is read.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    /// <param name="timeouts">How slowly a body may come.</param>
    /// <param name="buffers">Counts what bodies hold.</param>
    /// <param name="contracts">What bodies may be: the JSON of each feature, asked in this order, so the hot path's comes first.</param>
    public JsonBodyFormatter(BodyTimeouts timeouts, BodyBuffers buffers, IReadOnlyList<JsonSerializerOptions> contracts)
    {
        _patience = timeouts;
        _buffers = buffers;
        _contracts = contracts;

        // What OpenAPI shows; CanRead below does not look at it.
        SupportedMediaTypes.Add("application/json");
    }

    public override bool CanRead(InputFormatterContext context) => Find(context.ModelType) is not null;

    /// <summary>An empty body is not left to the framework, which would bind null.</summary>
    public override Task<InputFormatterResult> ReadAsync(InputFormatterContext context) => ReadRequestBodyAsync(context);

    public override async Task<InputFormatterResult> ReadRequestBodyAsync(InputFormatterContext context) =>
        await InputFormatterResult.SuccessAsync(await ReadObjectAsync(context.HttpContext, Find(context.ModelType)!));

    /// <summary>Reads the body of a request for an endpoint without a controller.</summary>
    public async ValueTask<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class => (T)await ReadObjectAsync(context, type);

    private async ValueTask<object> ReadObjectAsync(HttpContext context, JsonTypeInfo type)
    {
        var reader = context.Request.BodyReader;

        // As a rule the body came with its headers, and needs neither.
        BodyDeadline? deadline = null;
        BodyBuffers.Lease? held = null;
        var received = 0L;
        try
        {
            while (true)
            {
                // What was looked at and left would be there again at once: from the second time on it waits for more.
                if (received > 0 || !reader.TryRead(out var result))
                {
                    deadline ??= new BodyDeadline(_patience, context.RequestAborted);
                    result = await deadline.ReadAsync(reader, received);
                }

                received = result.Buffer.Length;
                var more = false;
                try
                {
                    (held ??= received > BodyBuffers.Small ? _buffers.Hold() : null)?.GrowTo(received);
                    more = !result.IsCompleted && received <= MaxBytes;
                    if (more)
                    {
                        continue;
                    }

                    return result.Buffer.Length <= MaxBytes
                        ? Parse(context, result.Buffer, type)
                        : throw new HttpmqException(HttpErrors.TooLarge(MaxBytes));
                }
                finally
                {
                    // Also for a refusal: the server reads the rest off the connection, and cannot while a read is open.
                    reader.AdvanceTo(more ? result.Buffer.Start : result.Buffer.End, result.Buffer.End);
                }
            }
        }
        finally
        {
            deadline?.Dispose();
            held?.Dispose();
        }
    }

    /// <summary>Reads one JSON value, or throws <see cref="HttpmqException"/> with what is wrong with it.</summary>
    public static object Parse(in ReadOnlySequence<byte> body, JsonTypeInfo type, BodyBuffers buffers) =>
        Parse(body, type, buffers, unknownFields: null, thorough: false, others: null, out _);

    private JsonTypeInfo? Find(Type model)
    {
        foreach (var options in _contracts)
        {
            if (options.TryGetTypeInfo(model, out var type))
            {
                return type;
            }
        }

        return null;
    }

    private object Parse(HttpContext context, in ReadOnlySequence<byte> body, JsonTypeInfo type)
    {
        var strict = context.Features.Get<RequestNotes>() is { IsStrict: true };
        var model = Parse(body, type, _buffers, _unknownFields, strict, others: null, out var found);
        if (found is not null)
        {
            context.RequestServices.GetRequiredService<UnknownNames>().Report(context, "field", found, _unknownFields.KnownOf(type));
        }

        return model;
    }

    /// <summary>Also looks for fields that nobody knows.</summary>
    /// <param name="body">One JSON value.</param>
    /// <param name="type">Its contract.</param>
    /// <param name="buffers">Lends what the body is put together in.</param>
    /// <param name="unknownFields">Finds them; null: nobody looks.</param>
    /// <param name="thorough">Looks into every body.</param>
    /// <param name="others">Names that are known besides.</param>
    /// <param name="found">The fields that nobody knows; null: none.</param>
    public static object Parse(
        in ReadOnlySequence<byte> body,
        JsonTypeInfo type,
        BodyBuffers buffers,
        UnknownFields? unknownFields,
        bool thorough,
        IReadOnlyCollection<string>? others,
        out FoundNames? found)
    {
        if (body.IsSingleSegment)
        {
            return Parse(body.FirstSpan, type, unknownFields, thorough, others, out found);
        }

        // In one piece: the framework's reader falls over a literal that is cut off where an empty segment follows.
        var whole = buffers.Rent((int)body.Length);
        try
        {
            body.CopyTo(whole);
            return Parse(whole.AsSpan(0, (int)body.Length), type, unknownFields, thorough, others, out found);
        }
        finally
        {
            buffers.Return(whole);
        }
    }

    private static object Parse(
        ReadOnlySpan<byte> body,
        JsonTypeInfo type,
        UnknownFields? unknownFields,
        bool thorough,
        IReadOnlyCollection<string>? others,
        out FoundNames? found)
    {
        var model = Parse(body, type);
        found = unknownFields?.Find(body, type, model, thorough, others);
        return model;
    }

    private static object Parse(ReadOnlySpan<byte> whole, JsonTypeInfo type)
    {
        if (!Utf8.IsValid(whole))
        {
            throw new HttpmqException(BodyErrors.Json($"the body is not UTF-8 from byte {ValidLength(whole) + 1} on"));
        }

        // It counts lines and bytes from where the text begins or from where the value does, as the reason may be.
        var text = whole.TrimStart(" \t\r\n"u8);
        if (text.IsEmpty && type.Type.IsDefined(typeof(OptionalBodyAttribute), inherit: false))
        {
            return JsonSerializer.Deserialize("{}", type)!;
        }

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
            throw new HttpmqException(BodyErrors.Json(JsonError.Describe(exception, type, text, whole[..^text.Length])));
        }
        catch (InvalidOperationException)
        {
            throw new HttpmqException(BodyErrors.Json($"the body has {JsonError.HalfCharacter}"));
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
}
