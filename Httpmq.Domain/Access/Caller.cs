using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Access;

/// <summary>
/// Who sent a request, and what they may do. Every use case that touches the broker is given one and asks it before anything else: a
/// refusal does not tell whether the stream or consumer exists.
/// </summary>
/// <param name="Name">For logs and errors.</param>
/// <param name="Permissions">What they may do.</param>
public sealed record Caller(string Name, Permissions Permissions)
{
    /// <summary>Whoever says nothing about themselves. They may do everything as long as nothing is configured.</summary>
    public static Caller Anonymous { get; } = new("anonymous", Permissions.All);

    /// <summary>Null where they may publish to the subject, else the refusal.</summary>
    public Error? CheckPublish(Subject subject) =>
        Permissions.Publish(subject) ? null : AccessErrors.Publish(this, subject);

    /// <summary>Null where they may receive and acknowledge what the consumer delivers, else the refusal.</summary>
    public Error? CheckConsume(StreamName stream, ConsumerName consumer) =>
        Permissions.Consume(stream, consumer) ? null : AccessErrors.Consume(this, stream, consumer);

    /// <summary>Null where they may define, change and delete the stream and its consumers, else the refusal.</summary>
    public Error? CheckManage(StreamName stream) =>
        Permissions.Manage(stream) ? null : AccessErrors.Manage(this, stream);

    /// <summary>Null where they may read how the stream and its consumers are configured, and how far they are, else the refusal.</summary>
    public Error? CheckSee(StreamName stream) =>
        Permissions.See(stream) ? null : AccessErrors.See(this, stream);
}

/// <summary>
/// What a caller may do. It is asked for every message that is published, so it answers from memory, from any thread.
/// </summary>
public abstract class Permissions
{
    /// <summary>Everything is permitted.</summary>
    public static Permissions All { get; } = new Everything();

    /// <summary>Whether messages may be published to the subject.</summary>
    public abstract bool Publish(Subject subject);

    /// <summary>Whether what the consumer delivers may be received and acknowledged.</summary>
    public abstract bool Consume(StreamName stream, ConsumerName consumer);

    /// <summary>Whether the stream and its consumers may be defined, changed and deleted.</summary>
    public abstract bool Manage(StreamName stream);

    /// <summary>Whether the stream and its consumers may be read and appear in lists.</summary>
    public abstract bool See(StreamName stream);

    private sealed class Everything : Permissions
    {
        public override bool Publish(Subject subject) => true;

        public override bool Consume(StreamName stream, ConsumerName consumer) => true;

        public override bool Manage(StreamName stream) => true;

        public override bool See(StreamName stream) => true;
    }
}
