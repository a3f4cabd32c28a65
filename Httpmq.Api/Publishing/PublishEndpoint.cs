using System.Buffers;
using System.Text.Json;
using Httpmq.Api.Bodies;
using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Api.RateLimits;
using Httpmq.Api.Tracing;
using Httpmq.Application.Publishing;
using Httpmq.Application.Telemetry;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using MediatR;

namespace Httpmq.Api.Publishing;

/// <summary>Serves <see cref="PublishController.Publish"/>.</summary>
internal sealed class PublishEndpoint(
    SinglePublish single,
    IMediator mediator,
    IMessagePublisher publisher,
    BodyBuffers buffers,
    BodyTimeouts timeouts,
    RateLimiter rates,
    GatewayMetrics metrics) : IHotEndpoint
{
    public async Task ServeAsync(HttpContext context)
    {
        // A bad name, or a caller who may not, is refused before the body is read.
        var name = RawPath.LastSegment(context, context.Request.RouteValues["subject"] as string);
        if (!Subject.TryParse(name, out var subject, out var reason))
        {
            ErrorResponses.Write(context, RequestErrors.Subject("subject", name, reason!));
            return;
        }

        var caller = CallerMiddleware.CallerOf(context);
        if (caller.CheckPublish(subject) is { } refusal)
        {
            ErrorResponses.Write(context, refusal);
            return;
        }

        var request = context.Request;
        var mode = CloudEventReader.ModeOf(request.ContentType);
        var given = PublishHeaderReader.Read(request.Headers, mode);
        if (mode is not CloudEventMode.None)
        {
            await PublishEventsAsync(context, subject, mode, given);
            return;
        }

        var mayBeEmpty = given is not null && (given.IsIncrement || given.IsEvent);
        var encoding = PublishQuery.Read(request, given is { IsEvent: true } ? MessageEncoding.Raw : MessageEncoding.Base64);
        if (Build(context, subject, given, out var headers, out var needs) is { } wrong)
        {
            ErrorResponses.Write(context, wrong);
            return;
        }

        using var body = await MessageBody.ReadAsync(
            request.BodyReader, encoding, request.ContentLength, publisher.MaxPayload, buffers, timeouts, context.RequestAborted);
        if (body.Message.IsEmpty && !mayBeEmpty)
        {
            ErrorResponses.Write(context, encoding is MessageEncoding.Raw ? BodyErrors.EmptyRaw(subject.Value) : BodyErrors.Empty);
            return;
        }

        await AnswerAsync(context, await SendAsync(new Publication(subject, body.Message, headers, needs), context.RequestAborted));
    }

    private static Error? Build(
        HttpContext context, Subject subject, PublishHeaders? given, out MessageHeaders headers, out MessageNeeds? needs)
    {
        (headers, needs) = (default, null);
        if (given?.Build(subject, out headers, out needs) is { } wrong)
        {
            return RequestErrors.Invalid(wrong);
        }

        return PublishRights.CheckNeeds(CallerMiddleware.CallerOf(context), needs);
    }

    private async Task PublishEventsAsync(HttpContext context, Subject subject, CloudEventMode mode, PublishHeaders? given)
    {
        var (request, aborted) = (context.Request, context.RequestAborted);
        using var body = await MessageBody.ReadAsync(
            request.BodyReader, MessageEncoding.Raw, request.ContentLength, JsonBodyFormatter.MaxBytes, buffers, timeouts, aborted);
        var json = (JsonElement)JsonBodyFormatter.Parse(new ReadOnlySequence<byte>(body.Message), PublishingJson.Wire.JsonElement, buffers);
        if (mode is CloudEventMode.Batched)
        {
            using var span = BatchSpan.Start(publisher.MaxPayload, subject.Value);
            var outcomes = await CloudEventBatch.PublishAsync(mediator, subject, json, given, rates.Of(context), metrics, span, aborted);
            await AnswerWriter.AnswerAsync(
                context, EventBatchAnswer.Of(context.TraceIdentifier, outcomes), PublishingJson.Wire.EventBatchAnswer);
            return;
        }

        given ??= new PublishHeaders();
        if (CloudEventReader.Read(json, given, out var data) is { } error)
        {
            ErrorResponses.Write(context, error);
            return;
        }

        if (Build(context, subject, given, out var headers, out var needs) is { } wrong)
        {
            ErrorResponses.Write(context, wrong);
            return;
        }

        await AnswerAsync(context, await SendAsync(new Publication(subject, data, headers, needs), aborted));
    }

    private ValueTask<PublishOutcome> SendAsync(in Publication publication, CancellationToken aborted) =>
        Spans.AreRecorded ? new(SendTracedAsync(publication, aborted)) : single.PublishAsync(publication, aborted);

    private async Task<PublishOutcome> SendTracedAsync(Publication publication, CancellationToken aborted)
    {
        using var span = Spans.StartPublish(publication.Subject, publication.Payload.Length);
        var traced = span is null ? publication : publication.WithTrace(span, publisher.MaxPayload);
        var outcome = await single.PublishAsync(traced, aborted).AsTask().MarkAsync(span);
        span.Tell(outcome);
        return outcome;
    }

    private static Task AnswerAsync(HttpContext context, in PublishOutcome outcome)
    {
        if (outcome.Error is null)
        {
            return AnswerWriter.AnswerAsync(
                context, PublishAnswer.Of(context.TraceIdentifier, outcome), PublishingJson.Wire.PublishAnswer);
        }

        ErrorResponses.Write(context, PublishRights.Hide(CallerMiddleware.CallerOf(context), outcome.Error));
        return Task.CompletedTask;
    }
}
