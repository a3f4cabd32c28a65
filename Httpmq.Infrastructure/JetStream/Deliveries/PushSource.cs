using System.Buffers;
using Httpmq.Domain.Consumers;
using Httpmq.Infrastructure.JetStream.Requests;

namespace Httpmq.Infrastructure.JetStream.Deliveries;

/// <summary>
/// Listens to a push consumer's deliver subject, with its delivery group as queue group. The client library has no public
/// call for that, so the server's status messages are handled here.
/// </summary>
internal sealed class PushSource(SourceContext context, ConsumerInfo consumer)
    : DeliverySource(
        context,
        consumer,
        consumer.Config.DeliverSubject,
        consumer.Config.DeliverGroup is { Length: > 0 } group ? group : null)
{
    public override Task OpenAsync(CancellationToken cancellationToken) =>
        Context.Link.Connection.AddSubAsync(this, cancellationToken).AsTask();

    protected override void OnStatus(int status, string? replyTo, in ReadOnlySequence<byte> headers)
    {
        // A flow control request: consumers that others have made may ask for it, and stop until they are answered.
        if (status == NatsStatus.Control && replyTo is not null)
        {
            Send(replyTo, ReadOnlyMemory<byte>.Empty);
        }
    }
}
