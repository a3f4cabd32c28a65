using Httpmq.Api.Http;
using Httpmq.Api.Json;
using Httpmq.Application.Settling;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Settling;

/// <summary>Deliveries by what became of them; each by its two sequences or its token.</summary>
/// <example>{"ack":[{"stream":1,"consumer":1},{"token":"AQYBGPb9XA"}],"nak":[{"stream":2,"consumer":2,"delay":"30s"}],"term":[{"stream":3,"consumer":3,"reason":"no such order"}],"progress":[{"stream":4,"consumer":4}]}</example>
internal sealed record SettleParameters
{
    /// <summary>Were processed: they are not redelivered.</summary>
    public IReadOnlyList<SettledDelivery>? Ack { get; init; }

    /// <summary>Were not processed: they are redelivered after `delay`, unless the consumer's `max_retry` is reached.</summary>
    public IReadOnlyList<NakkedDelivery>? Nak { get; init; }

    /// <summary>Never will be processed: they are not redelivered, and JetStream publishes an advisory with `reason`.</summary>
    public IReadOnlyList<TermedDelivery>? Term { get; init; }

    /// <summary>Are being processed: `ack_wait` begins anew.</summary>
    public IReadOnlyList<SettledDelivery>? Progress { get; init; }
}

/// <summary>One delivery, by its two sequences or its token. The whole line, as it came, does as well.</summary>
/// <example>{"stream":1,"consumer":1}</example>
internal record SettledDelivery
{
    /// <summary>The message's sequence in the stream, at least 1. Not with `token`.</summary>
    [Field(Minimum = 1)]
    public ulong? Stream { get; init; }

    /// <summary>The delivery's sequence in the consumer, at least 1. Not with `token`.</summary>
    [Field(Minimum = 1)]
    public ulong? Consumer { get; init; }

    /// <summary>The delivery's token, as it came.</summary>
    public string? Token { get; init; }
}

/// <summary>One delivery that was not processed.</summary>
/// <example>{"stream":2,"consumer":2,"delay":"30s"}</example>
internal sealed record NakkedDelivery : SettledDelivery
{
    /// <summary>
    /// How long until it is redelivered: nanoseconds, or text such as "30s"; 0: at once, else from 1 ms to a year. Absent: the step of the
    /// consumer's backoff whose turn it is, or 1 s where it has none. With a backoff JetStream adds what that step is longer than the
    /// first.
    /// </summary>
    public GivenDuration? Delay { get; init; }
}

/// <summary>One delivery that never will be processed.</summary>
/// <example>{"stream":3,"consumer":3,"reason":"no such order"}</example>
internal sealed record TermedDelivery : SettledDelivery
{
    /// <summary>For JetStream's advisory, at most 1024 bytes. Needs nats-server 2.10.4; before, the entry fails with 501.</summary>
    public string? Reason { get; init; }
}

/// <summary>What was read of a settlement.</summary>
/// <param name="Entries">Every entry, in the order of the verbs.</param>
/// <param name="Indices">Which one of its verb each is, from 0.</param>
/// <param name="Lists">How many verbs have an array.</param>
[ReadByHand(typeof(NakkedDelivery), "ack", "nak", "term", "progress", "reason")]
internal sealed record SettleRequest(IReadOnlyList<SettleEntry> Entries, IReadOnlyList<int> Indices, int Lists) : IKnowsItsFields
{
    // Of the names of the two sequences, or of a token and its name.
    private const int QuotesOfPair = 4;

    bool IKnowsItsFields.HasElements => true;

    /// <summary>What was read, by verb.</summary>
    public static SettleRequest Of(IReadOnlyList<List<SettleEntry>?> lists) => new(
        lists.SelectMany(static list => list ?? []).ToArray(),
        lists.SelectMany(static list => Enumerable.Range(0, list?.Count ?? 0)).ToArray(),
        lists.Count(static list => list is not null));

    // Where all deliveries are complete and there are no more quotes than they and what is known need, there is nothing else in it.
    bool IKnowsItsFields.IsAllKnown(ReadOnlySpan<byte> body)
    {
        var quotes = 2 * Lists;
        foreach (var (pair, settlement) in Entries)
        {
            if (pair.Token is null && (pair.Stream is null || pair.Consumer is null))
            {
                return false;
            }

            quotes += QuotesOfPair + (settlement.Delay is not { } delay ? 0 : delay.HasUnit ? 4 : 2);
        }

        return body.Count((byte)'"') <= quotes;
    }

    // A whole line of a subscription may be sent as an entry: what it says besides is no mistake.
    bool IKnowsItsFields.Permits(string field) => string.Equals(field, "sequence", StringComparison.OrdinalIgnoreCase);
}

/// <summary>How many entries JetStream confirmed, and what became of the others.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","settled":3,"failed":1,"results":[{"verb":"nak","index":0,"code":404,"message":"Unable to settle messages of stream orders for consumer billing","detail":"stream: consumer billing was never sent a message with stream sequence 9","type":"ack-never-sent"}]}</example>
internal sealed record SettleAnswer : Answer
{
    /// <summary>How many JetStream confirmed.</summary>
    public required int Settled { get; init; }

    /// <summary>How many it did not.</summary>
    public required int Failed { get; init; }

    /// <summary>Those that failed, in the order of the verbs.</summary>
    public required IReadOnlyList<SettleFailure> Results { get; init; }

    // The words of many failures would keep their thread, of which there are as many as processors.
    private const int FailuresPerTurn = 64;

    /// <summary>What became of the entries of a request.</summary>
    public static async ValueTask<SettleAnswer> OfAsync(string requestId, SettleRequest request, IReadOnlyList<AckOutcome> outcomes)
    {
        var failures = new List<SettleFailure>();
        for (var at = 0; at < outcomes.Count; at++)
        {
            if (outcomes[at].Error is { } error)
            {
                failures.Add(SettleFailure.Of(request.Entries[at].Settlement.Verb, request.Indices[at], error));
                if (failures.Count % FailuresPerTurn == 0)
                {
                    await Task.Yield();
                }
            }
        }

        return new SettleAnswer
        {
            RequestId = requestId,
            Settled = outcomes.Count - failures.Count,
            Failed = failures.Count,
            Results = failures,
        };
    }
}

/// <summary>An entry that was not settled, and why.</summary>
/// <param name="Verb">Where it stood: `ack`, `nak`, `term` or `progress`.</param>
/// <param name="Index">Its place there, from 0.</param>
/// <param name="Code">The HTTP status that a request of its own would have had.</param>
/// <param name="Message">What failed, in one short sentence.</param>
/// <param name="Detail">Why.</param>
/// <param name="Type">The failure's name, which never changes.</param>
internal sealed record SettleFailure(string Verb, int Index, int Code, string Message, string Detail, string Type)
{
    public static SettleFailure Of(SettleVerb verb, int index, Error error)
    {
        var contract = ErrorResponses.Contract(error);
        return new SettleFailure(Settlement.NameOf(verb), index, contract.Code, contract.Message, contract.Detail, contract.Type);
    }
}
