using System.Globalization;
using System.Text.Json;
using Httpmq.Api.Errors;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Api.Publishing;

/// <summary>
/// The headers of a record: <c>headers</c> with names as given, and the fields that stand for one of JetStream's. Costs nothing where a
/// record has none.
/// </summary>
internal sealed class BatchRecordHeaders
{
    private static readonly Error NoHeaders = BatchErrors.Invalid(
        "headers: the value is not an object of names and values, such as {\"Trace-Id\":\"7\",\"Tag\":[\"a\",\"b\"]}");

    private static readonly Error NoSequence =
        BatchErrors.Invalid("expected_last_subject_sequence: the value is not an integer of at least 0");
    private static readonly Error IdNoText = BatchErrors.Invalid("id: the value is not text");

    private static readonly Error NoTtl = BatchErrors.Invalid(
        "ttl: the value is not a duration of at least 1 s: nanoseconds, text such as \"30s\" or \"1h30m\", or \"never\"");

    private readonly PublishHeaders _headers = new();

    /// <summary>Whether the message adds to a counter, and has no payload.</summary>
    public bool IsIncrement => _headers.IsIncrement;

    /// <summary>Begins with another record.</summary>
    public void Clear()
    {
        if (!_headers.IsEmpty)
        {
            _headers.Clear();
        }
    }

    public Error? ReadHeaders(ref Utf8JsonReader json)
    {
        if (json.TokenType is JsonTokenType.Null)
        {
            return null;
        }

        if (json.TokenType is not JsonTokenType.StartObject)
        {
            return NoHeaders;
        }

        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            var name = json.GetString()!;
            json.Read();
            if (ReadValues(name, ref json) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    public Error? ReadId(ref Utf8JsonReader json) => json.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.String => Add(PublishHeaderRules.MessageId, json.GetString()!, "id"),
        _ => IdNoText,
    };

    public Error? ReadExpectedSequence(ref Utf8JsonReader json) => json.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.Number when json.TryGetInt64(out var sequence) && sequence >= 0 => Add(
            PublishHeaderRules.ExpectedLastSubjectSequence,
            sequence.ToString(CultureInfo.InvariantCulture),
            "expected_last_subject_sequence"),
        _ => NoSequence,
    };

    public Error? ReadTtl(ref Utf8JsonReader json)
    {
        switch (json.TokenType)
        {
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.Number when json.TryGetInt64(out var length) && length >= MessageTimeToLive.Shortest:
                return AddTtl(MessageTimeToLive.TextOf(length));
            case JsonTokenType.Number when json.TryGetInt64(out var length) && new GivenDuration(length).LooksLikeSeconds:
                return BatchErrors.Invalid($"ttl: a number is nanoseconds: for {length} seconds write \"{length}s\"");
            case JsonTokenType.String when json.GetString() is var text && (text is "never" || DurationText.TryParse(text!, out _, out _)):
                return AddTtl(text!);
            default:
                return NoTtl;
        }
    }

    /// <summary>The headers as they are sent, and what they need.</summary>
    public Error? Build(Subject subject, out MessageHeaders headers, out MessageNeeds? needs) =>
        _headers.Build(subject, out headers, out needs) is { } invalid ? BatchErrors.Invalid(invalid.Reason) : null;

    private Error? ReadValues(string name, ref Utf8JsonReader json)
    {
        switch (json.TokenType)
        {
            case JsonTokenType.String:
                return Add(name, json.GetString()!);
            case JsonTokenType.StartArray:
                while (json.Read() && json.TokenType is JsonTokenType.String)
                {
                    if (Add(name, json.GetString()!) is { } error)
                    {
                        return error;
                    }
                }

                return json.TokenType is JsonTokenType.EndArray ? null : NoHeaders;
            default:
                return NoHeaders;
        }
    }

    private Error? AddTtl(string text) => Add(PublishHeaderRules.TimeToLive, text, "ttl");

    private Error? Add(string name, string value, string? given = null) =>
        _headers.Add(name, value, given) is { } invalid ? BatchErrors.Invalid(invalid.Reason) : null;
}
