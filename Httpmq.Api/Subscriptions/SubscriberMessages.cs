using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Httpmq.Api.Bodies;
using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Api.Json;
using Httpmq.Api.RateLimits;
using Httpmq.Api.Settling;
using Httpmq.Api.Tracing;
using Httpmq.Application.Settling;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using MediatR;

namespace Httpmq.Api.Subscriptions;

/// <summary>What became of the entries of a settlement that a client sent while it receives.</summary>
/// <param name="Id">The settlement's own id; null where it has none.</param>
/// <param name="Settled">How many JetStream confirmed.</param>
/// <param name="Failed">How many it did not.</param>
/// <param name="Results">Those that failed, in the order of the verbs.</param>
/// <param name="Warnings">Fields of the settlement that nobody knows; absent where there are none.</param>
/// <example>{"event":"settled","id":"7","settled":2,"failed":0,"results":[]}</example>
internal sealed record SettledEvent(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id,
    int Settled,
    int Failed,
    IReadOnlyList<SettleFailure> Results,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Warnings)
{
    /// <summary>Always `settled`.</summary>
    [JsonPropertyOrder(-1)]
    public string Event { get; } = "settled";
}

/// <summary>A settlement, or a message with an unknown field where the subscription is strict, of which nothing was done.</summary>
/// <param name="Id">The settlement's own id; null where it has none.</param>
/// <param name="Error">Why.</param>
internal sealed record SettlementRefusedEvent(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id, ErrorContract Error)
{
    /// <summary>Always `error`.</summary>
    [JsonPropertyOrder(-1)]
    public string Event { get; } = "error";
}

[JsonSerializable(typeof(SettledEvent))]
[JsonSerializable(typeof(SettlementRefusedEvent))]
internal sealed partial class SubscriberJson : JsonSerializerContext
{
    public static SubscriberJson Wire { get; } = new(WireJson.Options());
}

