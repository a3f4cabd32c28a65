using Microsoft.AspNetCore.Routing.Patterns;

namespace Httpmq.Api.Http;

/// <summary>What to tell a client whose path no route takes: what is wrong with it, and the path that was probably meant.</summary>
internal sealed class RouteAdvice(ApiGroup group, ApiServerSettings server, EndpointDataSource routes)
{
    private static readonly string[] HealthNames =
    [
        "health", "healthz", "healthcheck", "livez", "readyz", "alive", "ready", "live", "ping", "status", "_health",
    ];
    private static readonly string[] DocumentNames =
    [
        "docs", "doc", "help", "openapi", "openapi.json", "openapi.yaml", "swagger.json", "swagger-ui", "swagger-ui.html",
        "api-docs", "redoc",
    ];

    private readonly string _prefix = server.PathPrefix.TrimEnd('/');
    private readonly ApiGroup _other = group == ApiGroup.Management ? ApiGroup.Dataplane : ApiGroup.Management;

    /// <summary>The API in a sentence, with the paths to go on from.</summary>
    public string Introduction =>
        $"this is the {group.Name} API of {ProductVersion.Text}; {_prefix}/swagger documents it, "
        + $"{Health("alive")} and {Health("ready")} tell its health, "
        + $"its routes are below {_prefix}/v1/{group.Root}/";

    /// <summary>Where Swagger UI is.</summary>
    public string Documentation => $"{_prefix}/swagger";

    /// <summary>Whether somebody looks at the server with a browser. Programs get v1's 404, whose detail says where they are.</summary>
    public bool IsVisitToTheRoot(HttpRequest request) =>
        HttpMethods.IsGet(request.Method)
        && string.Equals(request.PathBase.Value, _prefix, StringComparison.Ordinal)
        && request.Path.Value is null or "" or "/"
        && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    /// <summary>The detail of a 404, which begins with the path as it was asked for.</summary>
    public string Describe(HttpRequest request)
    {
        var (below, path) = (request.PathBase.Value ?? string.Empty, request.Path.Value ?? string.Empty);
        var whole = below + path;
        return $"no route {(whole.Length == 0 ? "/" : whole)}: " + (string.Equals(below, _prefix, StringComparison.Ordinal)
            ? Advise(path)
            : $"every path begins with {_prefix} ({group.Name}.{ServerSettingKeys.PathPrefix}), written like that");
    }

    private string Advise(string path)
    {
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return segments switch
        {
            [] => Introduction,
            ["v1", var root, ..] when Is(root, _other.Root) =>
                $"this is the {group.Name} API; the {_other.Name} API, which has /v1/{_other.Root}/, listens on a port of its "
                    + $"own, {_other.DefaultPort} by default",
            [var word] when HealthNames.Contains(word, StringComparer.OrdinalIgnoreCase) =>
                $"health is told by {Health("alive")} (the process answers) and {Health("ready")} (it can serve)",
            [.., var word] when segments.Length <= 2 && DocumentNames.Contains(word, StringComparer.OrdinalIgnoreCase) =>
                $"the documentation is at {_prefix}/swagger, the OpenAPI document at {_prefix}/swagger/v1/swagger.json",
            ["v1", "data", "subject"] => $"the subject is missing: {_prefix}/v1/data/subject/orders.new",
            ["v1", "data", "subject", _, _, ..] =>
                $"the tokens of a subject are split by '.': {_prefix}/v1/data/subject/{string.Join('.', segments[3..])}; a slash within a "
                    + "token is written %2F",
            _ => Resembling(path, segments) ?? $"{_prefix}/swagger lists all routes",
        };
    }

    private string? Resembling(string path, string[] segments)
    {
        string[][] readings = [segments, ["v1", .. segments], ["v1", group.Root, .. segments]];
        var meant = readings
            .SelectMany(reading => Patterns().Select(pattern => Match(pattern, reading)))
            .OfType<(string Path, int Distance)>()
            .OrderBy(match => match.Distance)
            .Select(match => match.Path)
            .FirstOrDefault();
        return meant switch
        {
            null => null,
            _ when string.Equals(path.TrimEnd('/'), meant, StringComparison.Ordinal) => $"leave out the slash at the end: {_prefix}{meant}",
            _ when string.Equals(path, meant, StringComparison.OrdinalIgnoreCase) => $"paths are in lower case: {_prefix}{meant}",
            _ => $"did you mean {_prefix}{meant}?",
        };
    }

    private IEnumerable<RoutePattern> Patterns() => routes.Endpoints.OfType<RouteEndpoint>().Select(static route => route.RoutePattern);

    /// <summary>The path with the route's own words where the client's are near them; null where one is not.</summary>
    private static (string Path, int Distance)? Match(RoutePattern pattern, string[] segments)
    {
        if (pattern.PathSegments.Count != segments.Length)
        {
            return null;
        }

        var (path, sum) = (string.Empty, 0);
        for (var index = 0; index < segments.Length; index++)
        {
            var word = segments[index];
            if (pattern.PathSegments[index] is { IsSimple: true, Parts: [RoutePatternLiteralPart literal] })
            {
                if (Spelling.Distance(word, literal.Content) is not { } distance)
                {
                    return null;
                }

                (word, sum) = (literal.Content, sum + distance);
            }

            path += $"/{word}";
        }

        return (path, sum);
    }

    private string Health(string name) => $"{_prefix}/v1/{group.Root}/{name}";

    private static bool Is(string word, string name) => string.Equals(word, name, StringComparison.OrdinalIgnoreCase);
}
