using Httpmq.Api.Http;
using Httpmq.Api.OpenApi;
using Httpmq.Application.Streams;
using Httpmq.Application.Validation;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Streams;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;

namespace Httpmq.Api.Streams;

[ApiGroup(ApiGroup.ManagementName)]
[OpenApiTag(Tags.Streams)]
internal sealed class StreamContentsController(IMediator mediator) : ApiController(mediator)
{
    /// <summary>Removes messages of a stream.</summary>
    /// <remarks>
    /// <c>{}</c> removes all. The stream's sequences go on from where they were. Unknown fields and parameters are always refused.
    /// </remarks>
    /// <response code="200">The messages are gone.</response>
    /// <response code="404">The stream does not exist.</response>
    /// <response code="409">The stream does not permit it: `deny_purge` or `sealed`.</response>
    [HttpPost("/v1/admin/stream/{stream}/purge", Name = "PurgeStream")]
    [RefusesUnknownNames]
    [ProducesResponseType<PurgeAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 408, 409, 413, 422, 503, 504)]
    public async Task<IActionResult> Purge(string stream, [FromBody] PurgeParameters parameters)
    {
        var scope = new PurgeScope(parameters.Filter, parameters.Seq, parameters.Keep);
        var purged = await SendAsync(new PurgeStream(Caller, stream, scope), abandon: true);
        return Json(new PurgeAnswer { RequestId = RequestId, Purged = purged }, StreamsJson.Wire.Of<PurgeAnswer>());
    }

    /// <summary>Lists the subjects that a stream has messages of, with how many.</summary>
    /// <remarks>
    /// In the order of the subjects. Without `limit` at most 1000 come; `total` says how many there are, and `offset` gets the next.
    /// </remarks>
    /// <response code="200">The subjects.</response>
    /// <response code="404">The stream does not exist.</response>
    [HttpGet("/v1/admin/stream/{stream}/subject", Name = "ListStreamSubjects")]
    [Query("subject", "Only these subjects, wildcards allowed.")]
    [Query("offset", "How many are left out at the beginning; default 0.", Type = typeof(long), Maximum = int.MaxValue)]
    [Query("limit", "How many are given at most; default 1000.", Type = typeof(long), Minimum = 1, Maximum = Page.MostEntries)]
    [ProducesResponseType<StreamSubjectsAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 503, 504)]
    public async Task<IActionResult> ListSubjects(string stream)
    {
        var query = new ListQuery(Name: null, Request.Text("subject"), Request.Number("offset"), Request.Number("limit"));
        var page = await SendAsync(new ListSubjects(Caller, stream, query));
        return Json(StreamSubjectsAnswer.Of(RequestId, page), StreamsJson.Wire.Of<StreamSubjectsAnswer>());
    }

    /// <summary>Shows one message of a stream.</summary>
    /// <remarks>Nothing is delivered or acknowledged. The dataplane can read it, too, in other encodings and as bytes.</remarks>
    /// <response code="200">The message.</response>
    /// <response code="404">The stream does not exist, or has no such message any more.</response>
    [HttpGet("/v1/admin/stream/{stream}/message/{sequence}", Name = "GetStreamMessage")]
    [ProducesResponseType<MessageAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 503, 504)]
    public async Task<IActionResult> GetMessage(string stream, string sequence)
    {
        var message = MessageContract.Of(await SendAsync(new GetStreamMessage(Caller, stream, sequence)));
        return Json(new MessageAnswer { RequestId = RequestId, Message = message }, StreamsJson.Wire.Of<MessageAnswer>());
    }

    /// <summary>Removes one message of a stream.</summary>
    /// <remarks>Consumers that have not got it yet do not get it any more. Unknown parameters are always refused.</remarks>
    /// <response code="200">The message is gone.</response>
    /// <response code="404">The stream does not exist, or has no such message any more.</response>
    /// <response code="409">The stream does not permit it: `deny_delete` or `sealed`.</response>
    [HttpDelete("/v1/admin/stream/{stream}/message/{sequence}", Name = "DeleteStreamMessage")]
    [RefusesUnknownNames]
    [Query("erase", "`true`: overwrite it on disk, too, which takes longer. Default: `false`.", Type = typeof(bool))]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 409, 422, 503, 504)]
    public async Task<IActionResult> DeleteMessage(string stream, string sequence)
    {
        await SendAsync(new DeleteStreamMessage(Caller, stream, sequence, Request.Flag("erase")));
        return Done();
    }
}
