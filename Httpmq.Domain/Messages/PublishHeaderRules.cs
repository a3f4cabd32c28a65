using System.Collections.Frozen;
using System.Globalization;
using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Messages;

/// <summary>
/// A header of a message that JetStream reads. What it would pass over in silence (an empty value, another spelling), take for something
/// else, or not answer at all, is refused before it is sent.
/// </summary>
/// <param name="Name">The name as JetStream spells it, which compares by case.</param>
/// <param name="Needs">What the server must have.</param>
/// <param name="Validate">What is wrong with a value; null: nothing.</param>
public sealed record PublishHeaderRule(string Name, MessageFeatures Needs, Func<string, string?> Validate);

/// <summary>The headers that a message on its way in may have for JetStream.</summary>
public static class PublishHeaderRules
{
    /// <summary>What the names of all headers that JetStream reads or writes begin with.</summary>
    public const string Prefix = "Nats-";

    public const string MessageId = "Nats-Msg-Id";
    public const string TimeToLive = "Nats-TTL";
    public const string Rollup = "Nats-Rollup";
    public const string RollupAll = "all";
    public const string ExpectedLastSubjectSequence = "Nats-Expected-Last-Subject-Sequence";
    public const string ExpectedSubject = "Nats-Expected-Last-Subject-Sequence-Subject";
    public const string Increment = "Nats-Incr";
    public const string Schedule = "Nats-Schedule";
    public const string ScheduleSource = "Nats-Schedule-Source";
    public const string ScheduleTarget = "Nats-Schedule-Target";

    /// <summary>What the names of all conditions begin with.</summary>
    public const string Expected = "Nats-Expected-";

    private static readonly FrozenDictionary<string, PublishHeaderRule> Rules = new PublishHeaderRule[]
    {
        new(MessageId, MessageFeatures.None, NotEmpty),
        new(TimeToLive, MessageFeatures.TimeToLive, MessageTimeToLive.Validate),
        new(Rollup, MessageFeatures.None, static text => text is "sub" or RollupAll ? null : "is not 'sub' or 'all'"),
        new("Nats-Expected-Stream", MessageFeatures.None, static text => StreamName.TryParse(text, out _) ? null : "is no stream name"),
        new("Nats-Expected-Last-Sequence", MessageFeatures.None, ValidateSequence),
        new(ExpectedLastSubjectSequence, MessageFeatures.None, ValidateSequence),
        new(ExpectedSubject, MessageFeatures.SequenceOfSubjects,
            static text => SubjectFilter.TryParse(text, out _, out var reason) ? null : reason),
        new("Nats-Expected-Last-Msg-Id", MessageFeatures.None, NotEmpty),
        new(Increment, MessageFeatures.Counter, ValidateIncrement),
        new(Schedule, MessageFeatures.Schedule, MessageSchedule.Validate),
        new(ScheduleTarget, MessageFeatures.Schedule, ValidateSubject),
        new("Nats-Schedule-TTL", MessageFeatures.Schedule, MessageTimeToLive.Validate),
        new("Nats-Schedule-Time-Zone", MessageFeatures.Schedule, NotEmpty),
        new(ScheduleSource, MessageFeatures.Schedule, ValidateSubject),
        new("Nats-Schedule-Rollup", MessageFeatures.Schedule, static text => text is "sub" ? null : "is not 'sub'"),
    }.ToFrozenDictionary(static rule => rule.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The names, as JetStream spells them.</summary>
    public static IReadOnlyList<string> Names => Rules.Keys;

    /// <summary>The rule for a name in any spelling; null: a message may not have it.</summary>
    public static PublishHeaderRule? Find(string name) => Rules.GetValueOrDefault(name);

    private static string? NotEmpty(string text) => text.Length > 0 ? null : "is empty";

    // JetStream reads 63 bits, and takes what is no number for another sequence.
    private static string? ValidateSequence(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? null : "is no sequence: an integer of at least 0";

    // Counters have no largest number.
    private static string? ValidateIncrement(string text)
    {
        var digits = text.AsSpan(text is ['+' or '-', ..] ? 1 : 0);
        return digits.Length > 0 && !digits.ContainsAnyExceptInRange('0', '9') ? null : "is no integer such as '1', '+5' or '-2'";
    }

    private static string? ValidateSubject(string text) => Subject.TryParse(text, out _, out var reason) ? null : reason;
}
