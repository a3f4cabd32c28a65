using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Httpmq.Api.Http;
using Httpmq.Api.Json;

namespace Httpmq.Api.Bodies;

/// <summary>Finds fields of a JSON body that its contract does not have.</summary>
internal sealed class UnknownFields
{
    private readonly ConcurrentDictionary<Type, HashSet<string>> _known = new();

    /// <summary>The names that a contract has.</summary>
    public IReadOnlyCollection<string> KnownOf(JsonTypeInfo type) => _known.GetOrAdd(
        type.Type,
        static (_, of) => NamesOf(of).ToHashSet(StringComparer.OrdinalIgnoreCase),
        type);

    /// <summary>
    /// The unknown fields of a body that was read already, or null. A body of a hot path may save the second reading:
    /// <see cref="IKnowsItsFields"/>.
    /// </summary>
    /// <param name="body">The body, valid JSON.</param>
    /// <param name="type">Its contract.</param>
    /// <param name="model">What was read.</param>
    /// <param name="thorough">Looks into every body.</param>
    public FoundNames? Find(ReadOnlySpan<byte> body, JsonTypeInfo type, object model, bool thorough)
    {
        if (!thorough && model is IKnowsItsFields sure && sure.IsAllKnown(body))
        {
            return null;
        }

        var known = (HashSet<string>)KnownOf(type);
        FoundNames? found = null;
        var json = new Utf8JsonReader(body);

        // An array of objects is one level deeper than an object.
        var depth = 1;
        var elements = model is IKnowsItsFields { HasElements: true } ? 3 : 1;
        while (json.Read())
        {
            if (json.TokenType is JsonTokenType.StartArray && json.CurrentDepth == 0)
            {
                depth = 2;
            }
            else if (json.TokenType is JsonTokenType.PropertyName
                && (json.CurrentDepth == depth || json.CurrentDepth == elements)
                && Unknown(ref json, known) is { } name)
            {
                if (model is IKnowsItsFields tolerant && tolerant.Permits(name))
                {
                    return null;
                }

                (found ??= new FoundNames()).Add(name);
            }
        }

        return found;
    }

    private static IEnumerable<string> NamesOf(JsonTypeInfo type) => type.Type.GetCustomAttribute<ReadByHandAttribute>() is { } read
        ? NamesOf(type.Options.GetTypeInfo(read.Element)).Concat(read.OtherFields)
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
