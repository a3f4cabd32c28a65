using Httpmq.Api.OpenApi;
using Httpmq.Api.Http;
using Httpmq.Application.Streams;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;

namespace Httpmq.Api.Streams;

[ApiGroup(ApiGroup.ManagementName)]
[OpenApiTag("Streams", Description = "Streams store messages by subject.")]
internal sealed class StreamsController(IMediator mediator) : ApiController(mediator)
{
    /// <summary>Defines a stream.</summary>
    /// <remarks>The same definition again succeeds; another one under this name is a conflict.</remarks>
    /// <response code="200">The stream exists as described.</response>
    /// <response code="409">
    /// A stream of this name exists with another configuration, or its subjects overlap with those of another stream.
    /// </response>
    [HttpPost("/v1/admin/stream", Name = "DefineStream")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(400, 408, 409, 413, 501, 503, 504, 507)]
    public async Task<IActionResult> Define([FromBody] StreamParameters parameters)
    {
        await SendAsync(new DefineStream(Caller, parameters), abandon: true);
        return Done();
    }

    /// <summary>Lists all streams.</summary>
    /// <response code="200">The streams.</response>
    [HttpGet("/v1/admin/stream", Name = "ListStreams")]
    [ProducesResponseType<StreamsAnswer>(StatusCodes.Status200OK)]
    [Errors(503, 504)]
    public async Task<IActionResult> List()
    {
        var streams = await SendAsync(new ListStreams(Caller));
        var answer = new StreamsAnswer
        {
            RequestId = RequestId,
            Streams = streams.ToDictionary(stream => stream.Config.Name!, StringComparer.Ordinal),
        };
        return Json(answer, StreamsJson.Wire.Of<StreamsAnswer>());
    }

    /// <summary>Describes one stream.</summary>
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
