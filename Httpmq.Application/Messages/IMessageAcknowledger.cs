using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Application.Messages;

/// <summary>Tells JetStream that deliveries were processed.</summary>
public interface IMessageAcknowledger
{
    /// <summary>
    /// Acknowledges one delivery and waits until JetStream confirmed it. Works on any instance, whoever delivered the message.
    /// A message that the consumer was never sent is refused, and nothing is touched: on some server versions passing such an
    /// acknowledgement on destroys messages (docs/adr/0001-stateless-confirmed-acknowledgements.md).
    /// </summary>
    /// <returns>
    /// Null when confirmed, also for the second time; <see cref="ErrorKind.NotFound"/> for an unknown stream or consumer or a
    /// message never sent to it; <see cref="ErrorKind.Unavailable"/> or <see cref="ErrorKind.Timeout"/> when it is not known.
    /// </returns>
    ValueTask<Error?> AcknowledgeAsync(StreamName stream, ConsumerName consumer, DeliverySequence delivery, CancellationToken cancellationToken);
}
