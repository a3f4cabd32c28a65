using System.Buffers;
using System.Text.Json;
using Httpmq.Api.Http;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Domain.Messages;
using Microsoft.AspNetCore.Mvc;

namespace Httpmq.Api.Reading;

/// <summary>Answers with a message as a CloudEvent, or as an array of one.</summary>
internal sealed class StoredCloudEvent : IActionResult
{
    private readonly StoredMessage _message;
    private readonly bool _isArray;

    private StoredCloudEvent(StoredMessage message, bool isArray)
    {
        _message = message;
        _isArray = isArray;
    }

    /// <summary>The answer, where the client asks for events by name, and no less than for JSON; else null.</summary>
    public static StoredCloudEvent? IfWanted(HttpRequest request, StoredMessage message) =>
        BytesAnswer.IsWanted(request, CloudEventJson.ContentType) ? new StoredCloudEvent(message, isArray: false)
        : BytesAnswer.IsWanted(request, CloudEventJson.BatchContentType) ? new StoredCloudEvent(message, isArray: true)
        : null;

    public Task ExecuteResultAsync(ActionContext context)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body, CloudEventJson.Options))
        {
            if (_isArray)
            {
                json.WriteStartArray();
            }

            var described = new CloudEventMessage(_message.Stream, _message.Sequence, _message.Subject, _message.Time);
            CloudEventJson.Write(json, described, _message.Headers, _message.Payload.Span);
            if (_isArray)
            {
                json.WriteEndArray();
            }
        }

        var response = context.HttpContext.Response;
        response.ContentType = _isArray ? CloudEventJson.BatchContentType : CloudEventJson.ContentType;
        response.ContentLength = body.WrittenCount;
        response.BodyWriter.Write(body.WrittenSpan);
        return AnswerWriter.FlushAsync(context.HttpContext);
    }
}
