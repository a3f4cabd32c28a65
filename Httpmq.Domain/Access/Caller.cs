using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Access;

/// <summary>
/// Who sent a request, and what they may do. Every use case that touches the broker is given one and asks it before anything else: a
/// refusal does not tell whether the stream, consumer or message exists.
/// </summary>
/// <param name="Name">For logs and errors.</param>
/// <param name="Permissions">What they may do.</param>
public sealed record Caller(string Name, Permissions Permissions)
{
    /// <summary>What somebody is called who shows nothing.</summary>
    public const string AnonymousName = "anonymous";

    /// <summary>Whoever shows nothing. They may do everything as long as nothing is configured.</summary>
    public static Caller Anonymous { get; } = new(AnonymousName, Permissions.All);

    /// <summary>Whether they have shown who they are: a refusal tells others to do so.</summary>
    public bool IsIdentified { get; init; } = true;

    /// <summary>What they have shown: a <c>key</c>, a <c>token</c>, a <c>certificate</c>.</summary>
    public string ShownBy { get; init; } = "key";

    /// <summary>When what they have shown is over; null: it does not end by itself.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Is cancelled when what they have shown is withdrawn, or means something else from then on.</summary>
    public CancellationToken Ended { get; init; }

    /// <summary>Null while what they have shown counts, else why it does not any more; for what stays open.</summary>
    public Error? CheckEnd(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return Expires is { } expires && expires <= time.GetUtcNow() ? AccessErrors.Expired
            : Ended.IsCancellationRequested ? AccessErrors.Withdrawn
            : null;
    }

    /// <summary>Null where they may publish to the subject, else the refusal.</summary>
    public Error? CheckPublish(Subject subject) =>
        Permissions.Publish(subject) ? null : AccessErrors.Publish(this, subject.Value);

    /// <summary>Null where they may receive and acknowledge what the consumer delivers, else the refusal.</summary>
    public Error? CheckConsume(StreamName stream, ConsumerName consumer) =>
        Permissions.Consume(stream, consumer) ? null : AccessErrors.Consume(this, stream, consumer);

    /// <summary>Null where they may read what is stored under the subject, else the refusal.</summary>
    public Error? CheckRead(Subject subject) =>
        Permissions.Read(subject.Value) ? null : AccessErrors.Read(this, subject.Value);

    /// <summary>Null where they may read all that the filters match, and where there are none everything; else the refusal.</summary>
    public Error? CheckRead(IReadOnlyList<SubjectFilter> filters)
    {
        ArgumentNullException.ThrowIfNull(filters);
        if (filters.Count == 0)
        {
            return Permissions.ReadsAll ? null : AccessErrors.Read(this, SubjectFilter.Everything.Value);
        }

        foreach (var filter in filters)
        {
            if (!Permissions.ReadAll(filter))
            {
                return AccessErrors.Read(this, filter.Value);
            }
        }

        return null;
    }

    /// <summary>Null where they may define, change and delete the stream and its consumers, else the refusal.</summary>
    public Error? CheckManage(StreamName stream) =>
        Permissions.Manage(stream) ? null : AccessErrors.Manage(this, stream);

    /// <summary>Null where they may see what the gateway is connected to, else the refusal.</summary>
    public Error? CheckSeeServer() => Permissions.ManagesSome || Permissions.ReadsAll ? null : AccessErrors.SeeServer(this);
}
