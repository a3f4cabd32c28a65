using Httpmq.Api.Configuration;
using Httpmq.Api.Contracts;
using Httpmq.Api.Serialization;
using Httpmq.Api.Streaming;
using Httpmq.Application.Messages;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using MediatR;
using Microsoft.AspNetCore.Mvc;

namespace Httpmq.Api.Controllers.Dataplane;

internal sealed class MessagesController(
    IMediator mediator,
    IMessagePublisher publisher,
    ApiServerSettings server,
    IHostApplicationLifetime lifetime) : ApiController(mediator)
{
    /// <summary>
    /// Publishes the body, a base64 text, as one message. 200 means that JetStream stored it.
    /// </summary>
    /// <remarks>The action binds nothing: it is the hot path, and binding costs more than the rest of it.</remarks>
    [HttpPost("/v1/data/subject/{subject}")]
    [ProducesResponseType<PublishAnswer>(StatusCodes.Status200OK)]
    public async Task<IActionResult> Publish()
    {
        // A bad name is refused before the body is read.
        var name = RawPath.LastSegment(HttpContext);
        if (!Subject.TryParse(name, out var subject, out var fault))
        {
            return Failed(new Error(ErrorKind.InvalidInput, "Invalid subject", $"subject: '{name}' {fault}"));
        }

        using var body = await Base64Body.ReadAsync(Request.BodyReader, Request.ContentLength, publisher.MaxPayload, server.ReadTimeout, Aborted);
        var outcome = await Mediator.Send(new PublishMessage(subject, body.Message), Aborted);
        return outcome.Error is null
            ? Json(new PublishAnswer { RequestId = RequestId, Stream = outcome.Stream!, Sequence = outcome.Sequence }, ApiJson.Wire.PublishAnswer)
            : Failed(outcome.Error);
    }

    /// <summary>
    /// Publishes a batch: one record per line of the body, {"subject":"…","b64_msg":"…"}; one line per record comes back in the same
    /// order, as JetStream answers, while the request may still be sent. A bad record fails alone. A batch is a pipeline of single
    /// publishes, not a transaction.
    /// </summary>
    [HttpPost("/v1/data/publish")]
    public async Task<IActionResult> PublishBatch()
    {
        var batch = await Mediator.Send(new OpenPublishBatch(), Aborted);
        return new BatchResult(batch, lifetime.ApplicationStopping);
    }

    /// <summary>
    /// Acknowledges a delivery, by the two sequences that came with it, or an array of them. 200 means that JetStream confirmed it;
    /// again is 200 too. Works on any instance. For an array the answer tells the fate of each.
    /// </summary>
    [HttpPost("/v1/data/stream/{stream}/consumer/{consumer}/ack")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    public async Task<IActionResult> Acknowledge(string stream, string consumer, [FromBody] AckRequest request)
    {
        if (request.IsBatch)
        {
            return await AcknowledgeBatchAsync(stream, consumer, request.Pairs);
        }

        var error = await Mediator.Send(new AcknowledgeMessage(stream, consumer, request.Pairs[0]), Aborted);
        return error is null ? Done() : Failed(error);
    }

    private async Task<IActionResult> AcknowledgeBatchAsync(string stream, string consumer, IReadOnlyList<AckPair> pairs)
    {
        var fates = await Mediator.Send(new AcknowledgeBatch(stream, consumer, pairs), Aborted);
        var failed = fates.Count(static error => error is not null);
        var answer = new AckBatchAnswer
        {
            RequestId = RequestId,
            Acknowledged = fates.Count - failed,
            Failed = failed,
            Acks = pairs.Select((pair, index) => AckFate.From(pair, fates[index])).ToArray(),
        };
        return Json(answer, ApiJson.Wire.AckBatchAnswer);
    }

    private sealed class BatchResult(PublishBatch batch, CancellationToken stopping) : IActionResult
    {
        public Task ExecuteResultAsync(ActionContext context) => new BatchPublication(context.HttpContext, batch, stopping).RunAsync();
    }
}
