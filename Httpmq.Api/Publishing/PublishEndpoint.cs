using System.Buffers;
using System.Runtime.InteropServices;
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
    /// <summary>
    /// As a rule the whole body is there, and its message is under way before this returns. What it throws until then is not in a task.
    /// </summary>
    public Task ServeAsync(HttpContext context)
    {
        // A bad name, or a caller who may not, is refused before the body is read.
        var name = RawPath.LastSegment(context, context.Request.RouteValues["subject"] as string);
        if (!Subject.TryParse(name, out var subject, out var reason))
        {
            return Refuse(context, RequestErrors.Subject("subject", name, reason!));
        }

        if (CallerMiddleware.CallerOf(context).CheckPublish(subject) is { } refusal)
        {
            return Refuse(context, refusal);
        }

        var request = context.Request;
        var mode = CloudEventReader.ModeOf(request.ContentType);
        var given = PublishHeaderReader.Read(request.Headers, mode);
        if (mode is not CloudEventMode.None)
        {
            return PublishEventsAsync(context, subject, mode, given);
        }

        var encoding = PublishQuery.Read(request, given is { IsEvent: true } ? MessageEncoding.Raw : MessageEncoding.Base64);
        if (Build(context, subject, given, out var headers, out var needs) is { } wrong)
        {
            return Refuse(context, wrong);
        }

        var reading = MessageBody.ReadAsync(
            request.BodyReader, encoding, request.ContentLength, publisher.MaxPayload, buffers, timeouts, context.RequestAborted);
        var draft = new Draft(subject, headers, needs, encoding, given is not null && (given.IsIncrement || given.IsEvent));
        if (Spans.AreRecorded || !reading.IsCompletedSuccessfully)
        {
            return PublishAsync(context, draft, reading);
        }

#pragma warning disable VSTHRD103 // It is there.
        var body = reading.Result;
#pragma warning restore VSTHRD103
        return body.IsSmall ? Publish(context, draft, body) : PublishAsync(context, draft, new ValueTask<MessageBody>(body));
    }

    private static Task Refuse(HttpContext context, Error error)
    {
        ErrorResponses.Write(context, error);
        return Task.CompletedTask;
    }

    private static Error? CheckBody(in Draft draft, in MessageBody body) =>
        !body.Message.IsEmpty || draft.MayBeEmpty ? null
            : draft.Encoding is MessageEncoding.Raw ? BodyErrors.EmptyRaw(draft.Subject.Value)
            : BodyErrors.Empty;

    /// <summary>Nothing of the request has to be kept while JetStream stores the message.</summary>
    private Task Publish(HttpContext context, in Draft draft, MessageBody body)
    {
        if (CheckBody(draft, body) is { } error)
        {
            body.Dispose();
            return Refuse(context, error);
        }

        ValueTask<IPendingPublish> starting;
        try
        {
            starting = single.StartAsync(draft.With(body));
        }
        catch
        {
            body.Dispose();
            throw;
        }

        if (!starting.IsCompletedSuccessfully)
        {
            return AnswerAsync(context, starting, body);
        }

        body.Dispose();
#pragma warning disable VSTHRD103 // It is there.
        return AnswerAsync(context, starting.Result);
#pragma warning restore VSTHRD103
    }

    private static async Task AnswerAsync(HttpContext context, IPendingPublish pending) =>
        await AnswerAsync(context, await pending.GetOutcomeAsync(context.RequestAborted));

    private static async Task AnswerAsync(HttpContext context, ValueTask<IPendingPublish> starting, MessageBody body)
    {
        using (body)
        {
            await AnswerAsync(context, await starting);
        }
    }

    private async Task PublishAsync(HttpContext context, Draft draft, ValueTask<MessageBody> reading)
    {
        using var body = await reading;
        if (CheckBody(draft, body) is { } error)
        {
            ErrorResponses.Write(context, error);
            return;
        }

        await AnswerAsync(context, await SendAsync(draft.With(body), context.RequestAborted));
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
        if (outcome.Error is { } error)
        {
            return Refuse(context, PublishRights.Hide(CallerMiddleware.CallerOf(context), error));
        }

        if (RequestNotes.HasAny(context))
        {
            return AnswerWriter.AnswerAsync(
                context, PublishAnswer.Of(context.TraceIdentifier, outcome), PublishingJson.Wire.PublishAnswer);
        }

        AnswerWriter.Write(context.Response, (context.TraceIdentifier, outcome), PublishAnswer.Write);
        return Task.CompletedTask;
    }

    /// <summary>A publication without its message.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Draft(
        Subject Subject, MessageHeaders Headers, MessageNeeds? Needs, MessageEncoding Encoding, bool MayBeEmpty)
    {
        public Publication With(in MessageBody body) => new(Subject, body.Message, Headers, Needs);
    }
}
