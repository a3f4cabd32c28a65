using System.Diagnostics;
using Httpmq.Api.Bodies;
using Httpmq.Api.Http;
using Httpmq.Api.RateLimits;
using Httpmq.Api.Tracing;
using Httpmq.Application.Settling;
using Httpmq.Application.Telemetry;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using MediatR;

namespace Httpmq.Api.Settling;

/// <summary>Serves <see cref="AcknowledgeController.Acknowledge"/>.</summary>
internal sealed class AckEndpoint(
    SingleAck single, IMediator mediator, JsonBodyFormatter bodies, AnswerLimits limits, RateLimiter rates, GatewayMetrics metrics)
    : IHotEndpoint
{
    public async Task ServeAsync(HttpContext context)
    {
        var request = await bodies.ReadAsync(context, SettlingJson.Wire.AckRequest);
        var (stream, consumer) = (NameOf(context, "stream"), NameOf(context, "consumer"));
        var caller = CallerMiddleware.CallerOf(context);
        using var span = Spans.StartSettle("ack", stream, consumer, request.Pairs.Count);
        using var limit = limits.Start(context);
        try
        {
            if (request.IsBatch)
            {
                await AnswerBatchAsync(context, new AcknowledgeBatch(caller, stream, consumer, request.Pairs), span, limit.Token);
            }
            else if (await (span is null
                ? single.AcknowledgeAsync(caller, stream, consumer, request.Pairs[0], limit.Token)
                : new(SendTracedAsync(caller, stream, consumer, request.Pairs[0], span, limit.Token))) is { } error)
            {
                span.Fail(error);
                ErrorResponses.Write(context, error);
            }
            else if (RequestNotes.HasAny(context))
            {
                await AnswerWriter.AnswerAsync(context, new Answer { RequestId = context.TraceIdentifier }, AnswerJson.Wire.Answer);
            }
            else
            {
                AnswerWriter.Write(context.Response, context.TraceIdentifier, Answer.WriteSuccess);
            }
        }
        catch (OperationCanceledException exception) when (limit.IsOver)
        {
            var overdue = limit.TimedOut(exception);
            span.Fail(overdue.Error);
            throw overdue;
        }
    }

    private async Task AnswerBatchAsync(
        HttpContext context, AcknowledgeBatch batch, Activity? span, CancellationToken cancellationToken)
    {
        var outcomes = await SettlePermits.RunAsync(
            rates.Of(context),
            batch.Pairs,
            static pair => pair,
            pairs => SendAsync(batch with { Pairs = pairs }, cancellationToken).MarkAsync(span),
            metrics);
        span.Tell(outcomes);
        await AnswerWriter.AnswerAsync(context, AckBatchAnswer.Of(context.TraceIdentifier, outcomes), SettlingJson.Wire.AckBatchAnswer);
    }

    private async Task<IReadOnlyList<AckOutcome>> SendAsync(AcknowledgeBatch batch, CancellationToken cancellationToken) =>
        await mediator.Send(batch, cancellationToken).WaitAsync(cancellationToken);

    private async Task<Error?> SendTracedAsync(
        Caller caller, string stream, string consumer, AckPair pair, Activity span, CancellationToken cancellationToken)
    {
        return await AcknowledgeAsync().MarkAsync(span);

        // What is refused at once is a failure of the span as well.
        async Task<Error?> AcknowledgeAsync() => await single.AcknowledgeAsync(caller, stream, consumer, pair, cancellationToken);
    }

    // As MVC binds it: what is blank is not there, and refused as such.
    private static string NameOf(HttpContext context, string parameter) =>
        context.Request.RouteValues[parameter] is string name && !string.IsNullOrWhiteSpace(name) ? name : null!;
}
