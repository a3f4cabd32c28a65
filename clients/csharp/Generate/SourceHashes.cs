using System.Security.Cryptography;

namespace Httpmq.Client.Generate;

/// <summary>
/// Notes the SHA-256 of what went in and what came out, so that a test can tell a forgotten `make client`, or code that was
/// edited by hand, without the generator.
/// </summary>
internal static class SourceHashes
{
    public static async Task WriteAsync(string documents, string output)
    {
        var files = Directory.GetFiles(documents, "*.json").Concat(Directory.GetFiles(output, "*.cs"));
        var lines = files
            .OrderBy(Path.GetFileName, StringComparer.Ordinal)
            .Select(file => $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)))}  {Path.GetFileName(file)}\n");
        await File.WriteAllTextAsync(Path.Combine(output, "sources.sha256"), string.Concat(lines));
    }
}
