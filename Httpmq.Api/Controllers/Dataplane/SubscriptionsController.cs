using System.Globalization;
using Httpmq.Api.Configuration;
using Httpmq.Api.Streaming;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Errors;
using MediatR;
using Microsoft.AspNetCore.Mvc;

namespace Httpmq.Api.Controllers.Dataplane;

internal sealed class SubscriptionsController(IMediator mediator, SubscriptionPumps pumps, LimitSettings limits) : ApiController(mediator)
{
    /// <summary>
    /// Subscribes to a consumer: the answer stays open, with one line of JSON per message. What cannot be subscribed is
    /// refused before it starts; later an error is the last line, with "success":false.
    /// </summary>
    [HttpGet("/v1/data/stream/{stream}/consumer/{consumer}")]
    public async Task<IActionResult> Subscribe(string stream, string consumer)
    {
        var subject = Single("subject_name");
        if (string.IsNullOrEmpty(subject))
        {
            throw HttpmqException.Invalid("Invalid request", "subject_name is required, exactly once");
        }

        if (pumps.Running >= limits.MaxSubscriptions)
        {
            throw new HttpmqException(new Error(ErrorKind.TooMany, "Too many subscriptions", $"{limits.MaxSubscriptions} are open (limits.max_subscriptions)"));
        }

        var source = await Mediator.Send(
            new OpenSubscription(stream, consumer, subject, ParseInflight(Single("max_msg_inflight")), Single("delivery_group")),
            Aborted);
        return new SubscriptionResult(pumps, source);
    }

    private string? Single(string parameter)
    {
        var values = Request.Query[parameter];
        return values.Count <= 1
            ? values.Count == 0 ? null : values[0] ?? string.Empty
            : throw HttpmqException.Invalid("Invalid request", $"{parameter} was given {values.Count} times, and is taken once");
    }

    private static int? ParseInflight(string? text)
    {
        if (text is null)
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw HttpmqException.Invalid("Invalid request", $"max_msg_inflight: '{text}' is not an integer of at least 1");
    }

    private sealed class SubscriptionResult(SubscriptionPumps pumps, IDeliverySource source) : IActionResult
    {
        public Task ExecuteResultAsync(ActionContext context) => pumps.RunAsync(context.HttpContext, source);
    }
}
