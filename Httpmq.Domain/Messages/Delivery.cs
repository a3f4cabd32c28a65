namespace Httpmq.Domain.Messages;

/// <summary>A message on its way out. Its bytes are valid only as long as whoever was handed it does not return.</summary>
/// <param name="subject">The message's own subject.</param>
/// <param name="sequence">Its sequences.</param>
/// <param name="payload">Its bytes.</param>
/// <param name="headers">Its headers; default: none.</param>
/// <param name="details">What else is known of it; all 0 where nobody asked.</param>
public readonly ref struct Delivery(
    string subject,
    DeliverySequence sequence,
    ReadOnlySpan<byte> payload,
    MessageHeaders headers = default,
    DeliveryDetails details = default)
{
    public string Subject { get; } = subject;

    public DeliverySequence Sequence { get; } = sequence;

    public ReadOnlySpan<byte> Payload { get; } = payload;

    public MessageHeaders Headers { get; } = headers;

    public DeliveryDetails Details { get; } = details;
}
