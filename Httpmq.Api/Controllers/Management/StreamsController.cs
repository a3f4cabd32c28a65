using Httpmq.Api.Contracts;
using Httpmq.Api.Serialization;
using Httpmq.Application.Streams;
using MediatR;
using Microsoft.AspNetCore.Mvc;

namespace Httpmq.Api.Controllers.Management;

internal sealed class StreamsController(IMediator mediator) : ApiController(mediator)
{
    /// <summary>Defines a stream. The same definition again succeeds; another one under this name is a conflict.</summary>
    [HttpPost("/v1/admin/stream")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    public async Task<IActionResult> Define([FromBody] StreamParameters parameters)
    {
        await Mediator.Send(new DefineStream(parameters.Name, parameters.Subjects, parameters.ToLimits(), parameters.Replicas), Aborted);
        return Done();
    }

    /// <summary>All streams, by name.</summary>
    [HttpGet("/v1/admin/stream")]
    [ProducesResponseType<StreamsAnswer>(StatusCodes.Status200OK)]
    public async Task<IActionResult> List()
    {
        var streams = await Mediator.Send(new ListStreams(), Aborted);
        var answer = new StreamsAnswer
        {
            RequestId = RequestId,
            Streams = streams.ToDictionary(stream => stream.Config.Name, StreamInfoContract.From, StringComparer.Ordinal),
        };
        return Json(answer, ApiJson.Wire.StreamsAnswer);
    }

    /// <summary>One stream.</summary>
    [HttpGet("/v1/admin/stream/{stream}")]
    [ProducesResponseType<StreamAnswer>(StatusCodes.Status200OK)]
    public async Task<IActionResult> Get(string stream)
    {
        var info = await Mediator.Send(new GetStream(stream), Aborted);
        return Json(new StreamAnswer { RequestId = RequestId, Stream = StreamInfoContract.From(info) }, ApiJson.Wire.StreamAnswer);
    }

    /// <summary>Replaces the stream's subjects; at least one.</summary>
    [HttpPut("/v1/admin/stream/{stream}/subject")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    public async Task<IActionResult> ChangeSubjects(string stream, [FromBody] SubjectsParameters parameters)
    {
        await Mediator.Send(new ChangeSubjects(stream, parameters.Subjects), Aborted);
        return Done();
    }

    /// <summary>Changes the limits that are given; <c>{}</c> changes nothing.</summary>
    [HttpPut("/v1/admin/stream/{stream}/limit")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    public async Task<IActionResult> ChangeLimits(string stream, [FromBody] StreamLimitParameters parameters)
    {
        await Mediator.Send(new ChangeLimits(stream, parameters.ToLimits()), Aborted);
        return Done();
    }

    /// <summary>Deletes the stream with its messages and consumers.</summary>
    [HttpDelete("/v1/admin/stream/{stream}")]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    public async Task<IActionResult> Delete(string stream)
    {
        await Mediator.Send(new DeleteStream(stream), Aborted);
        return Done();
    }
}
