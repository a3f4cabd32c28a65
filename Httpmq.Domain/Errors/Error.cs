using System.Globalization;

namespace Httpmq.Domain.Errors;

/// <summary>Why a request failed, in terms of who can do something about it.</summary>
public enum ErrorKind
{
    /// <summary>The caller sent something malformed or out of range, or JetStream refused it as invalid.</summary>
    InvalidInput,

    /// <summary>Well formed, and refused by JetStream as invalid in itself; where v1 says <see cref="InvalidInput"/> it stays so.</summary>
    Unprocessable,

    /// <summary>The caller has not shown who they are, or not in a way that is known.</summary>
    Unauthenticated,

    /// <summary>The caller may not do this.</summary>
    Forbidden,

    /// <summary>The stream or consumer does not exist, no stream takes the subject, or the message was never delivered.</summary>
    NotFound,

    /// <summary>It exists with another configuration, is in use, or cannot be done in this state.</summary>
    Conflict,

    /// <summary>The path is not for this method.</summary>
    MethodNotAllowed,

    /// <summary>The caller takes no form that the answer could have.</summary>
    NotAcceptable,

    /// <summary>The caller is to use another version of the protocol.</summary>
    UpgradeRequired,

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
public sealed class ErrorType(string slug, ErrorKind kind)
{
    /// <summary>Its name on the wire, in lower case with hyphens; it never changes.</summary>
    public string Slug { get; } = slug;

    /// <summary>Decides the HTTP status.</summary>
    public ErrorKind Kind { get; } = kind;

    /// <inheritdoc/>
    public override string ToString() => Slug;
}

/// <summary>
/// One failure, as data: which, while what was being done, and what belongs to it. The words are made where it is answered
/// (docs/adr/0018-errors-are-data.md).
/// </summary>
/// <param name="Type">Which failure.</param>
/// <param name="Operation">What was being done; null where the type says enough.</param>
/// <param name="Members">
/// What belongs to the failure, each by a name that never changes: a field, a value, a limit, JetStream's <c>err_code</c>. A value is text,
/// a number, true, a list of texts or of <see cref="InvalidValue"/>, or the error that caused this one.
/// </param>
public sealed record Error(ErrorType Type, Operation? Operation, params (string Name, object? Value)[] Members)
{
    /// <summary>Decides the HTTP status.</summary>
    public ErrorKind Kind => Type.Kind;

    /// <summary>The member of this name, its own or that of its operation; null where there is none.</summary>
    public object? this[ReadOnlySpan<char> name]
    {
        get
        {
            foreach (var (known, value) in Members)
            {
                if (name.SequenceEqual(known))
                {
                    return value;
                }
            }

            return Operation?[name];
        }
    }

    /// <summary>Whether it has a member of this name by itself.</summary>
    public bool Has(ReadOnlySpan<char> name)
    {
        foreach (var (known, _) in Members)
        {
            if (name.SequenceEqual(known))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The error with one more member, or another value of it.</summary>
    public Error With(string name, object? value) =>
        this with { Members = [.. Members.Where(member => !string.Equals(member.Name, name, StringComparison.Ordinal)), (name, value)] };

    /// <summary>As it stands in a log: the type, and in parentheses what belongs to it.</summary>
    public override string ToString()
    {
        var members = Members.Select(static member => $"{member.Name}: {Describe(member.Value)}");
        var with = string.Join(", ", Operation is null ? members : members.Prepend(Operation.ToString()));
        return with.Length == 0 ? Type.Slug : $"{Type.Slug} ({with})";

        static string? Describe(object? value) =>
            value is IEnumerable<object> list ? string.Join(", ", list) : Convert.ToString(value, CultureInfo.InvariantCulture);
    }
}

/// <summary>What is wrong with one field or parameter.</summary>
/// <param name="Field">Its name, as the client writes it.</param>
/// <param name="Value">What the client wrote; null where nothing.</param>
/// <param name="Reason">The rule's own sentence, which names the field.</param>
public sealed record InvalidValue(string Field, object? Value, string Reason)
{
    /// <inheritdoc/>
    public override string ToString() => Reason;
}

/// <summary>Carries an <see cref="Error"/> from wherever it was found to the one place that answers it.</summary>
public sealed class HttpmqException(Error error, Exception? innerException = null) : Exception(message: null, innerException)
{
    public Error Error { get; } = error;

    public override string Message => Error.ToString();

    /// <summary>Throws where there is an error.</summary>
    public static void ThrowIf(Error? error)
    {
        if (error is not null)
        {
            throw new HttpmqException(error);
        }
    }
}
