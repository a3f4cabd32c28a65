namespace Httpmq.Api.Errors;

/// <summary>
/// One page of documentation per type of error, where the <c>type</c> of problem details points. They come from the tables of
/// docs/errors.md, which is part of the program.
/// </summary>
internal static class ErrorPages
{
    public const string Path = "/errors";

    private static readonly Lazy<Dictionary<string, string>> Pages = new(Read);

    /// <summary>The page, in Markdown; null where there is no such type.</summary>
    public static string? Find(string slug) => Pages.Value.GetValueOrDefault(slug);

    private static Dictionary<string, string> Read()
    {
        using var stream = typeof(ErrorPages).Assembly.GetManifestResourceStream("errors.md")!;
        using var reader = new StreamReader(stream);
        var pages = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            // | `type` | kind | status | meaning | what to do |
            if (line.StartsWith("| `", StringComparison.Ordinal)
                && line.Split(" | ") is [var first, _, var status, var meaning, var advice])
            {
                var slug = first[3..^1];
                pages[slug] = $"# {slug}\n\n{meaning}\n\n- Status: {status}\n- What to do: {advice.TrimEnd(' ', '|')}\n";
            }
        }

        return pages;
    }
}
