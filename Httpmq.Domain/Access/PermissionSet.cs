using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Access;

/// <summary>
/// What a principal's roles permit. A denial of any role beats every permission of all of them. Immutable, and asked from any thread.
/// </summary>
public sealed class PermissionSet : Permissions
{
    /// <summary>Nothing is permitted.</summary>
    public static PermissionSet Nothing { get; } = new(null, []);

    private readonly SubjectRules _publish;
    private readonly SubjectRules _read;
    private readonly NameRules _consume;
    private readonly NameRules _admin;

    /// <param name="principal">
    /// What <see cref="AccessRule.Placeholder"/> stands for. Where it is null, or not of <see cref="EntityName.Rule"/>, rules with the
    /// placeholder permit nothing and deny everything: a name cannot bring tokens or wildcards of its own into a rule.
    /// </param>
    /// <param name="rules">The rules of all roles; their patterns are valid.</param>
    public PermissionSet(string? principal, IEnumerable<AccessRule> rules)
    {
        var filled = rules.Select(rule => (Rule: rule, Pattern: Fill(rule, principal)))
            .Where(static one => one.Pattern is not null)
            .ToLookup(static one => one.Rule.Right, static one => (one.Rule, one.Pattern!));
        _publish = new SubjectRules([.. filled[Right.Publish]]);
        _read = new SubjectRules([.. filled[Right.Read]]);
        _consume = new NameRules([.. filled[Right.Consume]]);
        _admin = new NameRules([.. filled[Right.Admin]]);
        ReadsAll = _read.DecideAll(SubjectFilter.Everything).IsPermitted;
    }

    /// <inheritdoc/>
    public override bool ReadsSome => _read.PermitsSome;

    /// <inheritdoc/>
    public override bool ReadsAll { get; }

    /// <inheritdoc/>
    public override bool ManagesSome => _admin.PermitsSome;

    /// <inheritdoc/>
    public override bool ManagesAll => _admin.PermitsAll;

    /// <inheritdoc/>
    public override bool Publish(Subject subject) => _publish.Decide(subject.Value).IsPermitted;

    /// <inheritdoc/>
    public override bool PublishAll(SubjectFilter filter) => _publish.DecideAll(filter).IsPermitted;

    /// <inheritdoc/>
    public override bool Read(string subject) => _read.Decide(subject).IsPermitted;

    /// <inheritdoc/>
    public override bool ReadAll(SubjectFilter filter) => _read.DecideAll(filter).IsPermitted;

    /// <inheritdoc/>
    public override bool Consume(StreamName stream, ConsumerName consumer) => _consume.Decide(stream.Value, consumer.Value).IsPermitted;

    /// <inheritdoc/>
    public override bool ConsumesSome(StreamName stream) => _consume.PermitsSomeOf(stream.Value);

    /// <inheritdoc/>
    public override bool Manage(StreamName stream) => _admin.Decide(stream.Value, []).IsPermitted;

    /// <summary>Decides about publishing to everything that a filter matches.</summary>
    public AccessDecision DecidePublish(SubjectFilter filter) => _publish.DecideAll(filter);

    /// <summary>Decides about reading everything that a filter matches.</summary>
    public AccessDecision DecideRead(SubjectFilter filter) => _read.DecideAll(filter);

    /// <summary>Decides about receiving and settling what a consumer delivers.</summary>
    public AccessDecision DecideConsume(StreamName stream, ConsumerName consumer) => _consume.Decide(stream.Value, consumer.Value);

    /// <summary>Decides about changing a stream and its consumers.</summary>
    public AccessDecision DecideManage(StreamName stream) => _admin.Decide(stream.Value, []);

    private static string? Fill(AccessRule rule, string? principal)
    {
        if (!rule.HasPlaceholder)
        {
            return rule.Pattern;
        }

        if (EntityName.IsValid(principal)
            && rule.Pattern.Replace(AccessRule.Placeholder, principal, StringComparison.Ordinal) is var pattern
            && AccessRule.ReasonAgainst(rule.Right, pattern) is null)
        {
            return pattern;
        }

        return rule.Allows ? null : rule.Right switch
        {
            Right.Consume => "*/*",
            Right.Admin => "*",
            _ => ">",
        };
    }
}
