using System.Globalization;
using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Api.Json;
using Httpmq.Api.OpenApi;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Messages;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;
using static Httpmq.Api.Subscriptions.SubscriberQuery;

namespace Httpmq.Api.Subscriptions;

[ApiGroup(ApiGroup.DataplaneName)]
[OpenApiTag(Tags.Subscriptions)]
internal sealed class SubscriptionsController(
    IMediator mediator, SubscriptionPumps pumps, OpenStreams streams, LimitSettings limits) : ApiController(mediator)
{
    /// <summary>Subscribes to a consumer: the answer stays open, with one line of JSON per message.</summary>
    /// <remarks>
    /// What cannot be subscribed is refused before the answer starts. Each message is to be acknowledged within the consumer's
    /// ack_wait, or comes again: same stream sequence, next consumer sequence. A push consumer without a delivery group has one
    /// subscriber at a time; members of a group, and subscribers of a pull consumer, share the messages, on any instances.
    /// Swagger UI shows what comes within 5 seconds, and unsubscribes then.
    /// </remarks>
    /// <response code="400">A parameter is given twice or out of range, or the subject or the group is not the consumer's.</response>
    /// <response code="409">
    /// The push consumer has no delivery group and already has its subscriber, on this instance or another; or `ack=auto` for a consumer
    /// whose ack policy is not `explicit`.
    /// </response>
    [HttpGet("/v1/data/stream/{stream}/consumer/{consumer}", Name = SubscribeOperation.OperationId)]
    [QueryParameters("subject_name", "max_msg_inflight", "delivery_group", "metadata", "encoding", "heartbeat", "ack", "credit")]
    [Errors(400, 404, 409, 429, 503, 504)]
    public async Task<IActionResult> Subscribe(string stream, string consumer)
    {
        var subject = Single("subject_name");
        if (WebSocketHandshake.IsAsked(HttpContext))
        {
            return await OpenAsync(stream, consumer, subject, ReadTwoWayOptions(subject, FrameShape.NdJson), pumps.RunWebSocketAsync);
        }

        SubscriberQuery.RefuseCredit(Request);
        return await OpenAsync(stream, consumer, subject, ReadOptions(subject), pumps.RunAsync);
    }

    /// <summary>The same route as a WebSocket over HTTP/2 (RFC 8441), which has a method of its own.</summary>
    [AcceptVerbs("CONNECT", Route = "/v1/data/stream/{stream}/consumer/{consumer}", Name = SubscribeOperation.OperationId)]
    [ApiExplorerSettings(IgnoreApi = true)]
    [QueryParameters("subject_name", "max_msg_inflight", "delivery_group", "metadata", "encoding", "heartbeat", "ack", "credit")]
    public async Task<IActionResult> Connect(string stream, string consumer) => WebSocketHandshake.IsAsked(HttpContext)
        ? await Subscribe(stream, consumer)
        : Failed(HttpErrors.Malformed("CONNECT: the one protocol is websocket"));

    /// <summary>Subscribes to a consumer in both directions: deliveries come as lines, while lines of the request settle them.</summary>
    /// <remarks>
    /// HTTP/2 only. Lines down are as those of a subscription with `Accept: application/x-ndjson`. Each line up is an object: `credit`
    /// adds to the number of messages that the client takes (none given, here or as parameter: any number); `ack`, `nak`, `term` and
    /// `progress` settle deliveries as the route for that does, and are answered by an object with `"event":"settled"`, in the order in
    /// which JetStream confirms; an `id` in the line comes back in it. The end of the request ends nothing else, unless no credit is left.
    /// `Accept` may name `application/jsonl` or `application/json-seq` as well; where it names no framing of lines, the answer is 406.
    /// </remarks>
    /// <response code="400">A parameter is given twice or out of range, or the request is not HTTP/2.</response>
    /// <response code="409">
    /// The push consumer has no delivery group and already has its subscriber, on this instance or another; or `ack=auto` for a consumer
    /// whose ack policy is not `explicit`.
    /// </response>
    [HttpPost("/v1/data/stream/{stream}/consumer/{consumer}/duplex", Name = DuplexOperation.OperationId)]
    [QueryParameters("subject_name", "max_msg_inflight", "delivery_group", "metadata", "encoding", "heartbeat", "ack", "credit")]
    [Errors(400, 404, 409, 415, 429, 503, 504)]
    public async Task<IActionResult> Duplex(string stream, string consumer)
    {
        if (!HttpProtocol.IsHttp2(Request.Protocol))
        {
            return Failed(SubscriberErrors.Http1(Request.Protocol));
        }

        if (Framings.ChooseLines(Request.Headers.Accept) is not { } shape)
        {
            return Failed(SubscriberErrors.Framing($"{Request.Headers.Accept}", Framings.LineNames));
        }

        var subject = Single("subject_name");
        return await OpenAsync(stream, consumer, subject, ReadTwoWayOptions(subject, shape), pumps.RunDuplexAsync);
    }

    private async Task<IActionResult> OpenAsync(
        string stream,
        string consumer,
        string? subject,
        FramingOptions options,
        Func<HttpContext, IDeliverySource, FramingOptions, Task> run)
    {
        if (!streams.TryEnterSubscription())
        {
            throw new HttpmqException(SubscriptionErrors.Full(limits.MaxSubscriptions));
        }

        try
        {
            var source = await SendAsync(
                new OpenSubscription(
                    Caller, stream, consumer, subject, ParseInflight(Single("max_msg_inflight")), Single("delivery_group"))
                {
                    Credit = options.Credit,
                    AutoAcknowledge = options.AutoAcknowledge,
                });
            return new SubscriptionResult(source, options, run);
        }
        catch
        {
            streams.LeaveSubscription();
            throw;
        }
    }

    private string? Single(string parameter) => SubscriberQuery.Single(Request, parameter);

    private static int? ParseInflight(string? text)
    {
        if (text is null)
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw Invalid("max_msg_inflight", text, $"max_msg_inflight: '{text}' is not an integer from 1 to {int.MaxValue}");
    }

    /// <summary>Of what goes both ways: always objects, and with credit.</summary>
    private FramingOptions ReadTwoWayOptions(string? subject, FrameShape shape) =>
        ReadOptions(subject, shape) with { Credit = new DeliveryCredit(SubscriberQuery.Credit(Request)) };

    private FramingOptions ReadOptions(string? subject, FrameShape? given = null)
    {
        var shape = given ?? Framings.Choose(Request.Headers.Accept);
        return new FramingOptions(subject, SubscriberQuery.Metadata(Request))
        {
            Shape = shape,
            Encoding = SubscriberQuery.Encoding(Request),
            Heartbeat = SubscriberQuery.Heartbeat(Request, shape),
            AutoAcknowledge = ParseAck(Single("ack")),
        };
    }

    private static bool ParseAck(string? text) => text switch
    {
        null => false,
        "auto" => true,
        _ => throw Invalid("ack", text, $"ack: '{text}' is not auto, the only value"),
    };

    private sealed class SubscriptionResult(
        IDeliverySource source, FramingOptions options, Func<HttpContext, IDeliverySource, FramingOptions, Task> run) : IActionResult
    {
        public Task ExecuteResultAsync(ActionContext context) => run(context.HttpContext, source, options);
    }
}
