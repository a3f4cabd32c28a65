using NJsonSchema;
using NSwag;

namespace Httpmq.Api.OpenApi;

/// <summary>Headers of answers that come line by line.</summary>
internal static class StreamHeaders
{
    /// <summary>Headers of every answer that comes line by line.</summary>
    public static OpenApiHeader NoCache => Header("Always `no-cache`.", "no-cache");

    /// <summary>Headers of the answers that are not v1's.</summary>
    public static OpenApiHeader NoStore => Header("Always `no-store`.", "no-store");

    /// <inheritdoc cref="NoCache"/>
    public static OpenApiHeader NoBuffering => Header("Always `no`: proxies that know it pass each line on at once.", "no");

    private static OpenApiHeader Header(string description, string example) => new()
    {
        Description = description,
        Schema = new JsonSchema { Type = JsonObjectType.String, Example = example },
    };
}
