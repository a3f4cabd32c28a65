using System.Diagnostics;
using Httpmq.Application.Publishing;
using Httpmq.Application.Settling;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;

namespace Httpmq.Api.Tracing;

/// <summary>
/// The spans that Httpmq makes below the one of the request, named and described by OpenTelemetry's conventions for messaging
/// (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/). There is none, and nothing is allocated, while nobody traces
/// and where the request is not sampled. Never a payload.
/// </summary>
internal static class Spans
{
    /// <summary>The name of the source, for whoever listens.</summary>
    public const string SourceName = "Httpmq";

    /// <summary>The most links of one span.</summary>
    public const int MaxLinks = 128;

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Whether anybody traces.</summary>
    public static bool AreWanted => Source.HasListeners();

    /// <summary>Whether spans are recorded here: the request is sampled. One that is not has no span at all.</summary>
    public static bool AreRecorded => Source.HasListeners() && Activity.Current is { Recorded: true };

    /// <summary>One message to a stream.</summary>
    /// <param name="subject">Where it is published. Of many values: an attribute, and no part of the name.</param>
    /// <param name="bytes">Its payload.</param>
    public static Activity? StartPublish(Subject subject, int bytes)
    {
        var span = AreRecorded ? Source.StartActivity("publish", ActivityKind.Producer) : null;
        return span?.Describe("publish", "send", subject.Value).SetTag("messaging.message.body.size", bytes);
    }

    /// <summary>Many messages to streams.</summary>
    /// <param name="subject">Where all of them are published; null: each has its own.</param>
    public static Activity? StartPublishBatch(string? subject = null)
    {
        var span = AreRecorded ? Source.StartActivity("publish batch", ActivityKind.Producer) : null;
        return span?.Describe("publish", "send", subject);
    }

    /// <summary>The settlement of deliveries.</summary>
    /// <param name="name">What is done: <c>ack</c> or <c>settle</c>.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="consumer">The consumer.</param>
    /// <param name="count">How many deliveries.</param>
    /// <param name="inSession">It came over an open session, which has no request's span around it: it decides for itself.</param>
    public static Activity? StartSettle(string name, string stream, string consumer, int count, bool inSession = false)
    {
        var span = inSession || AreRecorded ? Source.StartActivity(name, ActivityKind.Client) : null;
        return span?.Describe(name, "settle", stream)
            .SetTag("messaging.destination.subscription.name", consumer)
            .SetTag("messaging.batch.message_count", count);
    }

    /// <summary>
    /// Messages that were handed to a subscriber. It belongs to the request that asked for them where there is one, else to the trace of
    /// the message where it is one, else it is a trace of its own.
    /// </summary>
    /// <param name="name">How: <c>deliver</c> or <c>pull</c>.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="consumer">The consumer; empty: none.</param>
    /// <param name="start">When the first one came.</param>
    /// <param name="contexts">Of the messages that are traced, one at least.</param>
    public static Activity? StartReceive(
        string name, string stream, string consumer, DateTimeOffset start, IReadOnlyList<ActivityContext> contexts)
    {
        var request = Activity.Current;
        try
        {
            // Else the span of a request that is not sampled would be its parent, and decide.
            Activity.Current = request is { Recorded: true } ? request : null;
            var parent = Activity.Current is null && contexts.Count == 1 ? contexts[0] : default;
            var links = contexts.Select(static context => new ActivityLink(context));
            var span = Source.StartActivity(ActivityKind.Consumer, parent, tags: null, links, start, name);
            span?.Describe(name, "receive", stream);
            return consumer.Length == 0 ? span : span?.SetTag("messaging.destination.subscription.name", consumer);
        }
        finally
        {
            Activity.Current = request;
        }
    }

    /// <summary>What became of the message.</summary>
    public static void Tell(this Activity? span, in PublishOutcome outcome)
    {
        if (span is null)
        {
            return;
        }

        span.Fail(outcome.Error);
        if (outcome.Error is null)
        {
            span.SetTag("httpmq.stream", outcome.Stream)
                .SetTag("httpmq.sequence", outcome.Sequence)
                .SetTag("httpmq.duplicate", outcome.Duplicate);
        }
    }

    /// <summary>The first that failed says what to look for.</summary>
    public static void Tell(this Activity? span, IReadOnlyList<AckOutcome> outcomes)
    {
        if (span is not null)
        {
            span.SetTag("httpmq.failed", outcomes.Count(static outcome => outcome.Error is not null));
            span.Fail(outcomes.FirstOrDefault(static outcome => outcome.Error is not null).Error);
        }
    }

    /// <summary>It failed, unless there is no error.</summary>
    public static void Fail(this Activity? span, Error? error)
    {
        if (error is not null)
        {
            span?.SetTag("error.type", error.Type.Slug).SetStatus(ActivityStatusCode.Error);
        }
    }

    /// <summary>The same operation, whose failure marks the span.</summary>
    public static Task<T> MarkAsync<T>(this Task<T> operation, Activity? span)
    {
        return span is null ? operation : WaitAsync();

        async Task<T> WaitAsync()
        {
            try
            {
                return await operation;
            }
            catch (HttpmqException exception)
            {
                span.Fail(exception.Error);
                throw;
            }
            catch (Exception)
            {
                span.SetStatus(ActivityStatusCode.Error);
                throw;
            }
        }
    }

    private static Activity Describe(this Activity span, string name, string type, string? destination) => span
        .SetTag("messaging.system", "nats")
        .SetTag("messaging.operation.name", name)
        .SetTag("messaging.operation.type", type)
        .SetTag("messaging.destination.name", destination);
}
