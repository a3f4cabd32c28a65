using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Httpmq.Api.Json;
using Microsoft.AspNetCore.Mvc;

namespace Httpmq.Api.Http;

/// <summary>
/// Writes one answer with its length, straight into the response. The framework's own result would negotiate the content
/// type and add a charset; the contract says <c>application/json</c> whatever the request accepts.
/// </summary>
internal sealed class AnswerResult<T>(T answer, JsonTypeInfo<T> type) : IActionResult
{
    public Task ExecuteResultAsync(ActionContext context) => AnswerWriter.AnswerAsync(context.HttpContext, answer, type);
}

internal static class AnswerWriter
{
    private const int KeptBuffer = 64 * 1024;

    // Smaller answers fit the response's buffer, and the server takes them off our hands at once.
    private const int Small = 32 * 1024;

    // One writer per thread, used within one call only: nothing is shared, and an answer costs no allocation here.
    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json)? _writers;

    /// <summary>Answers, with what is to be said of the request besides.</summary>
    public static Task AnswerAsync<T>(HttpContext http, T answer, JsonTypeInfo<T> type)
    {
        if (http.Features.Get<RequestNotes>() is { } notes && answer is Answer known)
        {
            known.Warnings = notes.AddTo(known.Warnings);
        }

        Write(http.Response, answer, type);
        return http.Response.ContentLength <= Small ? Task.CompletedTask : FlushAsync(http);
    }

    /// <summary>Writes the answer; the status was set before. The framework flushes it.</summary>
    public static void Write<T>(HttpResponse response, T answer, JsonTypeInfo<T> type) =>
        Write(
            response,
            (Answer: answer, Type: type),
            static (Utf8JsonWriter json, in (T Answer, JsonTypeInfo<T> Type) it) => JsonSerializer.Serialize(json, it.Answer, it.Type));

    /// <summary>Writes a small answer by hand, as the serializer would.</summary>
    public static void Write<T>(HttpResponse response, in T answer, AnswerText<T> write)
    {
        var (buffer, json) = _writers ??= Create();
        buffer.ResetWrittenCount();
        json.Reset(buffer);
        try
        {
            write(json, answer);
            json.Flush();
        }
        catch
        {
            _writers = null;
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
            _writers = null;
        }
    }

    /// <summary>A client that does not read a large answer within the write timeout is cut off.</summary>
    public static async Task FlushAsync(HttpContext http)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        if (http.RequestServices.GetRequiredService<ApiServerSettings>().WriteTimeout is { } timeout)
        {
            limit.CancelAfter(timeout);
        }

        try
        {
            await http.Response.BodyWriter.FlushAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            http.Abort();
        }
    }

    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json) Create()
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        return (buffer, new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = WireJson.Encoder, SkipValidation = true }));
    }
}

/// <summary>Writes an answer.</summary>
internal delegate void AnswerText<T>(Utf8JsonWriter json, in T answer);
