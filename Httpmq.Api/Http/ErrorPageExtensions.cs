using Httpmq.Api.Errors;

namespace Httpmq.Api.Http;

/// <summary>Answers <c>GET /errors/{type}</c> with the page of that type of error, on both ports and to everybody.</summary>
internal static class ErrorPageExtensions
{
    public static void UseErrorPages(this IApplicationBuilder app) => app.Use(static (context, next) =>
    {
        var request = context.Request;
        if (!request.Path.StartsWithSegments(ErrorPages.Path, StringComparison.Ordinal, out var rest)
            || !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            || rest.Value is not { Length: > 1 } path
            || ErrorPages.Find(path[1..]) is not { } page)
        {
            return next(context);
        }

        context.Response.ContentType = "text/markdown; charset=utf-8";
        return context.Response.WriteAsync(page);
    });
}
