using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;

namespace Httpmq.Application.Definitions;

/// <summary>
/// One change of a stream's or a consumer's definition at a time, on all gateways together. JetStream replaces a configuration as
/// a whole and cannot compare before it does, so two changes of different fields that meet would undo each other.
/// </summary>
public interface IDefinitionLocks
{
    /// <summary>
    /// Runs <paramref name="change"/> while nobody else changes the same definition. Throws <see cref="HttpmqException"/>:
    /// <see cref="ErrorKind.Unavailable"/> where another change does not end in time or the lock cannot be had, and
    /// <see cref="ErrorKind.TooMany"/> where too many wait; nothing was changed then.
    /// </summary>
    /// <param name="operation">What fails where this fails.</param>
    /// <param name="stream">The stream that is defined, or has the consumer.</param>
    /// <param name="consumer">The consumer that is defined; null for the stream itself.</param>
    /// <param name="change">
    /// Reads, decides and writes. It calls its argument before it writes: where the write's outcome stays unknown, the definition stays
    /// locked until the write cannot happen any more.
    /// </param>
    /// <param name="cancellationToken">Gives up waiting for the lock.</param>
    Task RunAsync(
        Operation operation, StreamName stream, ConsumerName? consumer, Func<Action, Task> change, CancellationToken cancellationToken);

    /// <summary>
    /// As <see cref="RunAsync"/>, for a creation: on a single server it waits for changes that are under way, and costs next to nothing
    /// where none ever was; in a cluster it is a change like any other.
    /// </summary>
    Task RunAfterOthersAsync(Operation operation, StreamName stream, Func<Task> change, CancellationToken cancellationToken);
}