/// <summary>
/// Reads what a client sends while it receives: <c>{"credit":n}</c>, a settlement as its route takes it, or both in one object, with an
/// <c>id</c> that comes back with the answer.
/// </summary>
internal sealed class SubscriberMessages(
    IMediator mediator,
    Caller caller,
    string requestId,
    IDeliverySource source,
    SubscriberInbox inbox,
    BodyBuffers buffers,
    Permits permits,
    SubscriberFields fields,
    Action<Error> refused)
{
    /// <summary>The largest message of a client, in bytes: enough for 10,000 entries.</summary>
    public const int MaxBytes = 2 * 1024 * 1024;

    private const int LongestId = 64;

    // Of its outcome, and in its answer where it failed.
    private const int BytesOfAnEntry = 512;

    /// <summary>Whether there is nothing to settle.</summary>
    public bool IsReplay { get; init; }

    /// <summary>Takes one message; false: it cannot be read, and the subscription ends.</summary>
    /// <param name="message">One JSON object.</param>
    /// <param name="cancellationToken">Gives up waiting for the settlements before it.</param>
    public async Task<bool> TryTakeAsync(ReadOnlySequence<byte> message, CancellationToken cancellationToken)
    {
        (long? Credit, string? Id) words;
        SettleRequest settlement;
        IReadOnlyList<string>? warnings;
        try
        {
            settlement = fields.Parse(message, buffers, out warnings);
            words = ReadWords(message);
            if (settlement.Lists > 0 && IsReplay)
            {
                throw Malformed("""a replay has nothing to settle; it takes {"credit":100}""");
            }

            if (settlement.Lists == 0 && words.Credit is null)
            {
                throw Malformed("""the message has neither credit nor a settlement, such as {"credit":100} or {"ack":[{"token":"…"}]}""");
            }
        }
        catch (HttpmqException exception)
        {
            inbox.Refuse(exception.Error);
            return false;
        }

        // What comes faster waits, and so does what the client sends behind it.
        await permits.TakeAsync(Math.Clamp(settlement.Entries.Count, 1, AcknowledgeBatch.MaxPairs), cancellationToken);
        if (warnings is not null && fields.AreStrict)
        {
            await inbox.StartAsync(
                () => Task.FromResult(Refused(words.Id, HttpErrors.Unknown(SubscriberFields.Kind, warnings))),
                places: 1,
                memory: null,
                cancellationToken);
            return true;
        }

        if (words.Credit is { } credit)
        {
            inbox.AddCredit(credit);
        }

        if (settlement.Lists > 0 && FindRefusal() is { } refusal)
        {
            // The subscription itself may end only when the client reads on.
            refused(refusal);
            await inbox.StartAsync(() => Task.FromResult(Refused(words.Id, refusal)), places: 1, memory: null, cancellationToken);
        }
        else if (settlement.Lists > 0)
        {
            await StartAsync(settlement, words.Id, warnings, cancellationToken);
        }

        return true;
    }

    private Error? FindRefusal() => caller.CheckEnd(permits.Time)
        ?? caller.CheckConsume(StreamName.OfExisting(source.Stream), ConsumerName.OfExisting(source.Consumer));

    /// <summary>What it holds, and the answer that nobody may read, counts among the bodies of requests.</summary>
    private Task StartAsync(
        SettleRequest settlement, string? id, IReadOnlyList<string>? warnings, CancellationToken cancellationToken)
    {
        var count = Math.Min(settlement.Entries.Count, AcknowledgeBatch.MaxPairs);
        var places = 1 + ((SubscriberInbox.MaxAnswers - 1) * count / AcknowledgeBatch.MaxPairs);
        var memory = buffers.Hold();
        try
        {
            memory.GrowTo((long)count * BytesOfAnEntry);
            return inbox.StartAsync(() => SettleAsync(settlement, id, warnings), places, memory, cancellationToken);
        }
        catch (HttpmqException exception)
        {
            memory.Dispose();
            return inbox.StartAsync(() => Task.FromResult(Refused(id, exception.Error)), places: 1, memory: null, cancellationToken);
        }
    }

    /// <summary>The error of a message that is too large.</summary>
    public static Error TooLarge() => HttpErrors.TooLarge(MaxBytes);

    /// <summary>The error of a message that is no text.</summary>
    public static Error NotText() => SubscriberErrors.Malformed("the message is binary; messages are JSON texts");

    private async Task<byte[]> SettleAsync(SettleRequest settlement, string? id, IReadOnlyList<string>? warnings)
    {
        // It goes on where the client leaves: what it asked for is not less true then.
        try
        {
            using var span = Spans.StartSettle(
                "settle", source.Stream, source.Consumer, settlement.Entries.Count, inSession: true);
            var outcomes = await mediator.Send(
                new SettleDeliveries(caller, source.Stream, source.Consumer, settlement.Entries), CancellationToken.None).MarkAsync(span);
            span.Tell(outcomes);
            var answer = await SettleAnswer.OfAsync(requestId, settlement, outcomes);
            return JsonSerializer.SerializeToUtf8Bytes(
                new SettledEvent(id, answer.Settled, answer.Failed, answer.Results, warnings), SubscriberJson.Wire.SettledEvent);
        }
        catch (HttpmqException exception)
        {
            return Refused(id, exception.Error);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return Refused(id, HttpErrors.Failed);
        }
    }

    private static byte[] Refused(string? id, Error error) => JsonSerializer.SerializeToUtf8Bytes(
        new SettlementRefusedEvent(id, ErrorResponses.Contract(error)), SubscriberJson.Wire.SettlementRefusedEvent);

    /// <summary>Reads what a settlement has not; the message is valid JSON, and an object.</summary>
    private static (long? Credit, string? Id) ReadWords(in ReadOnlySequence<byte> message)
    {
        (long? Credit, string? Id) words = default;
        var reader = new Utf8JsonReader(message);
        reader.Read();
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("credit"u8))
            {
                reader.Read();
                words.Credit = ReadCredit(ref reader);
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                words.Id = ReadId(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return words;
    }

    private static long ReadCredit(ref Utf8JsonReader reader) =>
        reader.TokenType is JsonTokenType.Number && reader.TryGetInt64(out var credit) && credit is >= 1 and <= DeliveryCredit.Max
            ? credit
            : throw Malformed(string.Create(
                CultureInfo.InvariantCulture, $"credit: {Shown(ref reader)} is not an integer from 1 to {DeliveryCredit.Max}"));

    private static string ReadId(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is JsonTokenType.String && TextOf(ref reader) is { Length: <= LongestId } id)
        {
            return id;
        }

        throw Malformed($"id: {Shown(ref reader)} is not a text of at most {LongestId} characters");
    }

    private static string? TextOf(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half of a character.
            return null;
        }
    }

    private static string Shown(ref Utf8JsonReader reader)
    {
        var raw = reader.TokenType switch
        {
            JsonTokenType.StartObject => "an object",
            JsonTokenType.StartArray => "an array",
            _ => Encoding.UTF8.GetString(reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan),
        };
        return raw.Length > LongestId ? raw[..LongestId] + "…" : raw;
    }

    private static HttpmqException Malformed(string reason) => new(SubscriberErrors.Malformed(reason));
}
