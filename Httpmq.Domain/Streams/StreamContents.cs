namespace Httpmq.Domain.Streams;

/// <summary>Which messages a purge removes.</summary>
/// <param name="Filter">Those of these subjects, wildcards allowed; null: of all.</param>
/// <param name="Seq">Those before this sequence; null: all. Not with <paramref name="Keep"/>.</param>
/// <param name="Keep">All but so many of the newest; null or 0: all.</param>
public sealed record PurgeScope(string? Filter, ulong? Seq, ulong? Keep);

/// <summary>A page of the subjects that a stream has messages of, in the order of their names.</summary>
/// <param name="Subjects">How many messages each has.</param>
/// <param name="Total">How many subjects there are in all.</param>
public sealed record SubjectPage(IReadOnlyList<KeyValuePair<string, ulong>> Subjects, long Total);
