using System.Net;

namespace Httpmq.Api.Errors;

/// <summary>
/// One page of documentation per type of error, where the <c>type</c> of problem details points, and a page that lists them. They come from
/// the tables of docs/errors.md, which is part of the program.
/// </summary>
internal static class ErrorPages
{
    public const string Path = "/errors";

    private static readonly Lazy<Dictionary<string, ErrorPage>> Pages = new(Read);

    /// <summary>The page; null where there is no such type.</summary>
    public static ErrorPage? Find(string slug) => Pages.Value.GetValueOrDefault(slug);

    /// <summary>All types with their statuses, in Markdown.</summary>
    public static string List() =>
        $"# Errors\n\n{string.Concat(Pages.Value.Values.Select(static page => $"- {page.Status} {page.Slug}: {page.Meaning}\n"))}";

    /// <summary>The same for a browser.</summary>
    /// <param name="path">Where the pages are, with the prefix of the API.</param>
    public static string ListHtml(string path)
    {
        var items = Pages.Value.Values.Select(page =>
            $"<li>{page.Status} <a href=\"{path}/{page.Slug}\">{page.Slug}</a>: {WebUtility.HtmlEncode(page.Meaning)}</li>\n");
        return ErrorPage.Html("Errors", $"<ul>\n{string.Concat(items)}</ul>\n");
    }

    private static Dictionary<string, ErrorPage> Read()
    {
        using var stream = typeof(ErrorPages).Assembly.GetManifestResourceStream("errors.md")!;
        using var reader = new StreamReader(stream);
        var pages = new Dictionary<string, ErrorPage>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            // | `type` | kind | status | meaning | what to do |
            if (line.StartsWith("| `", StringComparison.Ordinal)
                && line.Split(" | ") is [var first, _, var status, var meaning, var advice])
            {
                var slug = first[3..^1];
                pages[slug] = new ErrorPage(slug, status, meaning, advice.TrimEnd(' ', '|'));
            }
        }

        return pages;
    }
}

/// <summary>What is known of a type of error.</summary>
/// <param name="Slug">The type.</param>
/// <param name="Status">The HTTP status that it has as a rule.</param>
/// <param name="Meaning">One sentence, in Markdown.</param>
/// <param name="Advice">What to do; one sentence, in Markdown.</param>
internal sealed record ErrorPage(string Slug, string Status, string Meaning, string Advice)
{
    public string ToMarkdown() => $"# {Slug}\n\n{Meaning}\n\n- Status: {Status}\n- What to do: {Advice}\n";

    /// <param name="path">Where the list of all is, with the prefix of the API.</param>
    public string ToHtml(string path) => Html(
        Slug,
        $"<p>{Encode(Meaning)}</p>\n<ul>\n<li>Status: {Status}</li>\n<li>What to do: {Encode(Advice)}</li>\n</ul>\n"
            + $"<p><a href=\"{path}\">All errors</a></p>\n");

    public static string Html(string title, string body) =>
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
        + $"<title>{title} - Httpmq</title></head>\n<body>\n<h1>{title}</h1>\n{body}</body>\n</html>\n";

    /// <summary>What Markdown has between backquotes becomes code.</summary>
    private static string Encode(string markdown) => string.Concat(WebUtility.HtmlEncode(markdown).Split('`')
        .Select(static (part, index) => index % 2 == 0 ? part : $"<code>{part}</code>"));
}
