using Httpmq.Api.Http;
using Httpmq.Api.OpenApi;
using Httpmq.Application.Streams;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Streams;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;

namespace Httpmq.Api.Streams;

[ApiGroup(ApiGroup.ManagementName)]
[OpenApiTag(Tags.Streams)]
internal sealed class StreamsController(IMediator mediator) : ApiController(mediator)
{
    /// <summary>Defines a stream.</summary>
    /// <remarks>
    /// The same definition again succeeds; another one under this name is a conflict. JetStream's word `num_replicas` is taken for
    /// `replicas`, too. `warnings` names values that JetStream has replaced, such as `mirror_direct` by what holds for the mirrored stream.
    /// </remarks>
    /// <response code="200">The stream exists as described.</response>
    /// <response code="409">
    /// A stream of this name exists with another configuration, or its subjects overlap with those of another stream.
    /// </response>
    [HttpPost("/v1/admin/stream", Name = "DefineStream")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(400, 408, 409, 413, 422, 501, 503, 504, 507)]
    public async Task<IActionResult> Define([FromBody] StreamParameters parameters)
    {
        AuditNote.Define(HttpContext, parameters.Name);
        return Done(await SendAsync(new DefineStream(Caller, parameters), abandon: true));
    }

    /// <summary>Lists streams: all, or a part of them.</summary>
    /// <remarks>With any of the parameters `total` says how many match, whatever `offset` and `limit` are.</remarks>
    /// <response code="200">The streams.</response>
    [HttpGet("/v1/admin/stream", Name = "ListStreams")]
    [Query("name", "Only those whose name is of this pattern: `*` stands for any characters, such as `orders-*`.")]
    [Query("subject", "Only those that take this subject, or one of these where it has wildcards.")]
    [Query("offset", "How many are left out, in the order of names; default 0.", Type = typeof(long), Maximum = int.MaxValue)]
    [Query("limit", "How many are given at most; default: all.", Type = typeof(long), Minimum = 1, Maximum = Page.MostEntries)]
    [ProducesResponseType<StreamsAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 503, 504)]
    public async Task<IActionResult> List()
    {
        var query = ListRequest.Read(Request);
        var streams = await SendAsync(new ListStreams(Caller, query));
        var answer = new StreamsAnswer
        {
            RequestId = RequestId,
            Streams = new OrderedDictionary<string, StreamInfo>(
                streams.Entries.Select(static stream => KeyValuePair.Create(stream.Config.Name!, stream)), StringComparer.Ordinal),
            Total = query.IsGiven ? streams.Total : null,
        };
        return Json(answer, StreamsJson.Wire.Of<StreamsAnswer>());
    }

    /// <summary>Describes one stream.</summary>
    /// <remarks>
    /// Its configuration and its state. A field that version 1 of this API did not have is left out where it has JetStream's default,
    /// except `retention`, `discard`, `storage` and `duplicate_window`.
    /// </remarks>
    /// <response code="200">The stream.</response>
    /// <response code="404">The stream does not exist.</response>
    [HttpGet("/v1/admin/stream/{stream}", Name = "GetStream")]
    [ProducesResponseType<StreamAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 503, 504)]
    public async Task<IActionResult> Get(string stream)
    {
        var info = await SendAsync(new GetStream(Caller, stream));
        return Json(new StreamAnswer { RequestId = RequestId, Stream = info }, StreamsJson.Wire.Of<StreamAnswer>());
    }

    /// <summary>Replaces the stream's configuration.</summary>
    /// <remarks>
    /// What is absent or null becomes JetStream's default, also `subjects` (the stream's name) and `replicas` (1): send the `config` that
    /// `GET` shows, changed where it shall change. What nats-server wrote into the metadata stays, and so does what this API does not know.
    /// Some of it cannot be changed, such as `storage`: what is absent of that is refused, too, where it is not the default.
    /// </remarks>
    /// <response code="200">The stream has this configuration.</response>
    /// <response code="404">The stream does not exist.</response>
    /// <response code="409">A subject overlaps with those of another stream, or another change is under way.</response>
    [HttpPut("/v1/admin/stream/{stream}", Name = "ReplaceStream")]
    [RefusesWrapped("config")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 408, 409, 413, 422, 501, 503, 504, 507)]
    public async Task<IActionResult> Replace(string stream, [FromBody] StreamReplacement parameters)
    {
        return Done(await SendAsync(new ReplaceStream(Caller, stream, parameters), abandon: true));
    }

    /// <summary>Replaces the stream's subjects.</summary>
    /// <remarks><c>warnings</c> names consumers whose filter matches none of the new subjects.</remarks>
    /// <response code="200">The stream takes these subjects, and no others.</response>
    /// <response code="404">The stream does not exist.</response>
    /// <response code="409">A subject overlaps with those of another stream.</response>
    [HttpPut("/v1/admin/stream/{stream}/subject", Name = "ChangeStreamSubjects")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 408, 409, 413, 503, 504)]
    public async Task<IActionResult> ChangeSubjects(string stream, [FromBody] SubjectsParameters parameters)
    {
        return Done(await SendAsync(new ChangeSubjects(Caller, stream, parameters.Subjects), abandon: true));
    }

    /// <summary>Changes the limits that are given.</summary>
    /// <remarks>What is absent or null stays as it is: <c>{}</c> changes nothing.</remarks>
    /// <response code="200">The limits hold.</response>
    /// <response code="404">The stream does not exist.</response>
    [HttpPut("/v1/admin/stream/{stream}/limit", Name = "ChangeStreamLimits")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 408, 409, 413, 503, 504, 507)]
    public async Task<IActionResult> ChangeLimits(string stream, [FromBody] StreamLimitParameters parameters)
    {
        await SendAsync(new ChangeLimits(Caller, stream, parameters), abandon: true);
        return Done();
    }

    /// <summary>Deletes the stream with its messages and consumers.</summary>
    /// <remarks>It cannot be undone. Subscribers of its consumers get a last line that says so.</remarks>
    /// <response code="200">The stream, its messages and its consumers are gone.</response>
    /// <response code="404">The stream does not exist.</response>
    [HttpDelete("/v1/admin/stream/{stream}", Name = "DeleteStream")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 503, 504)]
    public async Task<IActionResult> Delete(string stream)
    {
        await SendAsync(new DeleteStream(Caller, stream));
        return Done();
    }
}
