using Httpmq.Api.Http;
using Httpmq.Api.OpenApi;
using Httpmq.Application.Info;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;

namespace Httpmq.Api.Info;

[ApiGroup(ApiGroup.ManagementName)]
[OpenApiTag(Tags.Info)]
internal sealed class InfoController(IMediator mediator) : ApiController(mediator)
{
    /// <summary>Shows versions, the account's use and limits, and which features the connected nats-server has.</summary>
    /// <remarks>
    /// It is asked at each call. A feature that is not available is refused with 501, and nothing is sent to the server.
    /// </remarks>
    /// <response code="200">What the gateway is connected to.</response>
    /// <response code="400">A parameter is not known, and `strict` says to refuse that.</response>
    [HttpGet("/v1/admin/info", Name = "GetInfo")]
    [ProducesResponseType<InfoAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 503, 504)]
    public async Task<IActionResult> Get() =>
        Json(InfoAnswer.Of(RequestId, await SendAsync(new ReadInfo(Caller))), InfoJson.Wire.Of<InfoAnswer>());
}
