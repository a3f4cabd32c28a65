using Httpmq.Infrastructure.Queues;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>
/// What was received and nobody will read: kept until the server sends no more, then given back to JetStream, so that others get it
/// at once.
/// </summary>
/// <param name="time">The clock that arrivals are measured with.</param>
/// <param name="ackWait">After so long somebody else has the message.</param>
/// <param name="giveBack">Gives one back, by its reply subject.</param>
internal sealed class UnreadDeliveries(TimeProvider time, TimeSpan ackWait, Action<string> giveBack)
{
    private readonly Lock _gate = new();
    private List<QueuedDelivery> _kept = [];
    private bool _gaveBack;

    /// <summary>Keeps them; what comes after <see cref="GiveBack"/> is given back at once.</summary>
    public void Keep(List<QueuedDelivery> deliveries)
    {
        lock (_gate)
        {
            _kept.AddRange(deliveries);
            if (!_gaveBack)
            {
                return;
            }
        }

        GiveBack();
    }

    /// <summary>
    /// What waited for longer than the ack wait somebody else has by now: a NAK would take it from them. Measured with our own clock since
    /// it arrived: the time in the reply subject is that of the message, and by the server's clock.
    /// </summary>
    public void GiveBack()
    {
        List<QueuedDelivery> kept;
        lock (_gate)
        {
            _gaveBack = true;
            (kept, _kept) = (_kept, []);
        }

        foreach (var delivery in kept.Where(delivery => time.GetElapsedTime(delivery.At) < ackWait))
        {
            giveBack(delivery.ReplyTo);
        }
    }
}
