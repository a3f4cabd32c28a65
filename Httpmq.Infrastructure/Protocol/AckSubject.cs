using System.Globalization;
using Httpmq.Domain.Messages;

namespace Httpmq.Infrastructure.Protocol;

/// <summary>
/// The subject on which a delivery is acknowledged, in the form that all servers take:
/// <c>$JS.ACK.stream.consumer.deliveries.streamSequence.consumerSequence.timestamp.pending</c>. Servers from 2.14 on may send
/// a longer one, with domain and account hash after <c>$JS.ACK</c>.
/// Source: https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-15.md.
/// </summary>
internal static class AckSubject
{
    private const string Prefix = JetStreamSubjects.AckPrefix;
    private const int ShortTokens = 9;
    private const int LongTokens = 11;

    /// <summary>
    /// Rebuilds the subject. The server looks at the stream sequence alone and ignores the number of deliveries, the
    /// timestamp and the pending count, so they need not be remembered.
    /// </summary>
    public static string Build(string stream, string consumer, DeliverySequence delivery) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{stream}.{consumer}.1.{delivery.Stream}.{delivery.Consumer}.0.0");

    /// <summary>Reads the sequences from a delivery's reply subject, without allocating.</summary>
    public static bool TryParse(ReadOnlySpan<char> subject, out DeliverySequence delivery)
    {
        delivery = default;
        if (!subject.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        var tokens = subject.Count('.') + 1;
        if (tokens != ShortTokens && tokens < LongTokens)
        {
            return false;
        }

        // Stream, consumer and deliveries come before the sequences; in the long form domain and account hash as well.
        var rest = subject[Prefix.Length..];
        for (var skip = tokens == ShortTokens ? 3 : 5; skip > 0; skip--)
        {
            rest = rest[(rest.IndexOf('.') + 1)..];
        }

        var first = rest.IndexOf('.');
        var second = first + 1 + rest[(first + 1)..].IndexOf('.');
        if (!ulong.TryParse(rest[..first], NumberStyles.None, CultureInfo.InvariantCulture, out var stream)
            || !ulong.TryParse(rest[(first + 1)..second], NumberStyles.None, CultureInfo.InvariantCulture, out var consumer))
        {
            return false;
        }

        delivery = new DeliverySequence(stream, consumer);
        return true;
    }
}
