namespace Httpmq.Api.Bodies;

/// <summary>
/// Bodies are taken as they are: none is decompressed, so one that says that it is compressed is refused before it is read.
/// </summary>
internal static class BodyEncoding
{
    /// <summary>The first encoding that is not <c>identity</c>, or null.</summary>
    public static string? FindOther(Microsoft.Extensions.Primitives.StringValues encodings)
    {
        foreach (var value in encodings)
        {
            foreach (var name in (value ?? string.Empty).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (!string.Equals(name, "identity", StringComparison.OrdinalIgnoreCase))
                {
                    return name.Length > 50 ? name[..50] + "…" : name;
                }
            }
        }

        return null;
    }
}
