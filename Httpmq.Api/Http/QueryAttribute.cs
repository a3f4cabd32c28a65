using System.Globalization;
using Httpmq.Domain.Errors;
using Microsoft.AspNetCore.WebUtilities;

namespace Httpmq.Api.Http;

/// <summary>One query parameter that an action knows, as the documents show it.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">What it does, and what holds without it.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class QueryAttribute(string name, string description) : Attribute
{
    public string Name { get; } = name;

    public string Description { get; } = description;

    /// <summary>Its type: <see cref="string"/> (the default), <see cref="long"/> or <see cref="bool"/>.</summary>
    public Type Type { get; init; } = typeof(string);

    /// <summary>The smallest number.</summary>
    public long Minimum { get; init; }

    /// <summary>The largest number.</summary>
    public long Maximum { get; init; } = long.MaxValue;
}

/// <summary>Reads query parameters that may stand there once.</summary>
internal static class QueryValues
{
    /// <summary>The text of a parameter; null where it is not there.</summary>
    public static string? Text(this HttpRequest request, string name)
    {
        var values = request.Query[name];
        return values.Count switch
        {
            0 => null,
            1 => values[0] ?? string.Empty,
            var count => throw Repeated(name, values.ToString(), count),
        };
    }

    /// <summary>
    /// As <see cref="Text"/>, for hot paths: it reads the query as it came, because the collection of all parameters costs a kilobyte.
    /// </summary>
    public static bool TryGetSingle(this HttpRequest request, string name, out ReadOnlyMemory<char> value)
    {
        value = default;
        var found = 0;
        foreach (var parameter in new QueryStringEnumerable(request.QueryString.Value))
        {
            if (parameter.DecodeName().Span.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                found++;
                value = parameter.DecodeValue();
            }
        }

        return found > 1 ? throw Repeated(name, request.Query[name].ToString(), found) : found == 1;
    }

    /// <summary>The number of a parameter; null where it is not there. Whether it is in range is for others to know.</summary>
    public static long? Number(this HttpRequest request, string name) => request.Text(name) switch
    {
        null => null,
        var text when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        var text => throw Invalid(name, text, $"{name}: '{UnknownNames.Printable(text)}' is not an integer"),
    };

    /// <summary>Whether a parameter is true; false where it is not there.</summary>
    public static bool Flag(this HttpRequest request, string name) => request.Text(name) switch
    {
        null or "false" => false,
        "true" => true,
        var text => throw Invalid(name, text, $"{name}: '{UnknownNames.Printable(text)}' is neither true nor false"),
    };

    private static HttpmqException Repeated(string name, string values, int count) =>
        Invalid(name, values, $"{name} was given {count} times, and is taken once");

    private static HttpmqException Invalid(string name, string value, string reason) =>
        new(RequestErrors.Invalid(new InvalidValue(name, value, reason)));
}
