using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Httpmq.Api.Contracts;

namespace Httpmq.Api.Serialization;

/// <summary>Finds fields of a JSON body that its contract does not have.</summary>
internal sealed class UnknownFields
{
    // Those of the names of the two sequences; a token and its name have as many.
    private const int QuotesOfPair = 4;

    // A whole line of a subscription may be sent as an acknowledgement: what it says besides is no mistake.
    private static readonly HashSet<string> OfDeliveryLine = new(StringComparer.OrdinalIgnoreCase) { "sequence" };

    private readonly ConcurrentDictionary<Type, HashSet<string>> _known = new();

    /// <summary>The names that a contract has.</summary>
    public IReadOnlyCollection<string> KnownOf(JsonTypeInfo type) => _known.GetOrAdd(
        type.Type,
        static (_, of) => NamesOf(of).ToHashSet(StringComparer.OrdinalIgnoreCase),
        type);

    /// <summary>
    /// The unknown fields of a body that was read already, or null. An acknowledgement is a hot path: where all its pairs are complete and it
    /// has no more quotes than they need, it is not read again.
    /// </summary>
    /// <param name="body">The body, valid JSON.</param>
    /// <param name="type">Its contract.</param>
    /// <param name="model">What was read.</param>
    /// <param name="thorough">Looks into an acknowledgement whatever its quotes say.</param>
    public FoundNames? Find(ReadOnlySpan<byte> body, JsonTypeInfo type, object model, bool thorough)
    {
        if (!thorough && model is AckRequest ack && IsComplete(ack) && body.Count((byte)'"') <= ack.Pairs.Count * QuotesOfPair)
        {
            return null;
        }

        var known = (HashSet<string>)KnownOf(type);
        FoundNames? found = null;
        var json = new Utf8JsonReader(body);

        // An array of objects is one level deeper than an object.
        var depth = 1;
        while (json.Read())
        {
            if (json.TokenType is JsonTokenType.StartArray && json.CurrentDepth == 0)
            {
                depth = 2;
            }
            else if (json.TokenType is JsonTokenType.PropertyName && json.CurrentDepth == depth && Unknown(ref json, known) is { } name)
            {
                if (model is AckRequest && OfDeliveryLine.Contains(name))
                {
                    return null;
                }

                (found ??= new FoundNames()).Add(name);
            }
        }

        return found;
    }

    /// <summary>Where something is missing, it may be there under a wrong name.</summary>
    private static bool IsComplete(AckRequest ack)
    {
        foreach (var pair in ack.Pairs)
        {
            if (pair.Token is null && (pair.Stream is null || pair.Consumer is null))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>An acknowledgement is read by hand: a pair, or the token in its place.</summary>
    private static IEnumerable<string> NamesOf(JsonTypeInfo type) => type.Type == typeof(AckRequest)
        ? ApiJson.Wire.AckParameters.Properties.Select(property => property.Name).Append("token")
        : type.Properties.Select(property => property.Name);

    private static string? Unknown(ref Utf8JsonReader json, HashSet<string> known)
    {
        try
        {
            return json.GetString() is { } name && !known.Contains(name) ? name : null;
        }
        catch (InvalidOperationException)
        {
            // An escape that is half of a character is no known name, and cannot be shown.
            return "?";
        }
    }
}
