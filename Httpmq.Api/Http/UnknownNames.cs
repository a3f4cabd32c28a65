using Httpmq.Api.Errors;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.Http;

/// <summary>
/// On an action whose effect cannot be undone: unknown fields and parameters are refused even where the request is not strict. A misspelt
/// <c>filter</c> of a purge would otherwise remove every message.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RefusesUnknownNamesAttribute : Attribute;

/// <summary>
/// On an action that replaces a configuration: a field that holds the whole of it, as an answer does, is refused even where the request is
/// not strict. Otherwise all that is in it would become JetStream's default.
/// </summary>
/// <param name="field">The field.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RefusesWrappedAttribute(string field) : Attribute
{
    public string Field { get; } = field;
}

/// <summary>
/// Names in a request that nobody knows: said in the answer, with the nearest that somebody does, and once in the log. Refused where
/// the request is strict, or where the action has <see cref="RefusesUnknownNamesAttribute"/>.
/// </summary>
internal sealed class UnknownNames(ILogger<UnknownNames> logger)
{
    /// <summary>Named one by one in an answer; of more only their number is told.</summary>
    public const int MostNamed = 10;

    // A client that makes names up must fill neither the log nor the memory.
    private const int MostLogged = 200;

    private const int LongestName = 64;

    private readonly HashSet<string> _logged = new(StringComparer.Ordinal);

    /// <summary>Says in the request's notes, and in the log, that these names are not known.</summary>
    /// <param name="context">The request.</param>
    /// <param name="kind">What they are: "field" or "parameter".</param>
    /// <param name="found">The names, each once.</param>
    /// <param name="known">The names that are known there.</param>
    public void Report(HttpContext context, string kind, FoundNames found, IReadOnlyCollection<string> known)
    {
        var warnings = Describe(kind, found, known);
        var notes = RequestNotes.Of(context);
        if (notes.IsStrict)
        {
            throw new HttpmqException(HttpErrors.Unknown(kind, warnings));
        }

        if (context.GetEndpoint()?.Metadata.GetMetadata<RefusesUnknownNamesAttribute>() is not null)
        {
            throw new HttpmqException(HttpErrors.Unknown(kind, warnings).With("final", value: true));
        }

        if (context.GetEndpoint()?.Metadata.GetMetadata<RefusesWrappedAttribute>() is { Field: var field }
            && found.Names.Contains(field, StringComparer.OrdinalIgnoreCase))
        {
            throw new HttpmqException(HttpErrors.Unknown(kind, warnings).With("wrapper", field));
        }

        notes.Warn(warnings);
        Log(context.Request.Method, kind, found);
    }

    /// <summary>The warnings for these names.</summary>
    public static IReadOnlyList<string> Describe(string kind, FoundNames found, IReadOnlyCollection<string> known)
    {
        var warnings = found.Names.Select(name => Describe(kind, name, found.KnownAt(name) ?? known)).ToList();
        if (found.More > 0)
        {
            warnings.Add($"{found.More} more unknown {kind}s");
        }

        return warnings;
    }

    /// <summary>Says each name in the log, once.</summary>
    public void Log(string method, string kind, FoundNames found)
    {
        foreach (var name in found.Names)
        {
            LogOnce(method, kind, Shown(name));
        }
    }

    /// <summary>A name as it can be shown anywhere: cut, and without what steers a terminal or ends a header.</summary>
    public static string Printable(string name)
    {
        var shown = name.Length > LongestName ? name[..LongestName] + "..." : name;
        return string.Create(shown.Length, shown, static (text, source) =>
        {
            for (var i = 0; i < source.Length; i++)
            {
                text[i] = source[i] is >= ' ' and <= '~' ? source[i] : '?';
            }
        });
    }

    private static string Describe(string kind, string name, IReadOnlyCollection<string> known) =>
        NearestName.Find(name, known) is { } nearest
            ? $"unknown {kind} '{Shown(name)}'; did you mean '{nearest}'?"
            : $"unknown {kind} '{Shown(name)}'";

    // Whoever writes a key or token into the URL may write it as a name; proxies log what they pass on.
    private static string Shown(string name) => Array.Exists(PlainText.SecretStarts, name.Contains) ? "***" : Printable(name);

    private void LogOnce(string method, string kind, string name)
    {
        lock (_logged)
        {
            if (_logged.Count > MostLogged || !_logged.Add($"{kind} {name}"))
            {
                return;
            }

            if (_logged.Count > MostLogged)
            {
                logger.TooManyUnknownNames(MostLogged);
                return;
            }
        }

        logger.UnknownName(method, kind, name);
    }
}

/// <summary>Names that were found, each once; of more than can be named only the number is kept.</summary>
internal sealed class FoundNames
{
    private readonly List<string> _names = [];
    private readonly Dictionary<string, IReadOnlyCollection<string>> _known = new(StringComparer.Ordinal);

    public IReadOnlyList<string> Names => _names;

    public int More { get; private set; }

    public bool IsEmpty => _names.Count == 0;

    /// <summary>The names that are known where this one was found; null: those that are known everywhere.</summary>
    public IReadOnlyCollection<string>? KnownAt(string name) => _known.GetValueOrDefault(name);

    /// <summary>Notes a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="known">The names that are known where it was found; null: those that are known everywhere.</param>
    public void Add(string name, IReadOnlyCollection<string>? known = null)
    {
        if (_names.Contains(name, StringComparer.Ordinal))
        {
            return;
        }

        if (_names.Count < UnknownNames.MostNamed)
        {
            _names.Add(name);
            if (known is not null)
            {
                _known[name] = known;
            }
        }
        else
        {
            More++;
        }
    }
}
