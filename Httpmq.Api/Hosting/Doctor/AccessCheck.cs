using Httpmq.Api.Access;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Domain.Access;
using Httpmq.Infrastructure.Diagnosis;

namespace Httpmq.Api.Hosting.Doctor;

/// <summary>What is odd about who may do what: more than was meant, or less.</summary>
internal static class AccessCheck
{
    public const string Name = AccessDeclaration.Section;

    public static IReadOnlyList<CheckResult> Examine(HttpmqSettings settings)
    {
        if (settings.Access is not { } access)
        {
            return [CheckResult.Ok(Name, "there is none: everybody who reaches a port may do everything")];
        }

        var found = Judge(access).ToArray();
        return found.Length > 0
            ? found
            : [CheckResult.Ok(
                Name,
                $"{access.ApiKeys.Count} principals with keys, {access.Certificates.Count} with certificates, "
                    + $"{access.Tokens.Count} issuers, {access.Roles.Count} roles")];
    }

    private static IEnumerable<CheckResult> Judge(AccessSettings access)
    {
        foreach (var right in access.RulesOf(access.Anonymous)
            .Where(static rule => rule is { Allows: true, Right: Right.Publish or Right.Admin })
            .Select(static rule => rule.Right)
            .Distinct())
        {
            yield return CheckResult.Warning(
                Name, $"who shows nothing has the right '{right.ToString().ToLowerInvariant()}'", "take that role out of auth.anonymous");
        }

        (string Name, IReadOnlyList<string> Roles)[] principals =
        [
            .. access.ApiKeys.Select(static key => (key.Name, key.Roles)),
            .. access.Certificates.Select(static one => (one.Name, one.Roles)),
        ];
        foreach (var (name, _) in principals.Where(static one => one.Roles.Count == 0))
        {
            yield return CheckResult.Warning(Name, $"'{name}' has no role: it may do nothing", "give it roles, or remove it");
        }

        if (access is { Anonymous.Count: 0, Tokens.Count: 0 } && principals.Length == 0)
        {
            yield return CheckResult.Problem(
                Name, "nobody can show who they are: everything but health is refused", "add keys, issuers or names of certificates");
        }

        var had = principals.SelectMany(static one => one.Roles).Concat(access.Anonymous).ToHashSet(StringComparer.Ordinal);
        foreach (var (role, rules) in access.Roles.OrderBy(static role => role.Key, StringComparer.Ordinal))
        {
            // A token may carry any role.
            if (access.Tokens.Count == 0 && !had.Contains(role))
            {
                yield return CheckResult.Warning(Name, $"nobody has the role '{role}'", "give it to somebody, or remove it");
            }

            if (!rules.Any(static rule => rule.Allows))
            {
                yield return CheckResult.Warning(Name, $"the role '{role}' allows nothing", "write what it allows");
            }

            foreach (var rule in rules.Where(rule => rule.Allows && rules.Any(other => IsDenied(rule, other))))
            {
                yield return CheckResult.Warning(
                    Name, $"'{rule.Pattern}' of {rule.Origin} matches nothing: the role denies all of it", "remove one of the two rules");
            }
        }
    }

    // Only what is sure: the same pattern, or a denial of everything.
    private static bool IsDenied(AccessRule rule, AccessRule other) =>
        !other.Allows && other.Right == rule.Right
        && (string.Equals(other.Pattern, rule.Pattern, StringComparison.Ordinal) || other.Pattern is ">" or "*/*"
            || (other.Pattern is "*" && rule.Right is Right.Admin));
}
