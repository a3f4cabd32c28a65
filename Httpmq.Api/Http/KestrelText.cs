namespace Httpmq.Api.Http;

/// <summary>What the server refused in a request.</summary>
internal enum KestrelError
{
    /// <summary>One whose text can be shown as it is.</summary>
    Other,

    /// <summary>The connection ended within the body.</summary>
    EndOfConnection,

    /// <summary>The size of a chunk is no number, or too large a one.</summary>
    BadChunk,

    /// <summary>The path, which the server shows to its own log alone.</summary>
    BadTarget,
}

/// <summary>
/// Reads the texts of Kestrel's refusals, which say in no other way what is wrong. A test holds them to the server that is used.
/// </summary>
internal static class KestrelText
{
    public static KestrelError Read(BadHttpRequestException exception) => exception.Message switch
    {
        var text when text.StartsWith("Unexpected end of request content", StringComparison.Ordinal) => KestrelError.EndOfConnection,
        var text when text.StartsWith("Bad chunk size", StringComparison.Ordinal) => KestrelError.BadChunk,
        var text when text.StartsWith("Invalid request target", StringComparison.Ordinal) => KestrelError.BadTarget,
        _ => KestrelError.Other,
    };

    /// <summary>What is wrong, for people.</summary>
    public static string Describe(BadHttpRequestException exception) => Read(exception) switch
    {
        KestrelError.BadChunk => BadChunk,
        KestrelError.BadTarget => "the path has an invalid character, such as %00 or a character that is not ASCII",
        _ => exception.Message,
    };

    public const string BadChunk = "the size of a chunk of the body is not a hexadecimal number up to 7fffffff";
}
