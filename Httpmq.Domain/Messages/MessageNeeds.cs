using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Messages;

/// <summary>What the headers of a message ask of the server that stores it. One that lacks it stores the message all the same.</summary>
[Flags]
public enum MessageFeatures
{
    None = 0,

    /// <summary>It expires by itself: <c>Nats-TTL</c>.</summary>
    TimeToLive = 1,

    /// <summary>Its condition is about other subjects: <c>Nats-Expected-Last-Subject-Sequence-Subject</c>.</summary>
    SequenceOfSubjects = 2,

    /// <summary>It adds to a counter: <c>Nats-Incr</c>.</summary>
    Counter = 4,

    /// <summary>It is to be published later: <c>Nats-Schedule</c>.</summary>
    Schedule = 8,

    /// <summary>It is to be published again and again.</summary>
    RepeatedSchedule = 16,
}

/// <summary>What a message needs besides a stream that takes its subject.</summary>
/// <param name="Features">What the server must have.</param>
/// <param name="Target">Where a schedule publishes; null: it is none.</param>
public sealed record MessageNeeds(MessageFeatures Features, Subject? Target = null)
{
    /// <summary>Whose last message a schedule publishes; null: its own.</summary>
    public Subject? Source { get; init; }

    /// <summary>The subjects that its condition is about, where it says so.</summary>
    public SubjectFilter? Condition { get; init; }

    /// <summary>Whether it replaces every other message of the stream.</summary>
    public bool RollsUpAll { get; init; }
}
