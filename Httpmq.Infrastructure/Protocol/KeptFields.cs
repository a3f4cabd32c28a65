using Httpmq.Domain.Errors;
using Httpmq.Domain.Features;
using Httpmq.Domain.Limits;

namespace Httpmq.Infrastructure.Protocol;

/// <summary>
/// Whether the server that keeps a stream or a consumer took its whole configuration. In a cluster of several versions it may be another
/// one than the connected one, and too old: it ignores what it does not know. The answer to a definition is its own.
/// </summary>
internal static class KeptFields
{
    /// <summary>The error for the first field that it lacks; null: it has all of them.</summary>
    /// <param name="operation">What fails.</param>
    /// <param name="needed">The fields that are named and need a feature.</param>
    /// <param name="version">The version in the answer, <see cref="GivenConfig{T}.LeaderVersion"/>.</param>
    /// <param name="asked">What is named.</param>
    /// <param name="kept">What the answer shows of it.</param>
    /// <param name="defaults">What holds where it shows nothing.</param>
    public static Error? FindLost<T>(
        Operation operation,
        IReadOnlyList<(string Name, Feature Feature)> needed,
        string? version,
        T asked,
        T kept,
        T defaults)
        where T : notnull, new()
    {
        if (needed.Count == 0)
        {
            return null;
        }

        // Whoever leads all of JetStream has read it first, and passed on what it knows: that may be less than the one that keeps it has.
        var lost = NamesOf(NamedFields.Replaced(asked, kept, defaults));
        lost.IntersectWith(NamesOf(NamedFields.Replaced(asked, kept, new T()).Where(static field => NamedFields.IsNone(field.Now))));
        return FindLacking(operation, needed, version)
            ?? (needed.FirstOrDefault(need => lost.Contains(need.Name)) is { Feature: { } feature } missing
                ? ConnectionErrors.PeerTooOld(operation, missing.Name, $"{feature.Since}", version)
                : null);
    }

    /// <summary>
    /// The error for the first field that the server that keeps it lacks; null: it has all of them. Asked before a change is written, as
    /// some fields cannot be taken back: JetStream's own leader, which is newer, keeps them and refuses the undoing.
    /// </summary>
    /// <param name="operation">What fails.</param>
    /// <param name="needed">The fields that are named and need a feature.</param>
    /// <param name="version">The version of the server that keeps it, <see cref="GivenConfig{T}.LeaderVersion"/>.</param>
    public static Error? FindLacking(
        Operation operation, IReadOnlyList<(string Name, Feature Feature)> needed, string? version)
    {
        foreach (var (name, feature) in needed)
        {
            if (!ServerFacts.LeaderHas(version, feature))
            {
                return ConnectionErrors.PeerTooOld(operation, name, $"{feature.Since}", version);
            }
        }

        return null;
    }

    private static HashSet<string> NamesOf(IEnumerable<ReplacedField> fields) =>
        fields.Select(static field => field.Name).ToHashSet(StringComparer.Ordinal);
}
