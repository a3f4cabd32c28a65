using Httpmq.Api.Http;
using Httpmq.Api.OpenApi;
using Httpmq.Api.RateLimits;
using Httpmq.Api.Tracing;
using Httpmq.Application.Settling;
using Httpmq.Application.Telemetry;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;

namespace Httpmq.Api.Settling;

[ApiGroup(ApiGroup.DataplaneName)]
[OpenApiTag(Tags.Settling)]
internal sealed class SettleController(IMediator mediator, RateLimiter rates, GatewayMetrics metrics) : ApiController(mediator)
{
    /// <summary>Says what became of deliveries: `ack`, `nak`, `term` or `progress`, up to 10,000 in one request.</summary>
    /// <remarks>
    /// 200 means that the answer tells what became of each: `settled` is how many JetStream confirmed, and `results` has those that failed.
    /// Each is decided on its own. Works on any instance. A delivery that does not wait for it any more (it was acknowledged or
    /// terminated, or `max_retry` is reached) is confirmed, and nothing changes. A message that is named with two verbs fails twice, and
    /// nothing is done with it.
    /// </remarks>
    /// <response code="200">What became of the entries.</response>
    /// <response code="400">None of it can be read, or the request has no entry or more than 10000; nothing was done.</response>
    /// <response code="404">The stream or the consumer does not exist.</response>
    [HttpPost("/v1/data/stream/{stream}/consumer/{consumer}/settle", Name = SettleOperation.OperationId)]
    [ProducesResponseType<SettleAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 408, 413, 503, 504)]
    public async Task<IActionResult> Settle(string stream, string consumer, [FromBody] SettleRequest request)
    {
        using var span = Spans.StartSettle("settle", stream, consumer, request.Entries.Count);
        var outcomes = await SettlePermits.RunAsync(
            rates.Of(HttpContext),
            request.Entries,
            static entry => entry.Pair,
            entries => SendAsync(new SettleDeliveries(Caller, stream, consumer, entries), abandon: true).MarkAsync(span),
            metrics);
        span.Tell(outcomes);
        return Json(await SettleAnswer.OfAsync(RequestId, request, outcomes), SettlingJson.Wire.SettleAnswer);
    }
}
