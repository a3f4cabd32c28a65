using Httpmq.Api.Http;
using Httpmq.Api.OpenApi;
using Httpmq.Application.Publishing;
using Httpmq.Application.Settling;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using MediatR;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;

namespace Httpmq.Api.Settling;

[ApiGroup(ApiGroup.DataplaneName)]
[OpenApiTag(Tags.Settling)]
internal sealed class AcknowledgeController(IMediator mediator) : ApiController(mediator)
{
    /// <summary>Acknowledges a delivery, by the two sequences or the token that came with it, or an array of them.</summary>
    /// <remarks>
    /// 200 means that JetStream confirmed it; acknowledging again is 200 too. Works on any instance, with or without a
    /// subscriber there, also after a restart. For an array 200 means that the answer tells the outcome of each. The whole line of the
    /// delivery, as it came, is taken as well. JetStream looks at the stream sequence: of two sequences that were mistyped or swapped not
    /// all can be told from a delivery, of a wrong token all.
    /// </remarks>
    /// <response code="200">JetStream confirmed the acknowledgement; for an array: the outcome of each delivery.</response>
    /// <response code="400">
    /// The sequences are missing or less than 1, the token is none of this consumer, or the array is empty or has more than 10000.
    /// </response>
    /// <response code="404">
    /// The stream or the consumer does not exist, or this consumer never made such a delivery; nothing is touched then.
    /// </response>
    /// <response code="503">
    /// NATS or its JetStream cannot be reached at the moment, or the consumer may have another leader since a moment ago, which does not
    /// know the delivery yet. Nothing was acknowledged, unless <c>detail</c> says otherwise. Try again after the time in
    /// <c>Retry-After</c>.
    /// </response>
    /// <response code="504">JetStream did not confirm in time. Acknowledging again is safe.</response>
    [HttpPost("/v1/data/stream/{stream}/consumer/{consumer}/ack", Name = AcknowledgeOperation.OperationId)]
    [ProducesResponseType<Answer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 408, 413, 503, 504)]
    [HotEndpoint(typeof(AckEndpoint))]
    public IActionResult Acknowledge(string stream, string consumer, [FromBody] AckRequest request) => throw ServedByEndpoint();
}
