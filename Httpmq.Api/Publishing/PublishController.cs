using Httpmq.Api.Errors;
using Httpmq.Api.OpenApi;
using Httpmq.Api.Bodies;
using Httpmq.Api.Http;
using Httpmq.Application.Publishing;
using Httpmq.Application.Settling;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using MediatR;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;

namespace Httpmq.Api.Publishing;

[ApiGroup(ApiGroup.DataplaneName)]
[OpenApiTag("Messages", Description = "Publish and acknowledge.")]
internal sealed class PublishController(
    IMediator mediator,
    IMessagePublisher publisher,
    BodyBuffers buffers,
    BodyTimeouts timeouts,
    BatchPublications batches,
    OpenStreams streams,
    LimitSettings limits) : ApiController(mediator)
{
    /// <summary>Publishes the body, a base64 text, as one message.</summary>
    /// <remarks>200 means that JetStream stored it, and says in which stream and at which sequence.</remarks>
    /// <response code="200">JetStream stored the message.</response>
    /// <response code="400">The subject is invalid, or the body is not base64 or empty. <c>detail</c> names the position.</response>
    /// <response code="404">No stream takes this subject.</response>
    /// <response code="413">The message is larger than the stream or the NATS server takes. It is refused while it is read.</response>
    /// <response code="415">The body is compressed (<c>Content-Encoding</c>).</response>
    /// <response code="503">
    /// NATS or its JetStream cannot be reached at the moment. <c>detail</c> says whether the message may have been stored; nothing is
    /// stored later by itself. Try again after the time in <c>Retry-After</c>.
    /// </response>
    /// <response code="504">
    /// JetStream did not answer in time. The message may have been stored or not, so publishing again may store it twice.
    /// </response>
    /// <response code="507">JetStream has no room left for the message.</response>
    [HttpPost("/v1/data/subject/{subject}", Name = PublishOperation.OperationId)]
    [ProducesResponseType<PublishAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 408, 413, 415, 503, 504, 507)]
    public async Task<IActionResult> Publish()
    {
        // Nothing is bound: this is the hot path, and binding costs more than the rest of it.
        // A bad name, or a caller who may not, is refused before the body is read.
        var name = RawPath.LastSegment(HttpContext);
        if (!Subject.TryParse(name, out var subject, out var fault))
        {
            return Failed(RequestErrors.Subject("subject", name, fault!));
        }

        if (Caller.CheckPublish(subject) is { } refusal)
        {
            return Failed(refusal);
        }

        using var body = await Base64Body.ReadAsync(
            Request.BodyReader, Request.ContentLength, publisher.MaxPayload, buffers, timeouts, Aborted);
        var outcome = await Mediator.Send(new PublishMessage(new Publication(subject, body.Message)), Aborted);
        return outcome.Error is null
            ? Json(new PublishAnswer { RequestId = RequestId, Stream = outcome.Stream!, Sequence = outcome.Sequence },
                PublishingJson.Wire.PublishAnswer)
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
    /// <response code="429">As many batches are open as the gateway takes (<c>limits.max_batches</c>).</response>
    [HttpPost("/v1/data/publish", Name = BatchOperation.OperationId)]
    [Errors(400, 415, 429)]
    public async Task<IActionResult> PublishBatch()
    {
        if (Request.ContentLength == 0 || HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
        {
            return Failed(BatchErrors.Empty);
        }

        if (!streams.TryEnterBatch())
        {
            return Failed(BatchErrors.Full(limits.MaxBatches));
        }

        try
        {
            return new BatchResult(await Mediator.Send(new OpenPublishBatch(Caller), Aborted), batches);
        }
        catch
        {
            streams.LeaveBatch();
            throw;
        }
    }

    private sealed class BatchResult(PublishBatch batch, BatchPublications batches) : IActionResult
    {
        public Task ExecuteResultAsync(ActionContext context) => batches.RunAsync(context.HttpContext, batch);
    }
}
