namespace Httpmq.Infrastructure.Requests;

/// <summary>The table of slots. It grows with the replies that wait to be taken, and keeps what an ordinary load needs.</summary>
/// <param name="ended">Called when a request ends, before anybody learns of it.</param>
internal sealed class RequestSlots(Action<RequestSlot> ended)
{
    /// <summary>A slot's index fits into so many bits.</summary>
    public const int IndexBits = 20;

    private const int Most = 1 << IndexBits;
    private const int First = 1024;

    // Slots beyond this number are for a rush, and not kept.
    private const int Kept = 1 << 16;

    private readonly Lock _gate = new();
    private readonly Stack<RequestSlot> _free = new();
    private readonly Stack<int> _dropped = new();
    private RequestSlot?[] _slots = new RequestSlot?[First];
    private Action<RequestSlot>? _return;
    private int _created;

    /// <summary>A slot that is free; null: there are no more.</summary>
    public RequestSlot? Rent()
    {
        lock (_gate)
        {
            return _free.TryPop(out var slot) ? slot : Create();
        }
    }

    /// <summary>The slot to which the token of a request belongs; null where there is none.</summary>
    public RequestSlot? Of(long token)
    {
        var slots = Volatile.Read(ref _slots);
        return (token & (Most - 1)) is var index && index < slots.Length ? Volatile.Read(ref slots[index]) : null;
    }

    /// <summary>Every slot that was made so far, in use or not.</summary>
    public IEnumerable<RequestSlot> All()
    {
        RequestSlot?[] slots;
        int created;
        lock (_gate)
        {
            (slots, created) = (_slots, _created);
        }

        for (var index = 0; index < created; index++)
        {
            if (Volatile.Read(ref slots[index]) is { } slot)
            {
                yield return slot;
            }
        }
    }

    private RequestSlot? Create()
    {
        if (!_dropped.TryPop(out var index))
        {
            if (_created == Most)
            {
                return null;
            }

            if (_created == _slots.Length)
            {
                var more = new RequestSlot?[2 * _created];
                _slots.CopyTo(more, 0);
                Volatile.Write(ref _slots, more);
            }

            index = _created++;
        }

        var slot = new RequestSlot(index, ended, _return ??= Return);
        Volatile.Write(ref _slots[index], slot);
        return slot;
    }

    private void Return(RequestSlot slot)
    {
        lock (_gate)
        {
            if (slot.Index < Kept)
            {
                _free.Push(slot);
            }
            else
            {
                Volatile.Write(ref _slots[slot.Index], null);
                _dropped.Push(slot.Index);
            }
        }
    }
}
