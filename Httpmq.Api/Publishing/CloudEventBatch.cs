using System.Globalization;
using System.Text.Json;
using Httpmq.Api.Errors;
using Httpmq.Api.RateLimits;
using Httpmq.Api.Tracing;
using Httpmq.Application.Publishing;
using Httpmq.Application.Telemetry;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using MediatR;

namespace Httpmq.Api.Publishing;

/// <summary>Publishes an array of CloudEvents, each with its own outcome.</summary>
internal static class CloudEventBatch
{
    // So many wait for JetStream at once, of one request.
    private const int Window = 256;

    /// <summary>The most events of one request: each has its own answer, which may be longer than the event.</summary>
    public const int MaxEvents = 10_000;

    /// <param name="mediator">Publishes them.</param>
    /// <param name="subject">Where all of them go.</param>
    /// <param name="json">What the body was.</param>
    /// <param name="shared">Headers that each of them gets; null: none.</param>
    /// <param name="permits">Each but the first takes one; those for which there is none fail alone.</param>
    /// <param name="metrics">Counts those that have none.</param>
    /// <param name="span">The span of the batch; null: it has none.</param>
    /// <param name="cancellationToken">Gives up; what was sent may be stored.</param>
    /// <exception cref="HttpmqException">
    /// It is no array of 1 to <see cref="MaxEvents"/>, or a shared header can be of one message only.
    /// </exception>
    public static async Task<IReadOnlyList<PublishOutcome>> PublishAsync(
        IMediator mediator,
        Subject subject,
        JsonElement json,
        PublishHeaders? shared,
        Permits permits,
        GatewayMetrics metrics,
        BatchSpan? span,
        CancellationToken cancellationToken)
    {
        if (json.ValueKind is not JsonValueKind.Array || json.GetArrayLength() == 0)
        {
            throw new HttpmqException(BodyErrors.Event("the body is not an array of CloudEvents, at least one"));
        }

        if (json.GetArrayLength() is > MaxEvents and var count)
        {
            throw new HttpmqException(BodyErrors.Event(string.Create(
                CultureInfo.InvariantCulture, $"the array has {count} events, and at most {MaxEvents} are taken; none was published")));
        }

        if (shared?.HasJetStreamHeaders is true)
        {
            throw new HttpmqException(BodyErrors.Event(
                "Idempotency-Key, If-Match, If-None-Match and Nats-… are about one message, and not with a batch of events"));
        }

        var outcomes = new List<PublishOutcome>(json.GetArrayLength());
        var permitted = 1 + permits.TakeSome(json.GetArrayLength() - 1, out var refusal);
        foreach (var events in json.EnumerateArray().Take(permitted).Chunk(Window))
        {
            // In their order: each is handed to the connection before the next one.
            var publishing = events.Select(one => PublishOneAsync(mediator, subject, one, shared, span, cancellationToken)).ToArray();
            outcomes.AddRange(await Task.WhenAll(publishing));
        }

        if (refusal is not null)
        {
            metrics.RefusedByRate(refusal, json.GetArrayLength() - permitted);
        }

        outcomes.AddRange(Enumerable.Repeat(refusal, json.GetArrayLength() - permitted).Select(PublishOutcome.Failed!));
        outcomes.ForEach(outcome => span?.Count(outcome));

        return outcomes;
    }

    private static Task<PublishOutcome> PublishOneAsync(
        IMediator mediator, Subject subject, JsonElement json, PublishHeaders? shared, BatchSpan? span, CancellationToken cancellationToken)
    {
        var headers = new PublishHeaders();
        headers.AddAll(shared);
        return CloudEventReader.Read(json, headers, out var data) is { } error
            ? Task.FromResult(PublishOutcome.Failed(error))
            : headers.Build(subject, out var block, out var needs) is { } invalid
                ? Task.FromResult(PublishOutcome.Failed(BodyErrors.Event(invalid.Reason)))
                : mediator.Send(new PublishMessage(Traced(new Publication(subject, data, block, needs))), cancellationToken);

        Publication Traced(in Publication publication) => span?.Replace(publication) ?? publication;
    }
}
