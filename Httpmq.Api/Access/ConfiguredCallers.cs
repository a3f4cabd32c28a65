using System.Collections.Frozen;
using Httpmq.Api.Http;
using Httpmq.Api.Tls;
using Httpmq.Domain.Access;

namespace Httpmq.Api.Access;

/// <summary>
/// Finds the caller by what a request shows, as the section <c>auth</c> of the configuration says. Both APIs have the same one.
/// </summary>
internal sealed class ConfiguredCallers : ICallerSource
{
    private static readonly Identification Unknown =
        new(Caller: null, AccessErrors.Unknown("the key or token is not known, or has been withdrawn"));

    private static readonly Identification UnknownCertificate =
        new(Caller: null, AccessErrors.Unknown("none of the client certificate's names is in auth.mtls"));

    private static readonly Identification NothingShown = new(Caller: null, AccessErrors.Nothing);

    private readonly RecentKeys _recent = new();
    private readonly TimeProvider _time;
    private volatile Table _table;

    public ConfiguredCallers(AccessSettings settings, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _table = Table.Of(settings, before: null, _time);
    }

    /// <summary>Whether Swagger UI and the OpenAPI documents are shown to everybody.</summary>
    public bool OpenDocuments => _table.Settings.OpenDocuments;

    /// <summary>
    /// Other keys and roles from now on. A principal that has lost a key or whose rules are others gets its new rights also for what it has
    /// open: subscriptions end, and batches store nothing more.
    /// </summary>
    public void Replace(AccessSettings settings)
    {
        var before = _table;
        _table = Table.Of(settings, before, _time);
        before.End(_table);
    }

    public ValueTask<Identification> FindAsync(HttpContext context) =>
        IsOpen(context.GetEndpoint()) ? new(new Identification(_table.Anonymous)) : IdentifyAsync(context);

    public ValueTask<Identification> IdentifyAsync(HttpContext context)
    {
        if (Credentials.Read(context.Request, out var shown) is { } wrong)
        {
            return new(new Identification(Caller: null, wrong));
        }

        var table = _table;
        if (shown.Text is null)
        {
            if (table.Certificates.Count > 0
                && context.Features.Get<ClientCertificate>() is { } certificate && Credentials.MayShowCertificate(context.Request))
            {
                return new(table.Find(certificate, _time));
            }

            return new(table.Settings.Anonymous.Count > 0 ? new Identification(table.Anonymous) : NothingShown);
        }

        if (shown.MayBeToken && table.Tokens is { } tokens && TokenCallers.IsToken(shown.Value))
        {
            return tokens.FindAsync(shown.Start == 0 ? shown.Text : shown.Text[shown.Start..]);
        }

        return new(shown.Value.Length <= KeyHash.LongestKey && FindKey(table, shown.Value) is { } principal
            ? new Identification(principal.Caller)
            : Unknown);
    }

    private Principal? FindKey(Table table, ReadOnlySpan<char> key)
    {
        var isRecent = _recent.TryGet(key, out var hash);
        if (!isRecent)
        {
            hash = KeyHash.Of(key);
        }

        if (table.Keys.TryGetValue(hash, out var principal) && !isRecent)
        {
            _recent.Keep(key, hash);
        }

        return principal;
    }

    // Unknown paths and methods are no secret, and are answered as always.
    private static bool IsOpen(Endpoint? endpoint) =>
        endpoint is not RouteEndpoint || endpoint.Metadata.GetMetadata<OpenToAllAttribute>() is not null;

    /// <summary>Who there is by one state of the configuration.</summary>
    private sealed class Table
    {
        private readonly CancellationTokenSource _tokensEnd;
        private readonly FrozenDictionary<string, Principal> _principals;

        private Table(AccessSettings settings, FrozenDictionary<string, Principal> principals, Table? before, TimeProvider time)
        {
            Settings = settings;
            _principals = principals;
            Keys = settings.ApiKeys
                .SelectMany(key => key.Hashes.Select(hash => KeyValuePair.Create(hash, principals[key.Name])))
                .ToFrozenDictionary();
            Certificates = settings.Certificates
                .SelectMany(one => one.Names.Select(name => KeyValuePair.Create(name, principals[one.Name])))
                .ToFrozenDictionary();

            // What tokens permit hangs on the roles as well.
            var isSame = before is not null && settings.HasSameTokens(before.Settings);
            _tokensEnd = isSame ? before!._tokensEnd : new CancellationTokenSource();
            Tokens = isSame ? before!.Tokens
                : settings.Tokens.Count > 0 ? new TokenCallers(settings, before?.Tokens, time, _tokensEnd.Token)
                : null;
        }

