namespace Httpmq.Api.Http;

/// <summary>What is wrong with how a body was sent, and not with what it says.</summary>
internal static class MalformedBody
{
    public const string Message = "Malformed request";

    private const string BadChunk = "the size of a chunk of the body is not a hexadecimal number up to 7fffffff";

    /// <summary>What is wrong, where that is what the server says; null where it says something else.</summary>
    public static string? Describe(Exception exception) => exception switch
    {
        BadHttpRequestException bad when IsEndOfConnection(bad) => null,
        BadHttpRequestException bad => bad.Message.StartsWith("Bad chunk size", StringComparison.Ordinal) ? BadChunk : bad.Message,

        // The server's words for a chunk whose size does not fit its counter.
        IOException { InnerException: OverflowException } => BadChunk,
        _ => null,
    };

    /// <summary>The server has no other sign of a connection that ended within a body; it closes its side without an answer.</summary>
    public static bool IsEndOfConnection(BadHttpRequestException exception) =>
        exception.Message.StartsWith("Unexpected end of request content", StringComparison.Ordinal);
}
