using System.Reflection;
using System.Text.RegularExpressions;
using Httpmq.Api.Hosting.Configuration;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Httpmq.Tests.Architecture;

/// <summary>A text in compiled code, and where.</summary>
internal sealed record LayerText(string Type, string Text);

/// <summary>
/// The texts of an assembly that belong to the edge: a route, an HTTP method, a key of the configuration, its environment variable or an
/// option of the command line. Log texts are among them, because their generated code loads them.
/// </summary>
internal static partial class LayerTexts
{
    private static readonly Regex Keys = new(
        @"(?<![\w.])(" + string.Join('|', Declaration.Catalogue.Settings
            .Where(static setting => setting.Key.Contains('.', StringComparison.Ordinal))
            .Select(static setting => Regex.Escape(setting.Key.Replace("[]", "", StringComparison.Ordinal)))) + @")(?!\w)",
        RegexOptions.ExplicitCapture,
        TimeSpan.FromSeconds(1));

    public static IReadOnlyList<LayerText> OfTheEdge(Assembly assembly)
    {
        using var module = ModuleDefinition.ReadModule(assembly.Location);
        return [.. module.GetTypes()
            .SelectMany(static type => type.Methods, static (type, method) => (Type: type, Method: method))
            .Where(static found => found.Method.HasBody)
            .SelectMany(static found => found.Method.Body.Instructions, static (found, instruction) =>
                (found.Type, Instruction: instruction))
            .Where(static found => found.Instruction.OpCode == OpCodes.Ldstr)
            .Select(static found => new LayerText(Outermost(found.Type), (string)found.Instruction.Operand))
            .Where(static found => IsOfTheEdge(found.Text))
            .Distinct()];
    }

    public static bool IsOfTheEdge(string text) => Keys.IsMatch(text) || Route().IsMatch(text);

    private static string Outermost(TypeDefinition type) => type.DeclaringType is { } outer ? Outermost(outer) : type.FullName;

    // Methods stand between spaces, or in front of one: JetStream's calls have such words between dots.
    [GeneratedRegex(@"/v\d+/|Httpmq__|(?<!\S)--[a-z]+-[a-z]+|(?<![.\w])(GET|POST|PUT|PATCH|DELETE)\s|\s(GET|POST|PUT|PATCH|DELETE)\b",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Route();
}