        public AccessSettings Settings { get; }

        public FrozenDictionary<KeyHash, Principal> Keys { get; }

        public FrozenDictionary<CertificateName, Principal> Certificates { get; }

        public TokenCallers? Tokens { get; }

        public Caller Anonymous => _principals[Caller.AnonymousName].Caller;

        public static Table Of(AccessSettings settings, Table? before, TimeProvider time)
        {
            var principals = new[] { Principal.Of(Caller.AnonymousName, settings.Anonymous, settings) }
                .Concat(settings.ApiKeys.Select(key => Principal.Of(key.Name, key.Roles, settings) with { Hashes = key.Hashes }))
                .Concat(settings.Certificates.Select(
                    one => Principal.Of(one.Name, one.Roles, settings, "certificate") with { Names = one.Names }))
                .ToFrozenDictionary(
                static principal => principal.Caller.Name,
                principal => before?._principals.GetValueOrDefault(principal.Caller.Name) is { } known && known.IsKept(principal)
                    ? principal.As(known)
                    : principal,
                StringComparer.Ordinal);
            return new Table(settings, principals, before, time);
        }

        /// <summary>Who shows a certificate. What was found is kept at the connection, as long as this state holds.</summary>
        public Identification Find(ClientCertificate certificate, TimeProvider time)
        {
            if (certificate.Found is not Known known || known.By != this)
            {
                certificate.Found = known = new Known(this, Identify(certificate));
            }

            // A connection may last longer than its certificate.
            return certificate.Expires > time.GetUtcNow() ? known.Result : Refuse("has expired");
        }

        private Identification Identify(ClientCertificate certificate)
        {
            if (certificate.Problem is { } problem)
            {
                return Refuse(problem);
            }

            foreach (var name in certificate.Names)
            {
                if (Certificates.TryGetValue(name, out var principal))
                {
                    return new Identification(principal.Caller with { Expires = certificate.Expires });
                }
            }

            return UnknownCertificate;
        }

        private static Identification Refuse(string problem) =>
            new(Caller: null, AccessErrors.Unknown($"the client certificate {problem}"));

        private sealed record Known(Table By, Identification Result);

        /// <summary>Ends what those have open that are others in the next state.</summary>
        public void End(Table next)
        {
            foreach (var (name, principal) in _principals)
            {
                var now = next._principals.GetValueOrDefault(name);
                if (!ReferenceEquals(principal.Caller, now?.Caller))
                {
                    principal.End(now?.Permissions.Current ?? PermissionSet.Nothing);
                }
            }

            if (!ReferenceEquals(_tokensEnd, next._tokensEnd))
            {
                _tokensEnd.Cancel();
            }
        }
    }

    private sealed record Principal(
        Caller Caller, CurrentPermissions Permissions, IReadOnlyList<AccessRule> Rules, CancellationTokenSource Ending)
    {
        public IReadOnlyList<KeyHash> Hashes { get; init; } = [];

        public IReadOnlyList<CertificateName> Names { get; init; } = [];

        public static Principal Of(string name, IReadOnlyList<string> roles, AccessSettings settings, string shownBy = "key")
        {
            var isIdentified = name is not Caller.AnonymousName;
            AccessRule[] rules = [.. settings.RulesOf(roles)];
            var permissions = new CurrentPermissions(new PermissionSet(isIdentified ? name : null, rules));
            var ending = new CancellationTokenSource();
            var caller = new Caller(name, permissions) { IsIdentified = isIdentified, ShownBy = shownBy, Ended = ending.Token };
            return new Principal(caller, permissions, rules, ending);
        }

        /// <summary>Whether it goes on as this one: with the same rules, wherever they stand, and all of its keys and names.</summary>
        public bool IsKept(Principal next) =>
            Rules.Select(Plain).SequenceEqual(next.Rules.Select(Plain))
            && Hashes.All(next.Hashes.Contains)
            && Names.All(next.Names.Contains);

        /// <summary>The same principal as before, with the keys and names that it has now.</summary>
        public Principal As(Principal before) => before with { Hashes = Hashes, Names = Names };

        public void End(PermissionSet rest)
        {
            Permissions.Current = rest;
            Ending.Cancel();
        }

        private static AccessRule Plain(AccessRule rule) => rule with { Origin = string.Empty };
    }
}
