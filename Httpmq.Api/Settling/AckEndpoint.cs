using Httpmq.Api.Bodies;
using Httpmq.Api.Http;
using Httpmq.Api.Tracing;
using Httpmq.Application.Settling;
using MediatR;

namespace Httpmq.Api.Settling;

/// <summary>Serves <see cref="AcknowledgeController.Acknowledge"/>.</summary>
internal sealed class AckEndpoint(IMediator mediator, JsonBodyFormatter bodies, AnswerLimits limits) : IHotEndpoint
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
                var outcomes = await mediator.Send(new AcknowledgeBatch(caller, stream, consumer, request.Pairs), limit.Token)
                    .WaitAsync(limit.Token).MarkAsync(span);
                span.Tell(outcomes);
                await AnswerWriter.AnswerAsync(
                    context, AckBatchAnswer.Of(context.TraceIdentifier, outcomes), SettlingJson.Wire.AckBatchAnswer);
            }
            else if (await mediator.Send(new AcknowledgeMessage(caller, stream, consumer, request.Pairs[0]), limit.Token)
                .WaitAsync(limit.Token).MarkAsync(span) is { } error)
            {
                span.Fail(error);
                ErrorResponses.Write(context, error);
            }
            else
            {
                await AnswerWriter.AnswerAsync(context, new Answer { RequestId = context.TraceIdentifier }, AnswerJson.Wire.Answer);
            }
        }
        catch (OperationCanceledException exception) when (limit.IsOver)
        {
            throw limit.TimedOut(exception);
        }
    }

    // As MVC binds it: what is blank is not there, and refused as such.
    private static string NameOf(HttpContext context, string parameter) =>
        context.Request.RouteValues[parameter] is string name && !string.IsNullOrWhiteSpace(name) ? name : null!;
}
