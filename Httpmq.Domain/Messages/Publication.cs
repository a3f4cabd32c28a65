using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Messages;

/// <summary>A message on its way in.</summary>
/// <param name="Subject">Where to publish.</param>
/// <param name="Payload">Its bytes, in the caller's buffer.</param>
/// <param name="Headers">Its headers; default: none.</param>
public readonly record struct Publication(Subject Subject, ReadOnlyMemory<byte> Payload, MessageHeaders Headers = default)
{
    /// <summary>What NATS counts against its largest message: payload and headers, in bytes.</summary>
    public long Size => (long)Payload.Length + Headers.Length;
}
