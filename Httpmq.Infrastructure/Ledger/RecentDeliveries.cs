using Httpmq.Domain.Messages;

namespace Httpmq.Infrastructure.Ledger;

/// <summary>
/// Which message each of the last deliveries of a consumer was, as far as they went through this process. Written by its
/// subscriptions, read by acknowledgements, without a lock: one slot is one number.
/// </summary>
internal sealed class RecentDeliveries
{
    // 256 bytes to 16 KB: a consumer may have many in flight, and most have few.
    private const int Least = 32;
    private const int Most = 2048;

    // The low halves of both sequences: consumer, stream. 0 is an empty slot.
    private ulong[]? _slots;
    private int _added;

    public void Add(in DeliverySequence delivery)
    {
        var slots = Volatile.Read(ref _slots);
        if (slots is null || (slots.Length < Most && Volatile.Read(ref _added) >= slots.Length))
        {
            slots = Grow(slots);
        }

        Volatile.Write(ref slots[IndexOf(delivery.Consumer, slots)], Pack(delivery));
        if (slots.Length < Most)
        {
            // It need not be exact.
            _added++;
        }
    }

    /// <summary>True: that delivery was that message; false: it was another one; null: it is not known.</summary>
    public bool? Find(in DeliverySequence delivery)
    {
        if (Volatile.Read(ref _slots) is not { } slots)
        {
            return null;
        }

        var slot = Volatile.Read(ref slots[IndexOf(delivery.Consumer, slots)]);
        return slot >> 32 == (uint)delivery.Consumer && slot != 0 ? slot == Pack(delivery) : null;
    }

    public void Clear()
    {
        Volatile.Write(ref _slots, null);
        _added = 0;
    }

    /// <summary>What is written to the smaller one meanwhile is merely not known.</summary>
    private ulong[] Grow(ulong[]? small)
    {
        var slots = new ulong[small is null ? Least : small.Length * 4];
        foreach (var slot in small ?? [])
        {
            slots[IndexOf(slot >> 32, slots)] = slot;
        }

        Volatile.Write(ref _slots, slots);
        return slots;
    }

    private static int IndexOf(ulong consumerSequence, ulong[] slots) => (int)(consumerSequence & (uint)(slots.Length - 1));

    private static ulong Pack(in DeliverySequence delivery) =>
        ((delivery.Consumer & uint.MaxValue) << 32) | (delivery.Stream & uint.MaxValue);
}
