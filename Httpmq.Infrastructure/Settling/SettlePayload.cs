using System.Globalization;
using System.Text;
using Httpmq.Domain.Messages;

namespace Httpmq.Infrastructure.Settling;

/// <summary>
/// What is published on a delivery's reply subject; https://docs.nats.io/reference/reference-protocols/nats_api_reference.
/// </summary>
internal static class SettlePayload
{
    private static readonly byte[] Ack = "+ACK"u8.ToArray();
    private static readonly byte[] Nak = "-NAK"u8.ToArray();
    private static readonly byte[] Term = "+TERM"u8.ToArray();
    private static readonly byte[] Progress = "+WPI"u8.ToArray();

    /// <summary>The payload.</summary>
    /// <param name="settlement">What is said.</param>
    /// <param name="nakDelay">The delay of a nak that names none, in nanoseconds.</param>
    public static ReadOnlyMemory<byte> Of(in Settlement settlement, long nakDelay) => settlement switch
    {
        { Verb: SettleVerb.Ack } => Ack,
        { Verb: SettleVerb.Progress } => Progress,
        { Verb: SettleVerb.Term, Reason: { Length: > 0 } reason } => Encoding.UTF8.GetBytes($"+TERM {reason}"),
        { Verb: SettleVerb.Term } => Term,
        { Delay.Nanoseconds: 0 } => Nak,
        { Delay: var delay } => Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $$"""-NAK {"delay":{{delay?.Nanoseconds ?? nakDelay}}}""")),
    };
}
