using System.Buffers;
using System.Text.Json;
using Httpmq.Api.Bodies;
using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Api.OpenApi;
using Httpmq.Api.RateLimits;
using Httpmq.Api.Tracing;
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
[OpenApiTag(Tags.Publishing)]
internal sealed class PublishController(
    IMediator mediator,
    IMessagePublisher publisher,
    BodyBuffers buffers,
    BodyTimeouts timeouts,
    BatchPublications batches,
    OpenStreams streams,
    UnknownNames unknown,
    LimitSettings limits,
    RateLimiter rates) : ApiController(mediator)
{
    /// <summary>Publishes the body, a base64 text or with `?encoding=raw` the bytes themselves, as one message.</summary>
    /// <remarks>
    /// 200 means that JetStream stored it, and says in which stream and at which sequence. Request headers become headers of the message:
    /// `Httpmq-Header-trace-id` as `Trace-Id`, in these capitals whatever was sent, `traceparent` and `tracestate` as they are, and
    /// those that JetStream reads, in any spelling: `Nats-Msg-Id`, `Nats-TTL`, `Nats-Rollup`, `Nats-Incr`, `Nats-Expected-Stream`,
    /// `Nats-Expected-Last-Sequence`, `-Last-Subject-Sequence`, `-Last-Subject-Sequence-Subject`, `-Last-Msg-Id`, and `Nats-Schedule`,
    /// `-Target`, `-TTL`, `-Time-Zone`, `-Source`, `-Rollup`.
    ///
    /// CloudEvents 1.0 come in any of their three modes: attributes in `ce-…` headers and the data as the body (`ce-specversion` says so);
    /// `Content-Type: application/cloudevents+json`; or an array, `application/cloudevents-batch+json`, where the answer has the outcome of
    /// each event. Attributes become headers `ce-…` of the message, its `Content-Type` becomes `ce-datacontenttype`, the data its bytes;
    /// `ce-id` identifies the message, as `Idempotency-Key` does.
    /// </remarks>
    /// <response code="200">JetStream stored the message.</response>
    /// <response code="400">
    /// The subject or a header is invalid, or the body is not base64 or empty. <c>detail</c> names the header or the position.
    /// </response>
    /// <response code="404">No stream takes this subject.</response>
    /// <response code="409">A message with the same id is being stored at this moment.</response>
    /// <response code="412">
    /// The condition of the request does not hold. `last_sequence` says which sequence it is instead, where JetStream does.
    /// </response>
    /// <response code="413">The message is larger than the stream or the NATS server takes. It is refused while it is read.</response>
    /// <response code="415">The body is compressed (<c>Content-Encoding</c>).</response>
    /// <response code="422">JetStream refuses the message: its stream does not permit a header, or cannot use its value.</response>
    /// <response code="501">
    /// The nats-server is too old for a header of the message and would ignore it; nothing was stored. <c>detail</c> names the header and
    /// the first version that has it.
    /// </response>
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
    [QueryParameters(PublishQuery.Encoding)]
    [Errors(400, 404, 408, 409, 412, 413, 415, 422, 501, 503, 504, 507)]
    [HotEndpoint(typeof(PublishEndpoint))]
    public IActionResult Publish() => throw ServedByEndpoint();

    /// <summary>
    /// Publishes a batch: one record per line of the body; one line per record comes back in the same order.
    /// </summary>
    /// <remarks>
    /// The outcomes come as JetStream answers, over HTTP/2 while the request may still be sent. A bad record fails alone. A batch
    /// is a pipeline of single publishes, not a transaction. With `?atomic=true` it is one: up to 1,000 records of one stream, of at most
    /// 64 MiB together, are stored next to each other or not at all, with one answer when the request is complete. The stream has
    /// `allow_atomic`. The statuses below
    /// other than 429 are those of an atomic batch; `index` in the error names the first record at fault.
    /// </remarks>
    /// <response code="400">
    /// The body is empty, the request has headers of a message, or a record of an atomic batch is invalid. Else a bad record has its own
    /// line.
    /// </response>
    /// <response code="404">No stream takes the first record.</response>
    /// <response code="412">The condition of a record does not hold.</response>
    /// <response code="413">A record is larger than the stream or the NATS server takes.</response>
    /// <response code="415">The body is compressed (<c>Content-Encoding</c>).</response>
    /// <response code="422">
    /// The stream takes no atomic batches, a record goes to another stream, or the stream has a message with one of the ids already, as
    /// when a batch is sent again.
    /// </response>
    /// <response code="501">The nats-server is older than 2.12, and has no atomic batches.</response>
    /// <response code="503">NATS or its JetStream cannot be reached. <c>detail</c> says whether the batch may have been stored.</response>
    /// <response code="504">JetStream did not answer in time. The batch may have been stored or not, all of it.</response>
    /// <response code="429">As many batches are open as the gateway takes (<c>limits.max_batches</c>).</response>
    [HttpPost("/v1/data/publish", Name = BatchOperation.OperationId)]
    [QueryParameters(PublishQuery.Atomic)]
    [Errors(400, 404, 408, 412, 413, 415, 422, 429, 501, 503, 504, 507)]
    public async Task<IActionResult> PublishBatch()
    {
        if (Request.ContentLength == 0 || HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
        {
            return Failed(BatchErrors.Empty);
        }

        PublishHeaderReader.RefuseOfBatch(Request.Headers);
        if (PublishQuery.IsAtomic(Request))
        {
            return await PublishAtomicAsync();
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

    private async Task<IActionResult> PublishAtomicAsync()
    {
        using var batch = new AtomicBatchBody(buffers, publisher.MaxPayload, RequestNotes.Of(HttpContext).IsStrict);
        await batch.ReadAsync(Request.BodyReader, timeouts, Aborted);
        if (batch.Unknown is { } found)
        {
            unknown.Report(HttpContext, "field", found, BatchRecordReader.Fields);
        }

        // The request itself has taken one.
        if (rates.Of(HttpContext).TakeAll(batch.Publications.Count - 1) is { } refusal)
        {
            return Failed(refusal);
        }

        using var span = BatchSpan.Start(publisher.MaxPayload);
        IReadOnlyList<Publication> publications = span is null
            ? batch.Publications
            : [.. batch.Publications.Select(publication => span.Carry(publication))];
        var outcome = await Mediator.Send(new PublishAtomicBatch(Caller, publications), Aborted);
        span?.Count(publications.Count, outcome.Error);
        return outcome.Error is null
            ? Json(AtomicAnswer.Of(RequestId, outcome), PublishingJson.Wire.AtomicAnswer)
            : Failed(outcome.Error);
    }

    private sealed class BatchResult(PublishBatch batch, BatchPublications batches) : IActionResult
    {
        public Task ExecuteResultAsync(ActionContext context) => batches.RunAsync(context.HttpContext, batch);
    }
}
