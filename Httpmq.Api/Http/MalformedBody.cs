namespace Httpmq.Api.Http;

/// <summary>What is wrong with how a body was sent, and not with what it says.</summary>
internal static class MalformedBody
{
    /// <summary>What is wrong, where that is what the server says; null where it says something else.</summary>
    public static string? Describe(Exception exception) => exception switch
    {
        BadHttpRequestException bad => IsEndOfConnection(bad) ? null : KestrelText.Describe(bad),

        // A chunk whose size does not fit the server's counter.
        IOException { InnerException: OverflowException } => KestrelText.BadChunk,
        _ => null,
    };

    /// <summary>The server has no other sign of a connection that ended within a body; it closes its side without an answer.</summary>
    public static bool IsEndOfConnection(BadHttpRequestException exception) => KestrelText.Read(exception) is KestrelError.EndOfConnection;
}
