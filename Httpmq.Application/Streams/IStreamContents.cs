using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;

namespace Httpmq.Application.Streams;

/// <summary>
/// What a stream holds. Every call throws <see cref="HttpmqException"/>: <see cref="ErrorKind.NotFound"/> for an unknown stream or message,
/// <see cref="ErrorKind.Conflict"/> where the stream does not permit it, <see cref="ErrorKind.Unavailable"/> without a connection or
/// JetStream, <see cref="ErrorKind.Timeout"/> without an answer in time, else what the broker said.
/// </summary>
public interface IStreamContents
{
    /// <summary>Removes messages; how many.</summary>
    Task<ulong> PurgeAsync(StreamName stream, PurgeScope scope, CancellationToken cancellationToken);

    /// <summary>Removes one message.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="sequence">The message's sequence.</param>
    /// <param name="erase">Whether it is overwritten on disk, too, which takes longer.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task DeleteMessageAsync(StreamName stream, ulong sequence, bool erase, CancellationToken cancellationToken);

    Task<StoredMessage> GetMessageAsync(StreamName stream, ulong sequence, CancellationToken cancellationToken);

    /// <summary>The subjects that the stream has messages of.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="filter">Which ones; null: all.</param>
    /// <param name="page">Which part of them.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task<SubjectPage> ListSubjectsAsync(StreamName stream, SubjectFilter? filter, Page page, CancellationToken cancellationToken);
}
