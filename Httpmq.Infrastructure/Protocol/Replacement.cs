using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Httpmq.Domain.Limits;

namespace Httpmq.Infrastructure.Protocol;

/// <summary>
/// A configuration that takes the place of another one, as JSON. What is not known here stays as the server gave it, and so does a field
/// whose value is the same: it may hold more than is known, or a time that is more exact.
/// </summary>
internal static class Replacement
{
    /// <summary>The configuration that replaces the current one.</summary>
    /// <param name="current">As the server gave it; it is not changed.</param>
    /// <param name="wanted">What is named, with the defaults that every server reports.</param>
    /// <param name="defaults">What some servers report where nothing is named, so that it need not be taken away.</param>
    /// <param name="type">How it becomes JSON.</param>
    public static JsonObject Of<T>(GivenConfig<T> current, T wanted, T defaults, JsonTypeInfo<T> type)
        where T : notnull
    {
        var change = (JsonObject)JsonSerializer.SerializeToNode(wanted, type)!;
        var changed = (JsonObject)current.Json.DeepClone();
        foreach (var field in type.Properties)
        {
            var (now, then) = (field.Get!(current.Known), field.Get(wanted));
            if (field.Name is "metadata")
            {
                change["metadata"] ??= new JsonObject();
            }
            else if (then is null
                ? NamedFields.IsNone(now) || NamedFields.AreSame(now, field.Get(defaults))
                : now is not null && NamedFields.AreSame(now, then))
            {
                change.Remove(field.Name);
            }
            else if (then is null)
            {
                changed.Remove(field.Name);
            }
        }

        return WithoutEmptyMetadata(changed.With(change), current.Json);
    }

    private static JsonObject WithoutEmptyMetadata(JsonObject config, JsonObject current)
    {
        if (config["metadata"] is JsonObject { Count: 0 } && current["metadata"] is null)
        {
            config.Remove("metadata");
        }

        return config;
    }
}
