using Httpmq.Domain.Errors;

namespace Httpmq.Api.Http;

/// <summary>The query parameters that an action knows; one without this attribute knows none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class QueryParametersAttribute(params string[] names) : Attribute
{
    public IReadOnlyCollection<string> Names { get; } = [.. names, QueryMiddleware.Strict];
}

/// <summary>
/// Names unknown query parameters in the answer's warnings and in a header, which an answer that comes line by line has as well;
/// refuses them where <c>?strict=true</c> is given. A request without a query passes at the cost of one look.
/// </summary>
internal sealed class QueryMiddleware(RequestDelegate next, UnknownNames unknown)
{
    public const string Strict = "strict";

    public const string WarningHeader = "Httpmq-Warning";

    private static readonly IReadOnlyCollection<string> StrictAlone = [Strict];

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.QueryString.HasValue && context.GetEndpoint() is { } endpoint)
        {
            Check(context, endpoint);
        }

        return next(context);
    }

    private void Check(HttpContext context, Endpoint endpoint)
    {
        var known = endpoint.Metadata.GetMetadata<QueryParametersAttribute>()?.Names ?? StrictAlone;
        var query = context.Request.Query;
        if (query.TryGetValue(Strict, out var values))
        {
            context.Features.Set(new RequestNotes { IsStrict = ParseStrict(values.ToString()) });
        }

        var found = new FoundNames();
        foreach (var name in query.Keys.Where(name => !known.Contains(name, StringComparer.OrdinalIgnoreCase)))
        {
            found.Add(name);
        }

        if (!found.IsEmpty)
        {
            unknown.Report(context, "parameter", found, known);
            context.Response.Headers[WarningHeader] = string.Join("; ", RequestNotes.Of(context).AddTo(others: null)!);
        }
    }

    private static bool ParseStrict(string text) => text switch
    {
        "true" or "1" or "" => true,
        "false" or "0" => false,
        _ => throw new HttpmqException(
            RequestErrors.Invalid(new Fault("strict", text, $"strict: '{UnknownNames.Printable(text)}' is not true or false"))),
    };
}
