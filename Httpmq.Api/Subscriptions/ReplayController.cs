using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Api.OpenApi;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;

namespace Httpmq.Api.Subscriptions;

[ApiGroup(ApiGroup.DataplaneName)]
[OpenApiTag(Tags.Reading)]
internal sealed class ReplayController(
    IMediator mediator, SubscriptionPumps pumps, OpenStreams streams, LimitSettings limits) : ApiController(mediator)
{
    /// <summary>Replays the messages of a stream in their order, without acknowledgements.</summary>
    /// <remarks>
    /// No consumer has to be made beforehand. It begins at the first message, or where a parameter tells, and ends with what was stored
    /// when it began; with `follow` it goes on. It has no gaps, also where NATS was away meanwhile; a client that reconnects goes on with
    /// `Last-Event-ID`, which an EventSource sends by itself. Where it was told the end, or there is nothing more for it, the answer is
    /// 204. Work queues can be replayed as well. The framing is chosen by `Accept`, as that of a subscription; a WebSocket is taken, too.
    /// </remarks>
    /// <response code="400">A parameter is out of range, or there are several beginnings.</response>
    /// <response code="404">The stream does not exist.</response>
    [HttpGet("/v1/data/stream/{stream}/message", Name = ReplayOperation.OperationId)]
    [QueryParameters(
        "from_seq", "from_time", "last", "last_per_subject", "new", "subject", "follow", "limit", "metadata", "encoding",
        "heartbeat", "credit")]
    [Errors(400, 404, 429, 503, 504)]
    public async Task<IActionResult> Replay(string stream)
    {
        var isWebSocket = WebSocketHandshake.IsAsked(HttpContext);
        var (subjects, options) = ReplayQuery.Read(Request);
        var framing = ReplayQuery.ReadFraming(Request, isWebSocket);
        if (!streams.TryEnterSubscription())
        {
            throw new HttpmqException(SubscriptionErrors.Full(limits.MaxSubscriptions));
        }

        IReplaySource? source = null;
        try
        {
            source = await SendAsync(new OpenReplay(Caller, stream, subjects, options));
            if (isWebSocket || options.After is null || source.End?.Has("empty") is not true)
            {
                return new ReplayResult(
                    source, framing with { Position = source.Position }, isWebSocket ? pumps.RunWebSocketAsync : pumps.RunAsync);
            }
        }
        catch
        {
            streams.LeaveSubscription();
            throw;
        }

        // An EventSource that gets this does not connect again.
        await source.DisposeAsync();
        streams.LeaveSubscription();
        return NoContent();
    }

    /// <summary>The same route as a WebSocket over HTTP/2 (RFC 8441), which has a method of its own.</summary>
    [AcceptVerbs("CONNECT", Route = "/v1/data/stream/{stream}/message", Name = ReplayOperation.OperationId)]
    [ApiExplorerSettings(IgnoreApi = true)]
    [QueryParameters(
        "from_seq", "from_time", "last", "last_per_subject", "new", "subject", "follow", "limit", "metadata", "encoding",
        "heartbeat", "credit")]
    public async Task<IActionResult> Connect(string stream) => WebSocketHandshake.IsAsked(HttpContext)
        ? await Replay(stream)
        : Failed(HttpErrors.Malformed("CONNECT: the one protocol is websocket"));

    private sealed class ReplayResult(
        IDeliverySource source, FramingOptions options, Func<HttpContext, IDeliverySource, FramingOptions, Task> run) : IActionResult
    {
        public Task ExecuteResultAsync(ActionContext context) => run(context.HttpContext, source, options);
    }
}
