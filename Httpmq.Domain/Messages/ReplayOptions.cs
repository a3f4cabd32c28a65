using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Messages;

/// <summary>Where a replay begins, which messages it has, and where it ends. Where it names no beginning: at the first message.</summary>
public sealed record ReplayOptions
{
    /// <summary>The most filters.</summary>
    public const int MostSubjects = 16;

    /// <summary>The most subjects of which the last messages are found.</summary>
    public const int MostLast = 10_000;

    /// <summary>Only messages of these subjects; empty: all.</summary>
    public IReadOnlyList<SubjectFilter> Subjects { get; init; } = [];

    /// <summary>The first message is the one with this sequence, or the first after it; null: another beginning.</summary>
    public ulong? FromSequence { get; init; }

    /// <summary>The first message is the first that was stored then or later; null: another beginning.</summary>
    public DateTimeOffset? FromTime { get; init; }

    /// <summary>The first message is the last that is stored.</summary>
    public bool Last { get; init; }

    /// <summary>Only the last message of each subject, in the order of their sequences, and then what follows.</summary>
    public bool LastPerSubject { get; init; }

    /// <summary>The first message is the next that will be stored.</summary>
    public bool New { get; init; }

    /// <summary>The client has all up to this sequence, wherever it began: it reconnects. Null: it does not.</summary>
    public ulong? After { get; init; }

    /// <summary>The client was told before that it has all, and comes back only because it always does: there is nothing to send.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Goes on with what will be stored; otherwise it ends with what was stored when it began.</summary>
    public bool Follow { get; init; }

    /// <summary>Ends after so many messages; null: never.</summary>
    public long? Limit { get; init; }
}
