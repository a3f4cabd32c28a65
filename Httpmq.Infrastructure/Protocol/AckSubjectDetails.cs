using System.Globalization;
using Httpmq.Domain.Messages;

namespace Httpmq.Infrastructure.Protocol;

/// <summary>
/// Reads what a delivery's reply subject says beside the sequences, see <see cref="AckSubject"/>. Kept apart, because only subscribers
/// who asked for it pay for it.
/// </summary>
internal static class AckSubjectDetails
{
    private const int ShortTokens = 9;

    // "$JS.ACK.stream.consumer." and "$JS.ACK.domain.hash.stream.consumer.".
    private const int BeforeDeliveries = 4;
    private const int BeforeDeliveriesLong = 6;

    /// <summary>Whether the message was delivered before, without allocating.</summary>
    public static bool IsRedelivery(ReadOnlySpan<char> subject)
    {
        var rest = subject;
        for (var skip = subject.Count('.') + 1 == ShortTokens ? BeforeDeliveries : BeforeDeliveriesLong; skip > 0; skip--)
        {
            rest = rest[(rest.IndexOf('.') + 1)..];
        }

        return !rest.StartsWith("1.", StringComparison.Ordinal);
    }

    /// <summary>Without allocating; what cannot be read is 0.</summary>
    public static DeliveryDetails Read(ReadOnlySpan<char> subject)
    {
        var skip = subject.Count('.') + 1 == ShortTokens ? BeforeDeliveries : BeforeDeliveriesLong;
        ulong deliveries = 0;
        ulong pending = 0;
        long time = 0;
        var index = 0;
        foreach (var range in subject.Split('.'))
        {
            var token = subject[range];
            switch (index++ - skip)
            {
                case 0:
                    _ = ulong.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out deliveries);
                    break;
                case 3:
                    _ = long.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out time);
                    break;
                case 4:
                    _ = ulong.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out pending);
                    break;
            }
        }

        return new DeliveryDetails(deliveries, pending, time);
    }
}
