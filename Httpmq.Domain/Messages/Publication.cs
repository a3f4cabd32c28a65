using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Messages;

/// <summary>A message on its way in.</summary>
/// <param name="Subject">Where to publish.</param>
/// <param name="Payload">Its bytes, in the caller's buffer.</param>
/// <param name="Headers">Its headers; default: none.</param>
/// <param name="Needs">What its headers ask of the server; null: nothing.</param>
public readonly record struct Publication(
    Subject Subject, ReadOnlyMemory<byte> Payload, MessageHeaders Headers = default, MessageNeeds? Needs = null)
{
    /// <summary>What NATS counts against its largest message: payload and headers, in bytes.</summary>
    public long Size => (long)Payload.Length + Headers.Length;
}
