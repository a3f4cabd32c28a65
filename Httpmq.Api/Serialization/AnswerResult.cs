using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Mvc;

namespace Httpmq.Api.Serialization;

/// <summary>
/// Writes one answer with its length, straight into the response. The framework's own result would negotiate the content
/// type and add a charset; the contract says <c>application/json</c> whatever the request accepts.
/// </summary>
internal sealed class AnswerResult<T>(T answer, JsonTypeInfo<T> type) : IActionResult
{
    public Task ExecuteResultAsync(ActionContext context)
    {
        AnswerWriter.Write(context.HttpContext.Response, answer, type);
        return Task.CompletedTask;
    }
}

internal static class AnswerWriter
{
    private const int KeptBuffer = 64 * 1024;

    // One writer per thread, used within one call only: nothing is shared, and an answer costs no allocation here.
    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json)? writers;

    /// <summary>Writes the answer; the status was set before. The framework flushes it.</summary>
    public static void Write<T>(HttpResponse response, T answer, JsonTypeInfo<T> type)
    {
        var (buffer, json) = writers ??= Create(type.Options);
        buffer.ResetWrittenCount();
        json.Reset(buffer);
        try
        {
            JsonSerializer.Serialize(json, answer, type);
            json.Flush();
        }
        catch
        {
            writers = null;
            throw;
        }

        response.ContentType = "application/json";
        response.ContentLength = buffer.WrittenCount;
        if (!HttpMethods.IsHead(response.HttpContext.Request.Method))
        {
            response.BodyWriter.Write(buffer.WrittenSpan);
        }

        if (buffer.Capacity > KeptBuffer)
        {
            writers = null;
        }
    }

    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json) Create(JsonSerializerOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        return (buffer, new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = options.Encoder, SkipValidation = true }));
    }
}
