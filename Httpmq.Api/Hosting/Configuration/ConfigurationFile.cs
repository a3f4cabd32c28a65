using System.Text.Json;
using Httpmq.Api.Http;
using Httpmq.Api.Json;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>Opens the configuration file and turns YAML or JSON into one kind of tree. What the keys mean is not known here.</summary>
internal static class ConfigurationFile
{
    /// <param name="path">The path as it was given; messages show it like that.</param>
    /// <param name="subject">What gave the path: <c>--config-file</c> or <c>CONFIG_FILE</c>.</param>
    /// <param name="reports">Receives one line for a file that cannot be read or parsed.</param>
    /// <param name="unused">Receives each further document of a YAML file.</param>
    /// <returns>The tree; null when the file is empty, or wrong.</returns>
    internal static FileNode? Read(string path, string subject, Reports reports, Action<FileNode> unused)
    {
        var extension = Path.GetExtension(path).ToUpperInvariant();
        var refusal = Directory.Exists(path) ? "is a directory, not a file"
            : !File.Exists(path) ? "does not exist"
            : extension is not (".YAML" or ".YML" or ".JSON") ? "is not a .yaml, .yml or .json file"
            : null;
        if (refusal is not null)
        {
            reports.Problem(subject, $"{PlainText.Quote(path)} {refusal}");
            return null;
        }

        try
        {
            var text = File.ReadAllText(path);
            return extension is ".JSON" ? ParseJson(text) : ParseYaml(text, path, reports, unused);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var reason = exception is UnauthorizedAccessException ? "permission denied" : exception.Message.TrimEnd('.');
            reports.Problem(subject, $"{PlainText.Quote(path)} cannot be read: {reason}");
        }
        catch (JsonException exception)
        {
            var (line, column) = (exception.LineNumber + 1, exception.BytePositionInLine + 1);
            reports.Problem(path, $"not valid JSON at line {line}, column {column}: {Describe(exception)}");
        }

        return null;
    }

    private static FileNode? ParseYaml(string text, string path, Reports reports, Action<FileNode> unused)
    {
        var stream = new YamlStream();
        using var reader = new StringReader(text);
        var scanner = new Scanner(reader);
        try
        {
            stream.Load(new Parser(scanner));
        }
        catch (Exception exception) when (exception is YamlException or InvalidOperationException or ArgumentException)
        {
            var position = exception is YamlException { Start.Index: > 0 } yaml ? yaml.Start : scanner.CurrentPosition;
            // An anchor is missed at the end of the document, which helps nobody.
            var place = exception is AnchorNotFoundException ? "" : $" at line {position.Line}, column {position.Column}";
            var reason = exception switch
            {
                // What stands behind the asterisk may be a secret.
                AnchorNotFoundException => "a value that begins with * needs quotes",
                InvalidOperationException => "a bracket before it may not be closed",
                ArgumentException => "a key may be missing before it",
                _ => exception.Message,
            };
            reports.Problem(path, $"not valid YAML{place}: {reason}");
            return null;
        }

        if (stream.Documents.Count > 1)
        {
            reports.Warning(path, "holds several YAML documents, only the first is used");
            foreach (var document in stream.Documents.Skip(1))
            {
                unused(FileNode.Of(document.RootNode));
            }
        }

        return stream.Documents.Count == 0 ? null : FileNode.Of(stream.Documents[0].RootNode);
    }

    private static FileNode? ParseJson(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        using var document = JsonDocument.Parse(text);
        return FileNode.Of(document.RootElement.Clone());
    }

    // What the parser says of a comma is meant for programmers.
    private static string Describe(JsonException exception) => JsonExceptionText.Read(exception) is JsonProblem.TrailingComma
        ? "take out the comma before this closing bracket"
        : JsonExceptionText.WithoutPosition(exception);
}
