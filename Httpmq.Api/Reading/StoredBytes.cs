using System.Buffers;
using System.Globalization;
using Httpmq.Api.Http;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Domain.Messages;
using Microsoft.AspNetCore.Mvc;

namespace Httpmq.Api.Reading;

/// <summary>Answers with a message's bytes, with what else is known of it in headers.</summary>
internal sealed class StoredBytes(StoredMessage message) : IActionResult
{
    public const string Stream = "Httpmq-Stream";
    public const string Subject = "Httpmq-Subject";
    public const string Sequence = "Httpmq-Sequence";
    public const string Time = "Httpmq-Time";

    public Task ExecuteResultAsync(ActionContext context)
    {
        var response = context.HttpContext.Response;
        response.Headers[Stream] = message.Stream;
        response.Headers[Subject] = BytesAnswer.ToHeader(message.Subject);
        response.Headers[Sequence] = message.Sequence.ToString(CultureInfo.InvariantCulture);
        response.Headers[Time] = message.Time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
        response.ContentType = BytesAnswer.ContentType;
        CloudEventHeaders.Add(response, message.Headers);
        response.ContentLength = message.Payload.Length;
        response.BodyWriter.Write(message.Payload.Span);
        return AnswerWriter.FlushAsync(context.HttpContext);
    }
}
