using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Application.Reading;

/// <summary>Reads messages where they are stored, without a consumer: nothing is delivered, and nothing is acknowledged.</summary>
public interface IMessageReader
{
    /// <summary>One message, by its sequence.</summary>
    /// <exception cref="HttpmqException">
    /// <see cref="ErrorKind.NotFound"/>: the stream does not exist, or has no such message (any more).
    /// </exception>
    Task<StoredMessage> GetAsync(StreamName stream, ulong sequence, CancellationToken cancellationToken);

    /// <summary>The stream that takes the subject.</summary>
    /// <exception cref="HttpmqException"><see cref="ErrorKind.NotFound"/>: none does.</exception>
    Task<StreamName> FindStreamAsync(Subject subject, CancellationToken cancellationToken);

    /// <summary>The last message of a subject.</summary>
    /// <exception cref="HttpmqException"><see cref="ErrorKind.NotFound"/>: the subject is empty, or the stream does not exist.</exception>
    Task<StoredMessage> GetLastAsync(StreamName stream, Subject subject, CancellationToken cancellationToken);
}
