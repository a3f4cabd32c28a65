using Httpmq.Domain.Errors;
using Microsoft.AspNetCore.WebUtilities;

namespace Httpmq.Api.Http;

/// <summary>The query parameters that an action knows; one without this attribute knows none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class QueryParametersAttribute(params string[] names) : Attribute
{
    public string[] Names { get; } = [.. names, QueryMiddleware.Strict];
}

/// <summary>
/// Names unknown query parameters in the answer's warnings and in a header, which an answer that comes line by line has as well;
/// refuses them where <c>?strict=true</c> is given. A request without a query passes at the cost of one look.
/// </summary>
internal sealed class QueryMiddleware(RequestDelegate next, UnknownNames unknown)
{
    public const string Strict = "strict";

    public const string WarningHeader = "Httpmq-Warning";

    private static readonly string[] StrictAlone = [Strict];

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
        if (endpoint.Metadata.GetOrderedMetadata<QueryAttribute>() is { Count: > 0 } described)
        {
            known = [.. known, .. described.Select(static query => query.Name)];
        }

        if (AreKnown(context.Request.QueryString, known))
        {
            return;
        }

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

    /// <summary>Whether there is nothing to say. It goes without the collection of all values, which costs a hot path a kilobyte.</summary>
    private static bool AreKnown(QueryString query, string[] known)
    {
        foreach (var parameter in new QueryStringEnumerable(query.Value))
        {
            var name = parameter.DecodeName().Span;
            if (name.Equals(Strict, StringComparison.OrdinalIgnoreCase) || !IsIn(known, name))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsIn(string[] names, ReadOnlySpan<char> name)
    {
        foreach (var known in names)
        {
            if (name.Equals(known, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static bool ParseStrict(string text) => text switch
    {
        "true" or "1" or "" => true,
        "false" or "0" => false,
        _ => throw new HttpmqException(
            RequestErrors.Invalid(new InvalidValue("strict", text, $"strict: '{UnknownNames.Printable(text)}' is not true or false"))),
    };
}
