using Microsoft.AspNetCore.Routing.Patterns;

namespace Httpmq.Api.Http;

/// <summary>
/// Routing takes paths in any case and with a slash at the end; the contract does not. A path that is not written as its
/// route is unknown.
/// </summary>
internal sealed class ExactPathMiddleware(RequestDelegate next, EndpointDataSource routes)
{
    public Task InvokeAsync(HttpContext context)
    {
        var path = context.Request.Path.Value;
        var exact = context.GetEndpoint() switch
        {
            null => true,
            RouteEndpoint endpoint => IsExact(endpoint.RoutePattern, path),

            // Routing's own answer to a method that no route of this path takes.
            _ => IsExactOfAny(path),
        };
        if (!exact)
        {
            context.SetEndpoint(endpoint: null);
        }

        return next(context);
    }

    // Apart, because what the closure holds would be allocated for each request.
    private bool IsExactOfAny(string? path) =>
        routes.Endpoints.Any(endpoint => endpoint is RouteEndpoint route && IsExact(route.RoutePattern, path));

    private static bool IsExact(RoutePattern pattern, ReadOnlySpan<char> path)
    {
        // By number: an enumerator of the list would be allocated.
        for (var index = 0; index < pattern.PathSegments.Count; index++)
        {
            var segment = pattern.PathSegments[index];
            path = path.IsEmpty ? path : path[1..];
            var end = path.IndexOf('/');
            var written = end < 0 ? path : path[..end];
            if (written.IsEmpty || (segment is { IsSimple: true } && segment.Parts[0] is RoutePatternLiteralPart literal
                && !written.SequenceEqual(literal.Content)))
            {
                return false;
            }

            // A catch-all takes the rest.
            if (segment.Parts[0] is RoutePatternParameterPart { IsCatchAll: true })
            {
                return true;
            }

            path = path[written.Length..];
        }

        return path.IsEmpty;
    }
}
