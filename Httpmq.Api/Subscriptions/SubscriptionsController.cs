using Httpmq.Domain.Messages;
using Httpmq.Api.OpenApi;
using System.Globalization;
using Httpmq.Api.Http;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Errors;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;

namespace Httpmq.Api.Subscriptions;

[ApiGroup(ApiGroup.DataplaneName)]
[OpenApiTag("Subscriptions", Description = "Receive messages as they come.")]
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
    /// <response code="409">The push consumer has no delivery group and already has its subscriber, on this instance or another.</response>
    [HttpGet("/v1/data/stream/{stream}/consumer/{consumer}", Name = SubscribeOperation.OperationId)]
    [QueryParameters("subject_name", "max_msg_inflight", "delivery_group", "metadata")]
    [Errors(400, 404, 409, 429, 503, 504)]
    public async Task<IActionResult> Subscribe(string stream, string consumer)
    {
        var subject = Single("subject_name");
        var options = new FramingOptions(subject, ParseMetadata(Single("metadata")));
        if (!streams.TryEnterSubscription())
        {
            throw new HttpmqException(SubscriptionErrors.Full(limits.MaxSubscriptions));
        }

        try
        {
            var source = await SendAsync(
                new OpenSubscription(
                    Caller, stream, consumer, subject, ParseInflight(Single("max_msg_inflight")), Single("delivery_group")));
            return new SubscriptionResult(pumps, source, options);
        }
        catch
        {
            streams.LeaveSubscription();
            throw;
        }
    }

    private string? Single(string parameter)
    {
        var values = Request.Query[parameter];
        return values.Count <= 1
            ? values.Count == 0 ? null : values[0] ?? string.Empty
            : throw Invalid(parameter, values.ToString(), $"{parameter} was given {values.Count} times, and is taken once");
    }

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

    private static bool ParseMetadata(string? text) => text switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw Invalid("metadata", text, $"metadata: '{text}' is neither true nor false"),
    };

    private static HttpmqException Invalid(string parameter, string value, string reason) =>
        new(RequestErrors.Invalid(new Fault(parameter, value, reason)));

    private sealed class SubscriptionResult(SubscriptionPumps pumps, IDeliverySource source, FramingOptions options) : IActionResult
    {
        public Task ExecuteResultAsync(ActionContext context) => pumps.RunAsync(context.HttpContext, source, options);
    }
}
