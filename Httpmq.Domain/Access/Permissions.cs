using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Access;

/// <summary>
/// What a caller may do. It is asked for every message that is published, so it answers from memory, from any thread.
/// </summary>
public abstract class Permissions
{
    /// <summary>Everything is permitted.</summary>
    public static Permissions All { get; } = new Everything();

    /// <summary>Whether some subject may be read, so that it has to be seen which one is asked for.</summary>
    public abstract bool ReadsSome { get; }

    /// <summary>Whether every subject may be read.</summary>
    public abstract bool ReadsAll { get; }

    /// <summary>Whether some stream may be managed.</summary>
    public abstract bool ManagesSome { get; }

    /// <summary>Whether every stream may be managed.</summary>
    public abstract bool ManagesAll { get; }

    /// <summary>Whether messages may be published to the subject.</summary>
    public abstract bool Publish(Subject subject);

    /// <summary>Whether messages may be published to every subject that the filter matches.</summary>
    public abstract bool PublishAll(SubjectFilter filter);

    /// <summary>Whether what is stored under the subject may be read without a consumer.</summary>
    public abstract bool Read(string subject);

    /// <summary>Whether what is stored under every subject that the filter matches may be read.</summary>
    public abstract bool ReadAll(SubjectFilter filter);

    /// <summary>Whether what the consumer delivers may be received and acknowledged.</summary>
    public abstract bool Consume(StreamName stream, ConsumerName consumer);

    /// <summary>Whether that may be permitted of a consumer of the stream, whatever its name.</summary>
    public abstract bool ConsumesSome(StreamName stream);

    /// <summary>Whether the stream and its consumers may be defined, changed and deleted.</summary>
    public abstract bool Manage(StreamName stream);

    private sealed class Everything : Permissions
    {
        public override bool ReadsSome => true;

        public override bool ReadsAll => true;

        public override bool ManagesSome => true;

        public override bool ManagesAll => true;

        public override bool Publish(Subject subject) => true;

        public override bool PublishAll(SubjectFilter filter) => true;

        public override bool Read(string subject) => true;

        public override bool ReadAll(SubjectFilter filter) => true;

        public override bool Consume(StreamName stream, ConsumerName consumer) => true;

        public override bool ConsumesSome(StreamName stream) => true;

        public override bool Manage(StreamName stream) => true;
    }
}
