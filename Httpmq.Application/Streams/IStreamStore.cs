using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;

namespace Httpmq.Application.Streams;

/// <summary>
/// The broker's streams. Every call throws <see cref="HttpmqException"/>: <see cref="ErrorKind.Unavailable"/> without a
/// connection or JetStream, <see cref="ErrorKind.Timeout"/> without an answer in time, else what the broker said.
/// </summary>
public interface IStreamStore
{
    /// <summary>
    /// Creates the stream; <see cref="ErrorKind.NotSupported"/> where the broker lacks a field, and nothing is made then. The same name
    /// with the same configuration again changes nothing and succeeds.
    /// </summary>
    /// <returns>What the broker made of it.</returns>
    Task<StreamConfig> CreateAsync(StreamName name, StreamConfig config, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces the configuration: what is not named becomes JetStream's default, and what is not known here stays.
    /// <see cref="ErrorKind.NotSupported"/> where the broker lacks a field, <see cref="ErrorKind.NotFound"/> where there is no such stream.
    /// </summary>
    /// <returns>What the broker made of it.</returns>
    Task<StreamConfig> ReplaceAsync(StreamName name, StreamConfig config, CancellationToken cancellationToken);

    /// <summary>All streams, or those that take a subject.</summary>
    Task<IReadOnlyList<StreamInfo>> ListAsync(SubjectFilter? subject, CancellationToken cancellationToken);

    Task<StreamInfo> GetAsync(StreamName name, CancellationToken cancellationToken);

    /// <summary>Replaces the stream's subjects; whatever else is configured stays, known here or not.</summary>
    Task ChangeSubjectsAsync(StreamName name, IReadOnlyList<SubjectFilter> subjects, CancellationToken cancellationToken);

    /// <summary>Changes the limits that are not null; whatever else is configured stays, known here or not.</summary>
    Task ChangeLimitsAsync(StreamName name, StreamLimits limits, CancellationToken cancellationToken);

    /// <summary>Deletes the stream with its messages and consumers.</summary>
    Task DeleteAsync(StreamName name, CancellationToken cancellationToken);
}

/// <summary>
/// The consumers of a stream, as far as a change of its subjects concerns them. Fails as <see cref="IStreamStore"/> does.
/// </summary>
public interface IStreamConsumers
{
    Task<IReadOnlyList<ConsumerInfo>> ListAsync(StreamName stream, CancellationToken cancellationToken);
}
