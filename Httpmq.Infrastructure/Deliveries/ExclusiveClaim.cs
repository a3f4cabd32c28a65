using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>
/// One subscriber's claim to a push consumer that serves a single one. Every holder says its claim on the deliver subject, again and
/// again, and whoever hears a better one ends. The better claim is the one with the higher rank, and of two with the same rank
/// the one with the smaller id.
/// </summary>
/// <remarks>
/// The rank grows with the holder's own age, so no clocks are compared, and it never falls. Hence not all can end: whoever ended heard a
/// claim that was better than its own at that time, and following these claims from one holder to the next never leads back to the first.
/// It grows in steps, and the steps get longer: two that opened within moments have the same rank as soon as a step is longer than a claim
/// is on its way, and then both see the same order. Earlier gateways know the first two words below alone, and say them once: a claim of
/// rank 0 is what they say when they open, and "taken" is how they are told that they came later.
/// </remarks>
internal sealed class ExclusiveClaim
{
    /// <summary>Bytes of an id.</summary>
    public const int IdBytes = 16;

    private const int SignificantBits = 4;

    // Earlier gateways let the id decide within this time.
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(2);

    private readonly TimeProvider _time;
    private readonly byte[] _id;
    private readonly long _opened;

    /// <param name="time">The clock that ages are measured with.</param>
    /// <param name="id">What tells holders apart; null (default): random.</param>
    public ExclusiveClaim(TimeProvider time, byte[]? id = null)
    {
        _time = time;
        _id = id ?? RandomNumberGenerator.GetBytes(IdBytes);
        _opened = time.GetTimestamp();
    }

    private static ReadOnlySpan<byte> Comes => "httpmq comes "u8;

    private static ReadOnlySpan<byte> Taken => "httpmq taken "u8;

    private static ReadOnlySpan<byte> Holds => "httpmq holds "u8;

    private ulong Rank
    {
        get
        {
            var steps = (ulong)(_time.GetElapsedTime(_opened).Ticks / Step.Ticks);
            var dropped = Math.Max(0, 64 - BitOperations.LeadingZeroCount(steps) - SignificantBits);
            return steps >> dropped << dropped;
        }
    }

    /// <summary>What this holder says about itself now.</summary>
    public byte[] Message() => Message(Rank);

    /// <summary>
    /// Compares what was heard on the deliver subject with the own claim; anything that is not a claim changes nothing.
    /// </summary>
    /// <param name="payload">What was heard, from whomever.</param>
    /// <param name="answer">What to say now, so that a holder with a lesser claim learns of this one; null: nothing.</param>
    /// <returns>True: there is a better claim, and this holder has to end.</returns>
    public bool Hear(in ReadOnlySequence<byte> payload, out byte[]? answer)
    {
        answer = null;
        if (payload.Length > Holds.Length + sizeof(ulong) + IdBytes)
        {
            return false;
        }

        Span<byte> text = stackalloc byte[(int)payload.Length];
        payload.CopyTo(text);
        var mine = Rank;
        if (TryRead(text, Taken, 0, out _, out var id))
        {
            // An answer to a claim of rank 0. Whoever has grown since compares again instead.
            answer = mine > 0 && id.SequenceEqual(_id) ? Message(mine) : null;
            return mine == 0 && id.SequenceEqual(_id);
        }

        if ((!TryRead(text, Comes, 0, out var rank, out id) && !TryRead(text, Holds, sizeof(ulong), out rank, out id))
            || id.SequenceEqual(_id))
        {
            return false;
        }

        if (rank > mine || (rank == mine && id.SequenceCompareTo(_id) < 0))
        {
            return true;
        }

        answer = rank == 0 ? [.. Taken, .. id] : Message(mine);
        return false;
    }

    private byte[] Message(ulong rank)
    {
        if (rank == 0)
        {
            return [.. Comes, .. _id];
        }

        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, rank);
        return [.. Holds, .. bytes, .. _id];
    }

    private static bool TryRead(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word, int rankBytes, out ulong rank, out ReadOnlySpan<byte> id)
    {
        rank = 0;
        id = default;
        if (text.Length != word.Length + rankBytes + IdBytes || !text.StartsWith(word))
        {
            return false;
        }

        rank = rankBytes == 0 ? 0 : BinaryPrimitives.ReadUInt64BigEndian(text[word.Length..]);
        id = text[^IdBytes..];
        return true;
    }
}
