using Httpmq.Api.Http;
using Httpmq.Api.OpenApi;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using NSwag.Annotations;

namespace Httpmq.Api.Pulling;

[ApiGroup(ApiGroup.DataplaneName)]
[OpenApiTag(Tags.Subscriptions)]
internal sealed class PullController(IMediator mediator, Pulls pulls, OpenStreams streams, LimitSettings limits) : ApiController(mediator)
{
    /// <summary>Pulls messages from a pull consumer, up to 10,000 in one answer.</summary>
    /// <remarks>
    /// The answer comes when `batch` messages are here, when `expires` is over or the next message does not fit into `max_bytes`, when half
    /// of the consumer's ack_wait has passed since the first message came, or when the gateway stops. Each message is to be settled within
    /// ack_wait, or comes again. What a client that goes away was not sent is redelivered at once; what was on its way to it, after
    /// ack_wait. With `Accept: application/octet-stream` and a `batch` of 1 the answer is the message's bytes. With
    /// `Accept: application/cloudevents-batch+json` it is an array of CloudEvents, each with its token in the attribute `httpmqtoken`; with
    /// `application/cloudevents+json` and a `batch` of 1 it is one.
    /// </remarks>
    /// <response code="200">The messages; the list is empty where none came in time.</response>
    /// <response code="400">A field is out of range, or JetStream refused the pull as invalid, such as for a missing group.</response>
    /// <response code="409">
    /// It is a push consumer, the pull is beyond the consumer's limits, `max_bytes` is less than the next message has, or another client
    /// has the pin.
    /// </response>
    /// <response code="429">As many subscriptions and pulls are open as the gateway takes, or as many pulls as the consumer.</response>
    /// <response code="503">
    /// NATS or its JetStream cannot be reached, the consumer has no leader, or the gateway stops. Nothing was delivered.
    /// </response>
    [HttpPost("/v1/data/stream/{stream}/consumer/{consumer}/pull", Name = PullOperation.OperationId)]
    [ProducesResponseType<PullAnswer>(StatusCodes.Status200OK)]
    [Errors(400, 404, 408, 409, 413, 429, 501, 503, 504)]
    public async Task<IActionResult> Pull(string stream, string consumer, [FromBody] PullParameters parameters)
    {
        var form = BytesAnswer.IsWanted(Request) ? PulledForm.Bytes
            : BytesAnswer.IsWanted(Request, CloudEventJson.BatchContentType) ? PulledForm.CloudEvents
            : BytesAnswer.IsWanted(Request, CloudEventJson.ContentType) ? PulledForm.CloudEvent
            : PulledForm.Json;
        var encoding = EncodingOf(parameters.Encoding);
        var preferred = parameters.Expires is null ? Preference.WaitOf(Request.Headers) : null;
        var options = parameters.ToOptions(preferred);
        if (form is PulledForm.Bytes or PulledForm.CloudEvent && options.Batch != 1)
        {
            var one = form is PulledForm.Bytes ? "bytes" : "one CloudEvent";
            throw Invalid("batch", options.Batch, $"batch: {options.Batch} messages are no answer of {one}, which has 1");
        }

        if (!streams.TryEnterSubscription())
        {
            throw new HttpmqException(SubscriptionErrors.Full(limits.MaxSubscriptions));
        }

        try
        {
            var pull = await SendAsync(new OpenPull(Caller, stream, consumer, options));
            if (preferred is not null)
            {
                Response.Headers["Preference-Applied"] = Preference.Applied(preferred.Value);
            }

            return new PullResult(pulls, pull, form, encoding);
        }
        catch
        {
            streams.LeaveSubscription();
            throw;
        }
    }

    private static PayloadEncoding EncodingOf(string? name) => name is null
        ? PayloadEncoding.Base64
        : PayloadEncodings.Parse(name)
            ?? throw Invalid("encoding", name, $"encoding: '{UnknownNames.Printable(name)}' is not base64, utf8 or json");

    private static HttpmqException Invalid(string field, object? value, string reason) =>
        new(RequestErrors.Invalid(new InvalidValue(field, value, reason)));

    private sealed class PullResult(Pulls pulls, IPull pull, PulledForm form, PayloadEncoding encoding) : IActionResult
    {
        public Task ExecuteResultAsync(ActionContext context) => pulls.RunAsync(context.HttpContext, pull, form, encoding);
    }
}
