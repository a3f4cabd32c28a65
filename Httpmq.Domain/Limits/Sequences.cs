namespace Httpmq.Domain.Limits;

/// <summary>What holds for a sequence that a request chooses.</summary>
public static class Sequences
{
    /// <summary>
    /// The highest one, 2^53-1: every client reads it from JSON as it is. JetStream takes any, and counts on from it. But its files mark
    /// what is deleted in the two highest bits: from 2^62 on it loses confirmed messages when it starts again, or does not start at all.
    /// </summary>
    public const ulong Highest = (1UL << 53) - 1;

    /// <summary>Why the sequence cannot be chosen; null: it can.</summary>
    /// <param name="sequence">The sequence; null: none is chosen.</param>
    public static string? Validate(ulong? sequence) => sequence > Highest ? $"{sequence} is more than {Highest}" : null;
}
