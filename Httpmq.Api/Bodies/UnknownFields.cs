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
    /// <param name="others">Names that are known besides, read by hand, in the outermost object of what is read by hand.</param>
    public FoundNames? Find(
        ReadOnlySpan<byte> body, JsonTypeInfo type, object model, bool thorough, IReadOnlyCollection<string>? others = null)
    {
        if (body.TrimStart(" \t\r\n"u8).IsEmpty || (!thorough && model is IKnowsItsFields sure && sure.IsAllKnown(body)))
        {
            return null;
        }

        FoundNames? found = null;
        if (model is not IKnowsItsFields)
        {
            var within = new Utf8JsonReader(body);
            within.Read();
            FindWithin(ref within, type, ref found);
            return found;
        }

        var known = (HashSet<string>)KnownOf(type);
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
                && Unknown(ref json, known) is { } name
                && !(json.CurrentDepth == 1 && others is not null && others.Contains(name, StringComparer.Ordinal)))
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

    /// <summary>Also looks into what has fields itself. The reader is on the value, and is behind it afterwards.</summary>
    private void FindWithin(ref Utf8JsonReader json, JsonTypeInfo? type, ref FoundNames? found)
    {
        var contract = type?.Kind is JsonTypeInfoKind.Enumerable ? TypeOf(type.ElementType, type.Options) : type;
        if (json.TokenType is JsonTokenType.StartArray)
        {
            while (json.Read() && json.TokenType is not JsonTokenType.EndArray)
            {
                FindWithin(ref json, contract, ref found);
            }

            return;
        }

        if (json.TokenType is not JsonTokenType.StartObject || contract?.Kind is not JsonTypeInfoKind.Object)
        {
            json.Skip();
            return;
        }

        var known = (HashSet<string>)KnownOf(contract);
        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            JsonTypeInfo? field = null;
            if (Unknown(ref json, known) is { } name)
            {
                (found ??= new FoundNames()).Add(name, known);
            }
            else if (json.GetString() is { } shown && contract.Properties.FirstOrDefault(
                property => string.Equals(property.Name, shown, StringComparison.OrdinalIgnoreCase)) is { } property)
            {
                field = TypeOf(property.PropertyType, contract.Options);
            }

            json.Read();
            FindWithin(ref json, field, ref found);
        }
    }

    private static JsonTypeInfo? TypeOf(Type? type, JsonSerializerOptions options) =>
        type is not null && options.TryGetTypeInfo(type, out var info) ? info : null;

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
