namespace Httpmq.Infrastructure.Protocol;

/// <summary>What decides how a stream treats a message.</summary>
internal sealed record StreamTraitsResponse : ApiResponse
{
    public StreamTraits? Config { get; init; }
}

/// <param name="Retention"><c>limits</c>, <c>interest</c> or <c>workqueue</c>.</param>
/// <param name="Subjects">What it takes; null: its name.</param>
/// <param name="Metadata">With the version of the leader, from nats-server 2.11 on.</param>
internal sealed record StreamTraits(string? Retention, IReadOnlyList<string>? Subjects, IReadOnlyDictionary<string, string>? Metadata)
{
    /// <summary>Keeps a message only while a consumer wants it.</summary>
    public bool KeepsByInterest => Retention is "interest";
}

/// <summary>Asks for the last message of a subject.</summary>
internal sealed record LastMessageRequest(string LastBySubj);

/// <summary>A page of a stream's consumers, as far as their filters go.</summary>
internal sealed record ConsumerFiltersResponse : ApiResponse
{
    public int Total { get; init; }

    public IReadOnlyList<ConsumerFiltersWire>? Consumers { get; init; }
}

internal sealed record ConsumerFiltersWire(ConsumerFilters? Config);

/// <param name="FilterSubject">One filter; null or empty: none.</param>
/// <param name="FilterSubjects">Several.</param>
internal sealed record ConsumerFilters(string? FilterSubject, IReadOnlyList<string>? FilterSubjects);
