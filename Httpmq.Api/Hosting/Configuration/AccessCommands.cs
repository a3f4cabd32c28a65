using Httpmq.Api.Access;
using Httpmq.Api.Http;
using Httpmq.Api.Tls;
using Httpmq.Domain.Access;
using Httpmq.Domain.Naming;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>
/// What the command line has for who runs a gateway with keys: <c>httpmq key new</c> makes one, <c>httpmq can</c> says who may do what.
/// </summary>
internal static class AccessCommands
{
    internal const string Can = "can";
    internal const string Key = "key";

    private const int No = 1;

    private static readonly Dictionary<string, Right> Rights =
        Enum.GetValues<Right>().ToDictionary(static right => right.ToString().ToLowerInvariant(), StringComparer.Ordinal);

    /// <param name="words">What follows <c>key</c>.</param>
    internal static CommandLineResult.Exit AnswerKey(string[] words)
    {
        if (words is not ["new"])
        {
            return Wrong("key: write 'httpmq key new', which prints a new key and its hash");
        }

        var key = KeyHash.NewKey();
        return new CommandLineResult.Exit(
            $"""
            key     {key}
            sha256  {KeyHash.Of(key)}

            Give the key to whoever is to use it; it is shown only now. The configuration has its sha256:
            {AccessDeclaration.Section}.api_keys[].sha256
            """,
            0);
    }

    /// <param name="words">What follows <c>can</c>: a principal, a right, and what it is about.</param>
    /// <param name="access">The configuration; null where there is none.</param>
    internal static CommandLineResult.Exit AnswerCan(string[] words, AccessSettings? access)
    {
        if (words is not [var principal, var word, var what] || !Rights.TryGetValue(word, out var right))
        {
            return Wrong("can: write 'httpmq can <principal> publish|read <subject>', '… consume <stream>/<consumer>' or "
                + $"'… admin <stream>'; a principal is the name of a key or certificate, or {Caller.AnonymousName}");
        }

        if (access is null)
        {
            return new CommandLineResult.Exit($"yes, as everybody: the configuration has no {AccessDeclaration.Section}", 0);
        }

        if (Find(principal, access) is not { } permissions)
        {
            var names = access.ApiKeys.Select(static key => key.Name).Concat(access.Certificates.Select(static one => one.Name));
            return Wrong($"can: {PlainText.Quote(principal)} is not the name of a key or certificate; there are "
                + string.Join(", ", names.Append(Caller.AnonymousName))
                + $"; for a token write <name>=<role>,<role>, of {string.Join(", ", access.Roles.Keys.Order(StringComparer.Ordinal))}");
        }

        return Decide(permissions, right, what, out var decision) is { } reason
            ? Wrong($"can: {PlainText.Quote(what)} {reason}")
            : decision switch
            {
                { IsPermitted: true, Rule: { } rule } => new CommandLineResult.Exit($"yes, by {Describe(rule)}", 0),
                { Rule: { } rule } => new CommandLineResult.Exit($"no, by {Describe(rule)}", No) { IsAnswer = true },
                _ => new CommandLineResult.Exit("no, nothing allows it", No) { IsAnswer = true },
            };
    }

    private static PermissionSet? Find(string principal, AccessSettings access)
    {
        if (principal is Caller.AnonymousName)
        {
            return new PermissionSet(null, access.RulesOf(access.Anonymous));
        }

        if (access.ApiKeys.FirstOrDefault(key => string.Equals(key.Name, principal, StringComparison.Ordinal)) is { } key)
        {
            return new PermissionSet(key.Name, access.RulesOf(key.Roles));
        }

        if (FindCertificate(principal, access) is { } certificate)
        {
            return new PermissionSet(certificate.Name, access.RulesOf(certificate.Roles));
        }

        // Of a token nobody knows more here than what it says.
        return principal.Split('=') is [var name, var roles] && roles.Split(',') is var given
            && Array.TrueForAll(given, access.Roles.ContainsKey)
                ? new PermissionSet(name, access.RulesOf(given))
                : null;
    }

    // By its name, or by one of the certificate's.
    private static CertificateSettings? FindCertificate(string principal, AccessSettings access) =>
        access.Certificates.FirstOrDefault(one => string.Equals(one.Name, principal, StringComparison.Ordinal))
        ?? (CertificateName.Parse(principal) is { } name ? access.Certificates.FirstOrDefault(one => one.Names.Contains(name)) : null);

    /// <summary>What is wrong with the question; null: nothing.</summary>
    private static string? Decide(PermissionSet permissions, Right right, string what, out AccessDecision decision)
    {
        decision = default;
        if (right is Right.Publish or Right.Read)
        {
            if (!SubjectFilter.TryParse(what, out var filter, out var reason))
            {
                return reason;
            }

            decision = right is Right.Publish ? permissions.DecidePublish(filter) : permissions.DecideRead(filter);
            return null;
        }

        var names = what.Split('/');
        if (names.Length != (right is Right.Consume ? 2 : 1)
            || !StreamName.TryParse(names[0], out var stream) || !ConsumerName.TryParse(names[^1], out var consumer))
        {
            return right is Right.Consume ? "is not STREAM/CONSUMER" : $"is not {EntityName.Rule}";
        }

        decision = right is Right.Consume ? permissions.DecideConsume(stream, consumer) : permissions.DecideManage(stream);
        return null;
    }

    private static string Describe(AccessRule rule) => $"{PlainText.Quote(rule.Pattern)} of {rule.Origin}";

    private static CommandLineResult.Exit Wrong(string text) => new($"httpmq: {text}", CommandLine.InvalidExitCode);
}
