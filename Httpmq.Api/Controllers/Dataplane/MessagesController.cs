using Httpmq.Api.Contracts;
using Httpmq.Api.OpenApi;
using Httpmq.Api.Serialization;
using Httpmq.Api.Streaming;
using Httpmq.Application.Messages;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using MediatR;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;

namespace Httpmq.Api.Controllers.Dataplane;

[OpenApiTag("Messages", Description = "Publish and acknowledge.")]
internal sealed class MessagesController(
    IMediator mediator,
    IMessagePublisher publisher,
    BodyBuffers buffers,
    BodyPatience patience,
    BatchPublications batches) : ApiController(mediator)
{
    /// <summary>Publishes the body, a base64 text, as one message.</summary>
    /// <remarks>200 means that JetStream stored it, and says in which stream and at which sequence.</remarks>
    /// <response code="200">JetStream stored the message.</response>
    /// <response code="400">The subject is invalid, or the body is not base64 or empty. <c>detail</c> names the position.</response>
    /// <response code="404">No stream takes this subject.</response>
    /// <response code="413">The message is larger than the stream or the NATS server takes. It is refused while it is read.</response>
    /// <response code="415">The body is compressed (<c>Content-Encoding</c>).</response>
    /// <response code="503">NATS or its JetStream cannot be reached at the moment. <c>detail</c> says whether the message may have been stored; nothing is stored later by itself. Try again after the time in <c>Retry-After</c>.</response>
    /// <response code="504">JetStream did not answer in time. The message may have been stored or not, so publishing again may store it twice.</response>
    /// <response code="507">JetStream has no room left for the message.</response>
    [HttpPost("/v1/data/subject/{subject}", Name = PublishOperation.OperationId)]
    [ProducesResponseType<PublishAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 408, 413, 415, 503, 504, 507)]
    public async Task<IActionResult> Publish()
    {
        // Nothing is bound: this is the hot path, and binding costs more than the rest of it.
        // A bad name is refused before the body is read.
        var name = RawPath.LastSegment(HttpContext);
        if (!Subject.TryParse(name, out var subject, out var fault))
        {
            return Failed(new Error(ErrorKind.InvalidInput, "Invalid subject", $"subject: '{Shorten(name)}' {fault}"));
        }

        using var body = await Base64Body.ReadAsync(Request.BodyReader, Request.ContentLength, publisher.MaxPayload, buffers, patience, Aborted);
        var outcome = await Mediator.Send(new PublishMessage(subject, body.Message), Aborted);
        return outcome.Error is null
            ? Json(new PublishAnswer { RequestId = RequestId, Stream = outcome.Stream!, Sequence = outcome.Sequence }, ApiJson.Wire.PublishAnswer)
            : Failed(outcome.Error);
    }

    /// <summary>
    /// Publishes a batch: one record per line of the body; one line per record comes back in the same order.
    /// </summary>
    /// <remarks>
    /// The outcomes come as JetStream answers, over HTTP/2 while the request may still be sent. A bad record fails alone. A batch
    /// is a pipeline of single publishes, not a transaction.
    /// </remarks>
    /// <response code="400">The body is empty. A bad record is told in its own line.</response>
    /// <response code="415">The body is compressed (<c>Content-Encoding</c>).</response>
    [HttpPost("/v1/data/publish", Name = BatchOperation.OperationId)]
    [Errors(400, 415)]
    public async Task<IActionResult> PublishBatch()
    {
        if (Request.ContentLength == 0 || HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
        {
            return Failed(BatchPublication.Empty);
        }

        return new BatchResult(await Mediator.Send(new OpenPublishBatch(), Aborted), batches);
    }

    /// <summary>Acknowledges a delivery, by the two sequences or the token that came with it, or an array of them.</summary>
    /// <remarks>
    /// 200 means that JetStream confirmed it; acknowledging again is 200 too. Works on any instance, with or without a
    /// subscriber there, also after a restart. For an array 200 means that the answer tells the fate of each. The whole line of the
    /// delivery, as it came, is taken as well. JetStream looks at the stream sequence: of two sequences that were mistyped or swapped not all can be
    /// told from a delivery, of a wrong token all.
    /// </remarks>
    /// <response code="200">JetStream confirmed the acknowledgement; for an array: the fate of each delivery.</response>
    /// <response code="400">The sequences are missing or less than 1, the token is none of this consumer, or the array is empty or has more than 10000.</response>
    /// <response code="404">The stream or the consumer does not exist, or this consumer never made such a delivery; nothing is touched then.</response>
    /// <response code="503">NATS or its JetStream cannot be reached at the moment, or the consumer may have another leader since a moment ago, which does not know the delivery yet. Nothing was acknowledged, unless <c>detail</c> says otherwise. Try again after the time in <c>Retry-After</c>.</response>
    /// <response code="504">JetStream did not confirm in time. Acknowledging again is safe.</response>
    [HttpPost("/v1/data/stream/{stream}/consumer/{consumer}/ack", Name = AcknowledgeOperation.OperationId)]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 408, 413, 503, 504)]
    public async Task<IActionResult> Acknowledge(string stream, string consumer, [FromBody] AckRequest request)
    {
        if (request.IsBatch)
        {
            return await AcknowledgeBatchAsync(stream, consumer, request.Pairs);
        }

        var error = await SendAsync(new AcknowledgeMessage(stream, consumer, request.Pairs[0]), abandon: true);
        return error is null ? Done() : Failed(error);
    }

    private async Task<IActionResult> AcknowledgeBatchAsync(string stream, string consumer, IReadOnlyList<AckPair> pairs)
    {
        var outcomes = await SendAsync(new AcknowledgeBatch(stream, consumer, pairs), abandon: true);
        var failed = outcomes.Count(static outcome => outcome.Error is not null);
        var answer = new AckBatchAnswer
        {
            RequestId = RequestId,
            Acknowledged = outcomes.Count - failed,
            Failed = failed,
            Acks = outcomes.Select(AckFate.From).ToArray(),
        };
        return Json(answer, ApiJson.Wire.AckBatchAnswer);
    }

    private static string Shorten(string text) => text.Length > 100 ? text[..100] + "…" : text;

    private sealed class BatchResult(PublishBatch batch, BatchPublications batches) : IActionResult
    {
        public Task ExecuteResultAsync(ActionContext context) => batches.RunAsync(context.HttpContext, batch);
    }
}
