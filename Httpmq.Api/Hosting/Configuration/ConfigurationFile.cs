using System.Text.Json;
using Httpmq.Api.Http;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>Opens the configuration file and turns YAML or JSON into one kind of tree. What the keys mean is not known here.</summary>
internal static class ConfigurationFile
{
    /// <param name="path">The path as it was given; messages show it like that.</param>
    /// <param name="subject">What gave the path: <c>--config-file</c> or <c>CONFIG_FILE</c>.</param>
    /// <param name="findings">Receives one line for a file that cannot be read or parsed.</param>
    /// <returns>The tree; null when the file is empty, or wrong.</returns>
    internal static FileNode? Read(string path, string subject, Findings findings)
    {
        var extension = Path.GetExtension(path).ToUpperInvariant();
        if (Directory.Exists(path))
        {
            findings.Problem(subject, $"{PlainText.Quote(path)} is a directory, not a file");
        }
        else if (!File.Exists(path))
        {
            findings.Problem(subject, $"{PlainText.Quote(path)} does not exist");
        }
        else if (extension is not (".YAML" or ".YML" or ".JSON"))
        {
            findings.Problem(subject, $"{PlainText.Quote(path)} is not a .yaml, .yml or .json file");
        }
        else
        {
            try
            {
                var text = File.ReadAllText(path);
                return extension is ".JSON" ? ParseJson(text) : ParseYaml(text, path, findings);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                var reason = exception is UnauthorizedAccessException ? "permission denied" : exception.Message.TrimEnd('.');
                findings.Problem(subject, $"{PlainText.Quote(path)} cannot be read: {reason}");
            }
            catch (JsonException exception)
            {
                var (line, column) = (exception.LineNumber + 1, exception.BytePositionInLine + 1);
                findings.Problem(path, $"not valid JSON at line {line}, column {column}: {WithoutPosition(exception.Message)}");
            }
        }

        return null;
    }

    private static YamlFileNode? ParseYaml(string text, string path, Findings findings)
    {
        var stream = new YamlStream();
        using var reader = new StringReader(text);
        var scanner = new Scanner(reader);
        try
        {
            stream.Load(new Parser(scanner));
        }
        catch (AnchorNotFoundException exception)
        {
            findings.Problem(path, $"not valid YAML: {exception.Message}"); // thrown at the end of the document, which helps nobody
            return null;
        }
        catch (YamlException exception)
        {
            var position = exception.Start.Index > 0 ? exception.Start : scanner.CurrentPosition;
            findings.Problem(path, $"not valid YAML at line {position.Line}, column {position.Column}: {exception.Message}");
            return null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // What the library throws when a key appears inside a list in brackets that is never closed, and when a key is missing.
            var position = scanner.CurrentPosition;
            var fault = exception is InvalidOperationException ? "a bracket before it may not be closed" : "a key may be missing before it";
            findings.Problem(path, $"not valid YAML at line {position.Line}, column {position.Column}: {fault}");
            return null;
        }

        if (stream.Documents.Count > 1)
        {
            findings.Warning(path, "holds several YAML documents, only the first is used");
        }

        return stream.Documents.Count == 0 ? null : new YamlFileNode(stream.Documents[0].RootNode);
    }

    private static JsonFileNode? ParseJson(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        using var document = JsonDocument.Parse(text);
        return new JsonFileNode(document.RootElement.Clone());
    }

    // The parser counts from zero; its position would contradict ours. What it says of a comma is meant for programmers.
    private static string WithoutPosition(string message)
    {
        if (message.Contains("trailing comma", StringComparison.Ordinal))
        {
            return "take out the comma before this closing bracket";
        }

        var position = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return position < 0 ? message : message[..position];
    }
}

/// <summary>One node of the file: exactly one of the four forms is what it is.</summary>
internal abstract class FileNode
{
    /// <summary>No value: the same as a key that is not there.</summary>
    internal abstract bool IsNull { get; }

    /// <summary>The text of a single value, else null.</summary>
    internal abstract string? Scalar { get; }

    /// <summary>The items of a list, else null.</summary>
    internal abstract IEnumerable<FileNode>? Items { get; }

    /// <summary>The keys and values of a section, else null.</summary>
    internal abstract IEnumerable<(string Key, FileNode Value)>? Members { get; }

    /// <summary>The line in the file, from 1; 0 when the parser does not tell.</summary>
    internal virtual long Line => 0;
}

internal sealed class YamlFileNode(YamlNode node) : FileNode
{
    // A node that merges itself would be merged for ever.
    private const int MaxMergeDepth = 8;

    // YAML 1.2, 10.3.2; only a plain scalar can be null, "null" in quotes is a text.
    internal override bool IsNull =>
        node is YamlScalarNode { Style: ScalarStyle.Plain } scalar && scalar.Value is null or "" or "~" or "null" or "Null" or "NULL";

    internal override string? Scalar => (node as YamlScalarNode)?.Value;

    internal override IEnumerable<FileNode>? Items => (node as YamlSequenceNode)?.Children.Select(item => new YamlFileNode(item));

    internal override IEnumerable<(string Key, FileNode Value)>? Members =>
        node is YamlMappingNode map ? Merged(map, 0).Select(member => (member.Key, (FileNode)new YamlFileNode(member.Value))) : null;

    internal override long Line => node.Start.Line;

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

internal sealed class JsonFileNode(JsonElement element) : FileNode
{
    internal override bool IsNull => element.ValueKind == JsonValueKind.Null;

    internal override string? Scalar => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => element.GetRawText(),
        _ => null,
    };

    internal override IEnumerable<FileNode>? Items =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray().Select(item => new JsonFileNode(item)) : null;

    internal override IEnumerable<(string Key, FileNode Value)>? Members =>
        element.ValueKind == JsonValueKind.Object
            ? element.EnumerateObject().Select(member => (member.Name, (FileNode)new JsonFileNode(member.Value)))
            : null;
}
