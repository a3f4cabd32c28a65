using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>
/// One node of the file, whether YAML or JSON. One of the three forms is what it is; none: no value, the same as a key that is not there.
/// What is below is made when it is asked for, because a node of YAML may hold itself.
/// </summary>
/// <param name="Line">The line in the file, from 1; 0 when the parser does not tell.</param>
/// <param name="Scalar">The text of a single value.</param>
/// <param name="Items">The items of a list.</param>
/// <param name="Members">The keys and values of a section.</param>
internal sealed record FileNode(long Line, string? Scalar, IEnumerable<FileNode>? Items, IEnumerable<(string Key, FileNode Value)>? Members)
{
    // A node that merges itself would be merged for ever.
    private const int MaxMergeDepth = 8;

    internal bool IsNull => Scalar is null && Items is null && Members is null;

    internal static FileNode Of(YamlNode node) => new(
        node.Start.Line,
        node is YamlScalarNode scalar && !IsNullText(scalar) ? scalar.Value ?? "" : null,
        (node as YamlSequenceNode)?.Children.Select(Of),
        node is YamlMappingNode map ? Merged(map, 0).Select(member => (member.Key, Of(member.Value))) : null);

    internal static FileNode Of(JsonElement element) => new(
        0,
        element.ValueKind switch
        {
            JsonValueKind.String => element.GetString(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => element.GetRawText(),
            _ => null,
        },
        element.ValueKind is JsonValueKind.Array ? element.EnumerateArray().Select(Of) : null,
        element.ValueKind is JsonValueKind.Object ? element.EnumerateObject().Select(member => (member.Name, Of(member.Value))) : null);

    // YAML 1.2, 10.3.2; only a plain scalar can be null, "null" in quotes is a text.
    private static bool IsNullText(YamlScalarNode scalar) =>
        scalar is { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" or "Null" or "NULL" };

    // "<<: *defaults" takes over what the map itself does not say (yaml.org/type/merge.html). The library's own merging parser
    // throws InvalidOperationException for some broken files, and loses the lines of the others.
    private static IEnumerable<(string Key, YamlNode Value)> Merged(YamlMappingNode map, int depth)
    {
        var members = map.Children.Select(member => (Key: (member.Key as YamlScalarNode)?.Value ?? "?", member.Value)).ToList();
        var merged = members
            .Where(member => member.Key is "<<")
            .SelectMany(member => member.Value is YamlSequenceNode several ? several.Children : [member.Value])
            .OfType<YamlMappingNode>()
            .SelectMany(other => depth < MaxMergeDepth ? Merged(other, depth + 1) : []);
        return members.Where(member => member.Key is not "<<").Concat(merged).DistinctBy(member => member.Key, StringComparer.Ordinal);
    }
}
