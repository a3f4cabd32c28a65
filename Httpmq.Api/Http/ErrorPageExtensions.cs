using Httpmq.Api.Errors;
using Microsoft.Net.Http.Headers;

namespace Httpmq.Api.Http;

/// <summary>
/// Answers <c>GET /errors/{type}</c> with the page of that type of error, and <c>GET /errors</c>, also with a slash at the end, with a list
/// of them, on both ports and to everybody: as Markdown, and as HTML to those that name it, as browsers do.
/// </summary>
internal static class ErrorPageExtensions
{
    private const string Html = "text/html";
    private const string Markdown = "text/markdown";

    public static void UseErrorPages(this IApplicationBuilder app) => app.Use(static (context, next) =>
    {
        var request = context.Request;
        return request.Path.StartsWithSegments(ErrorPages.Path, StringComparison.Ordinal, out var rest)
            && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            && TextOf(rest.Value, $"{request.PathBase}{ErrorPages.Path}", WantsHtml(request)) is { } page
            ? WriteAsync(context.Response, page, WantsHtml(request))
            : next(context);
    });

    private static string? TextOf(string? rest, string path, bool html) => rest switch
    {
        null or "" or "/" => html ? ErrorPages.ListHtml(path) : ErrorPages.List(),
        _ when ErrorPages.Find(rest[1..]) is { } page => html ? page.ToHtml(path) : page.ToMarkdown(),
        _ => null,
    };

    private static bool WantsHtml(HttpRequest request) =>
        MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted)
        && accepted.Any(static type => type.MediaType.Equals(Html, StringComparison.OrdinalIgnoreCase) && type.Quality is not 0);

    private static Task WriteAsync(HttpResponse response, string page, bool html)
    {
        response.ContentType = $"{(html ? Html : Markdown)}; charset=utf-8";
        response.Headers.Vary = HeaderNames.Accept;
        return response.WriteAsync(page);
    }
}
