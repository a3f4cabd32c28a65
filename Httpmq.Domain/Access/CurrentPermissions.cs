using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Access;

/// <summary>The permissions of a principal as they are now: they change while its requests are open.</summary>
/// <param name="current">What it may do at first.</param>
public sealed class CurrentPermissions(PermissionSet current) : Permissions
{
    private volatile PermissionSet _current = current;

    /// <summary>What it may do.</summary>
    public PermissionSet Current
    {
        get => _current;
        set => _current = value;
    }

    /// <inheritdoc/>
    public override bool ReadsSome => _current.ReadsSome;

    /// <inheritdoc/>
    public override bool ReadsAll => _current.ReadsAll;

    /// <inheritdoc/>
    public override bool ManagesSome => _current.ManagesSome;

    /// <inheritdoc/>
    public override bool ManagesAll => _current.ManagesAll;

    /// <inheritdoc/>
    public override bool Publish(Subject subject) => _current.Publish(subject);

    /// <inheritdoc/>
    public override bool PublishAll(SubjectFilter filter) => _current.PublishAll(filter);

    /// <inheritdoc/>
    public override bool Read(string subject) => _current.Read(subject);

    /// <inheritdoc/>
    public override bool ReadAll(SubjectFilter filter) => _current.ReadAll(filter);

    /// <inheritdoc/>
    public override bool Consume(StreamName stream, ConsumerName consumer) => _current.Consume(stream, consumer);

    /// <inheritdoc/>
    public override bool ConsumesSome(StreamName stream) => _current.ConsumesSome(stream);

    /// <inheritdoc/>
    public override bool Manage(StreamName stream) => _current.Manage(stream);
}
