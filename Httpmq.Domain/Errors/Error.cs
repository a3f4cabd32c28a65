namespace Httpmq.Domain.Errors;

/// <summary>Why a request failed, in terms of who can do something about it.</summary>
public enum ErrorKind
{
    /// <summary>The caller sent something malformed or out of range, or JetStream refused it as invalid.</summary>
    InvalidInput,

    /// <summary>Well formed, and refused by JetStream as invalid in itself; where v1 says <see cref="InvalidInput"/> it stays so.</summary>
    Unprocessable,

    /// <summary>The caller may not do this.</summary>
    Forbidden,

    /// <summary>The stream or consumer does not exist, no stream takes the subject, or the message was never delivered.</summary>
    NotFound,

    /// <summary>It exists with another configuration, is in use, or cannot be done in this state.</summary>
    Conflict,

    /// <summary>The path is not for this method.</summary>
    MethodNotAllowed,

    /// <summary>The request came too slowly.</summary>
    TooSlow,

    /// <summary>A condition that the caller set is not met: a last sequence, the stream's name.</summary>
    PreconditionFailed,

    /// <summary>The message is larger than the stream or the server allows.</summary>
    TooLarge,

    /// <summary>The body is encoded in a way that is not taken, such as compressed.</summary>
    Unsupported,

    /// <summary>The caller has more open, or asks more at once, than it may; closing some or waiting makes room.</summary>
    TooMany,

    /// <summary>NATS or JetStream cannot be reached at the moment; trying again later makes sense.</summary>
    Unavailable,

    /// <summary>No answer came in time; what was asked may or may not have happened.</summary>
    Timeout,

    /// <summary>JetStream has no room left: storage, memory, or a limit with discard policy "new".</summary>
    OutOfResources,

    /// <summary>The nats-server is too old for it.</summary>
    NotSupported,

    /// <summary>A fault of the gateway or an answer that it does not understand.</summary>
    Internal,
}

/// <summary>One way to fail. There is one object of each, in the catalogue of its feature.</summary>
/// <param name="Slug">Its name on the wire, in lower case with hyphens; it never changes.</param>
/// <param name="Kind">Decides the HTTP status.</param>
public sealed record ErrorType(string Slug, ErrorKind Kind);

/// <summary>One failure as a client reads it.</summary>
/// <param name="Type">Which failure.</param>
/// <param name="Message">What failed, in one short sentence.</param>
/// <param name="Detail">Why, with the field and value or JetStream's own text and err_code.</param>
public sealed record Error(ErrorType Type, string Message, string Detail)
{
    /// <summary>Decides the HTTP status.</summary>
    public ErrorKind Kind => Type.Kind;
}

/// <summary>Carries an <see cref="Error"/> from wherever it was found to the one place that answers it.</summary>
public sealed class HttpmqException(Error error, Exception? innerException = null) : Exception(message: null, innerException)
{
    public Error Error { get; } = error;

    public override string Message => $"{Error.Message}: {Error.Detail}";

    /// <summary>Throws where there is an error.</summary>
    public static void ThrowIf(Error? error)
    {
        if (error is not null)
        {
            throw new HttpmqException(error);
        }
    }

    public static HttpmqException Of(ErrorType type, string message, string detail) => new(new Error(type, message, detail));
}
