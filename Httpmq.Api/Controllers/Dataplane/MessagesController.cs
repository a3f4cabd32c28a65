using Httpmq.Api.Contracts;
using Httpmq.Api.OpenApi;
using Httpmq.Api.Serialization;
using Httpmq.Application.Messages;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;

namespace Httpmq.Api.Controllers.Dataplane;

[OpenApiTag("Messages", Description = "Publish and acknowledge.")]
internal sealed class MessagesController(IMediator mediator, IMessagePublisher publisher) : ApiController(mediator)
{
    /// <summary>Publishes the body, a base64 text, as one message.</summary>
    /// <remarks>200 means that JetStream stored it, and says in which stream and at which sequence.</remarks>
    /// <response code="200">JetStream stored the message.</response>
    /// <response code="400">The subject is invalid, or the body is not base64 or empty. <c>detail</c> names the position.</response>
    /// <response code="404">No stream takes this subject.</response>
    /// <response code="413">The message is larger than the stream or the NATS server takes. It is refused while it is read.</response>
    /// <response code="503">NATS or its JetStream cannot be reached at the moment. <c>detail</c> says whether the message may have been stored; nothing is stored later by itself. Try again after the time in <c>Retry-After</c>.</response>
    /// <response code="504">JetStream did not answer in time. The message may have been stored or not, so publishing again may store it twice.</response>
    /// <response code="507">JetStream has no room left for the message.</response>
    [HttpPost("/v1/data/subject/{subject}", Name = PublishOperation.OperationId)]
    [ProducesResponseType<PublishAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 413, 503, 504, 507)]
    public async Task<IActionResult> Publish()
    {
        // Nothing is bound: this is the hot path, and binding costs more than the rest of it.
        // A bad name is refused before the body is read.
        var name = RawPath.LastSegment(HttpContext);
        if (!Subject.TryParse(name, out var subject, out var fault))
        {
            return Failed(new Error(ErrorKind.InvalidInput, "Invalid subject", $"subject: '{name}' {fault}"));
        }

        using var body = await Base64Body.ReadAsync(Request.BodyReader, Request.ContentLength, publisher.MaxPayload, Aborted);
        var outcome = await Mediator.Send(new PublishMessage(subject, body.Message), Aborted);
        return outcome.Error is null
            ? Json(new PublishAnswer { RequestId = RequestId, Stream = outcome.Stream!, Sequence = outcome.Sequence }, ApiJson.Wire.PublishAnswer)
            : Failed(outcome.Error);
    }

    /// <summary>Acknowledges a delivery, by the two sequences that came with it.</summary>
    /// <remarks>
    /// 200 means that JetStream confirmed it; acknowledging again is 200 too. Works on any instance, with or without a
    /// subscriber there, also after a restart.
    /// </remarks>
    /// <response code="200">JetStream confirmed the acknowledgement.</response>
    /// <response code="404">The stream or the consumer does not exist, or this consumer was never sent such a message; nothing is touched then.</response>
    /// <response code="504">JetStream did not confirm in time. Acknowledging again is safe.</response>
    [HttpPost("/v1/data/stream/{stream}/consumer/{consumer}/ack", Name = "AcknowledgeMessage")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 413, 503, 504)]
    public async Task<IActionResult> Acknowledge(string stream, string consumer, [FromBody] AckParameters parameters)
    {
        var error = await Mediator.Send(new AcknowledgeMessage(stream, consumer, parameters.Stream, parameters.Consumer), Aborted);
        return error is null ? Done() : Failed(error);
    }
}
