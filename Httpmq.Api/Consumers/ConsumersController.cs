using Httpmq.Api.Http;
using Httpmq.Api.OpenApi;
using Httpmq.Application.Consumers;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Limits;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;

namespace Httpmq.Api.Consumers;

[ApiGroup(ApiGroup.ManagementName)]
[OpenApiTag(Tags.Consumers)]
internal sealed class ConsumersController(IMediator mediator) : ApiController(mediator)
{
    /// <summary>Defines a durable consumer, or changes one.</summary>
    /// <remarks>
    /// Of a consumer that exists, max_inflight, max_retry, ack_wait and notes are changed, also while somebody is subscribed.
    /// Another mode, delivery group or filter is a conflict. `pause_until` pauses it, or resumes it where it is over. JetStream's words are
    /// taken, too: `max_ack_pending` for `max_inflight`, `max_deliver` for `max_retry`, `description` for `notes`, `deliver_group` for
    /// `delivery_group`. `warnings` names values that JetStream has replaced, such as `ack_wait` by the first step of `backoff`.
    /// </remarks>
    /// <response code="200">The consumer exists as described.</response>
    /// <response code="404">The stream does not exist.</response>
    /// <response code="409">
    /// The consumer exists with another mode, delivery group or filter, or the stream has as many consumers as it may.
    /// </response>
    [HttpPost("/v1/admin/stream/{stream}/consumer", Name = "DefineConsumer")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 408, 409, 413, 422, 501, 503, 504, 507)]
    public async Task<IActionResult> Define(string stream, [FromBody] ConsumerParameters parameters)
    {
        AuditNote.Define(HttpContext, stream, parameters.DurableName);
        return Done(await SendAsync(new DefineConsumer(Caller, stream, parameters.Mode, parameters), abandon: true));
    }

    /// <summary>Replaces the consumer's configuration.</summary>
    /// <remarks>
    /// What is absent or null becomes JetStream's default: send the `config` that `GET` shows, changed where it shall change. Its position
    /// stays, and so do its subscribers, its deliver subject, what nats-server wrote into the metadata, and what this API does not know. A
    /// paused consumer goes on where `pause_until` is absent or over. JetStream changes that by a call of its own, after the rest: where
    /// that call fails alone, `detail` says that the rest was changed. Filters may be changed, from nats-server 2.10 on. Some of it cannot
    /// be changed, such as `deliver_policy`: what is absent of that is refused, too, where it is not the default.
    /// </remarks>
    /// <response code="200">The consumer has this configuration.</response>
    /// <response code="404">The stream or the consumer does not exist.</response>
    /// <response code="409">Another mode, delivery group or deliver subject is asked for, or another change is under way.</response>
    [HttpPut("/v1/admin/stream/{stream}/consumer/{consumer}", Name = "ReplaceConsumer")]
    [RefusesWrapped("config")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 408, 409, 413, 422, 501, 503, 504, 507)]
    public async Task<IActionResult> Replace(string stream, string consumer, [FromBody] ConsumerReplacement parameters)
    {
        return Done(await SendAsync(new ReplaceConsumer(Caller, stream, consumer, parameters.Mode, parameters), abandon: true));
    }

    /// <summary>Lists consumers of a stream: all, or a part of them.</summary>
    /// <remarks>With any of the parameters `total` says how many match, whatever `offset` and `limit` are.</remarks>
    /// <response code="200">The consumers.</response>
    /// <response code="404">The stream does not exist.</response>
    [HttpGet("/v1/admin/stream/{stream}/consumer", Name = "ListConsumers")]
    [Query("name", "Only those whose name is of this pattern: `*` stands for any characters, such as `orders-*`.")]
    [Query("subject", "Only those that get messages of this subject, or of one of these where it has wildcards.")]
    [Query("offset", "How many are left out, in the order of names; default 0.", Type = typeof(long), Maximum = int.MaxValue)]
    [Query("limit", "How many are given at most; default: all.", Type = typeof(long), Minimum = 1, Maximum = Page.MostEntries)]
    [ProducesResponseType<ConsumersAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 503, 504)]
    public async Task<IActionResult> List(string stream)
    {
        var query = ListRequest.Read(Request);
        var consumers = await SendAsync(new ListConsumers(Caller, stream, query));
        var answer = new ConsumersAnswer
        {
            RequestId = RequestId,
            Consumers = new OrderedDictionary<string, ConsumerInfo>(
                consumers.Entries.Select(static consumer => KeyValuePair.Create(consumer.Name, consumer)), StringComparer.Ordinal),
            Total = query.IsGiven ? consumers.Total : null,
        };
        return Json(answer, ConsumersJson.Wire.Of<ConsumersAnswer>());
    }

    /// <summary>Describes one consumer.</summary>
    /// <remarks>
    /// Its configuration and its position. A field that version 1 of this API did not have is left out where it has JetStream's default,
    /// except `deliver_policy`, `ack_policy` and `replay_policy`.
    /// </remarks>
    /// <response code="200">The consumer.</response>
    [HttpGet("/v1/admin/stream/{stream}/consumer/{consumer}", Name = "GetConsumer")]
    [ProducesResponseType<ConsumerAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 503, 504)]
    public async Task<IActionResult> Get(string stream, string consumer)
    {
        var info = await SendAsync(new GetConsumer(Caller, stream, consumer));
        return Json(new ConsumerAnswer { RequestId = RequestId, Consumer = info }, ConsumersJson.Wire.Of<ConsumerAnswer>());
    }

    /// <summary>Deletes a consumer.</summary>
    /// <remarks>Its subscribers get a last line that says so.</remarks>
    /// <response code="200">The consumer is gone.</response>
    [HttpDelete("/v1/admin/stream/{stream}/consumer/{consumer}", Name = "DeleteConsumer")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 503, 504)]
    public async Task<IActionResult> Delete(string stream, string consumer)
    {
        await SendAsync(new DeleteConsumer(Caller, stream, consumer));
        return Done();
    }
}
