using System.Globalization;
using Httpmq.Api.Http;
using Httpmq.Api.OpenApi;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Application.Reading;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;

namespace Httpmq.Api.Reading;

[ApiGroup(ApiGroup.DataplaneName)]
[OpenApiTag(Tags.Reading)]
internal sealed class ReadController(IMediator mediator) : ApiController(mediator)
{
    // What is stored at a sequence never changes, but it can be deleted, and so can its stream.
    private const string Immutable = "private, max-age=3600, immutable";

    private const string AskAgain = "private, no-cache";

    /// <summary>Reads one message of a stream by its sequence, without a consumer.</summary>
    /// <remarks>
    /// It never changes, so it may be kept. With `Accept: application/octet-stream` the answer is the message's bytes; with
    /// `Accept: application/cloudevents+json` it is the CloudEvent that the message carries, where it carries one.
    /// </remarks>
    /// <response code="200">The message.</response>
    /// <response code="400">The sequence is not a number from 1 to 18446744073709551615, or the encoding is not known.</response>
    /// <response code="404">The stream does not exist, or has no message with this sequence, or not any more.</response>
    [HttpGet("/v1/data/stream/{stream}/message/{sequence}", Name = ReadOperation.OneId)]
    [QueryParameters("encoding")]
    [ProducesResponseType<StoredMessageAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 503, 504)]
    public async Task<IActionResult> ReadMessage(string stream, string sequence)
    {
        var encoding = Encoding();
        if (!ulong.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
        {
            throw Invalid(
                "sequence", sequence, $"sequence: '{UnknownNames.Printable(sequence)}' is not a number from 1 to {ulong.MaxValue}");
        }

        return Answer(await SendAsync(new ReadMessage(Caller, stream, number)), encoding, Immutable);
    }

    /// <summary>Reads the last message of a subject, without a consumer.</summary>
    /// <remarks>
    /// `ETag` is the message's sequence: with `If-None-Match` an unchanged subject is 304. With `Accept: application/octet-stream` the
    /// answer is the message's bytes.
    /// </remarks>
    /// <response code="200">The message.</response>
    /// <response code="400">The subject is invalid, or the encoding is not known.</response>
    /// <response code="404">No stream takes this subject, or it has no message.</response>
    [HttpGet("/v1/data/subject/{subject}", Name = ReadOperation.LastId)]
    [QueryParameters("encoding")]
    [ProducesResponseType<StoredMessageAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 503, 504)]
    public async Task<IActionResult> ReadLastMessage()
    {
        var encoding = Encoding();
        var name = RawPath.LastSegment(HttpContext);
        if (!Subject.TryParse(name, out var subject, out var reason))
        {
            return Failed(RequestErrors.Subject("subject", name, reason!));
        }

        return Answer(await SendAsync(new ReadLastMessage(Caller, subject)), encoding, AskAgain);
    }

    private IActionResult Answer(StoredMessage message, PayloadEncoding encoding, string caching)
    {
        var tag = EntityTag.Of(message.Sequence);
        Response.Headers.ETag = tag;
        Response.Headers.CacheControl = caching;
        VaryByAccept.Note(Response);
        return EntityTag.IsKnown(Request.Headers.IfNoneMatch, tag) ? StatusCode(StatusCodes.Status304NotModified)
            : StoredCloudEvent.IfWanted(Request, message) is { } carried ? carried
            : BytesAnswer.IsWanted(Request) ? new StoredBytes(message)
            : Json(StoredMessageAnswer.Of(RequestId, message, encoding), ReadingJson.Wire.StoredMessageAnswer);
    }

    private PayloadEncoding Encoding()
    {
        var values = Request.Query["encoding"];
        return values.Count == 0
            ? PayloadEncoding.Base64
            : PayloadEncodings.Parse(values.ToString())
                ?? throw Invalid("encoding", values.ToString(),
                    $"encoding: '{UnknownNames.Printable(values.ToString())}' is not base64, utf8 or json");
    }

    private static HttpmqException Invalid(string field, string value, string reason) =>
        new(RequestErrors.Invalid(new InvalidValue(field, value, reason)));
}
