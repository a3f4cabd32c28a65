using System.Text.Json.Serialization;
using Httpmq.Api.Http;
using Httpmq.Application.Publishing;

namespace Httpmq.Api.Publishing;

/// <summary>What became of each event of a batch of CloudEvents.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","published":1,"failed":1,"results":[{"index":0,"success":true,"stream":"orders","sequence":1},{"index":1,"success":false,"error":{"code":400,"message":"Invalid CloudEvent","detail":"type is required: a CloudEvent has specversion, id, source, type","type":"invalid-cloud-event"}}]}</example>
internal sealed record EventBatchAnswer : Answer
{
    /// <summary>How many JetStream stored, or had stored before.</summary>
    public required int Published { get; init; }

    /// <summary>How many it did not.</summary>
    public required int Failed { get; init; }

    /// <summary>The outcome of each event, in the order of the request.</summary>
    public required IReadOnlyList<EventResult> Results { get; init; }

    public static EventBatchAnswer Of(string requestId, IReadOnlyList<PublishOutcome> outcomes)
    {
        var failed = outcomes.Count(static outcome => outcome.Error is not null);
        return new EventBatchAnswer
        {
            RequestId = requestId,
            Published = outcomes.Count - failed,
            Failed = failed,
            Results = [.. outcomes.Select(static (outcome, index) => EventResult.Of(index, outcome))],
        };
    }
}

/// <summary>What became of one event.</summary>
/// <param name="Index">Its place in the array, from 0.</param>
/// <param name="Success">Whether JetStream stored it, or had stored it before.</param>
/// <param name="Stream">The stream that stored it; not there with an error.</param>
/// <param name="Sequence">Its sequence in that stream; not there with an error.</param>
/// <param name="Duplicate">The stream had an event with the same id already, and nothing was stored; not there otherwise.</param>
/// <param name="Error">Why it was not stored, or why that is not known; not there where it was.</param>
internal sealed record EventResult(
    int Index,
    bool Success,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Stream,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ulong? Sequence,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Duplicate,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ErrorContract? Error)
{
    public static EventResult Of(int index, in PublishOutcome outcome) => outcome.Error is { } error
        ? new EventResult(index, Success: false, Stream: null, Sequence: null, Duplicate: null, ErrorResponses.Contract(error))
        : new EventResult(index, Success: true, outcome.Stream, outcome.Sequence, outcome.Duplicate ? true : null, Error: null);
}
