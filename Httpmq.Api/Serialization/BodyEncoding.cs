using Httpmq.Domain.Errors;

namespace Httpmq.Api.Serialization;

/// <summary>Bodies are taken as they are: none is decompressed, so one that says that it is compressed is refused before it is read.</summary>
internal static class BodyEncoding
{
    /// <exception cref="HttpmqException"><see cref="ErrorKind.Unsupported"/>: <c>Content-Encoding</c> is something else than <c>identity</c>.</exception>
    public static void RequireIdentity(HttpRequest request)
    {
        // The ordinary request has none.
        var encoding = request.Headers.ContentEncoding;
        if (encoding.Count > 0 && FindOther(encoding) is { } other)
        {
            throw new HttpmqException(new Error(
                ErrorKind.Unsupported,
                "Unsupported content encoding",
                $"Content-Encoding: '{other}' is not supported; send the body uncompressed, without this header"));
        }
    }

    private static string? FindOther(Microsoft.Extensions.Primitives.StringValues encodings)
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
