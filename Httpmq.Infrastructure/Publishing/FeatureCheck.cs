using System.Collections.Concurrent;
using System.Text.Json;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Features;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Publishing;

/// <summary>
/// Refuses what would be stored without its meaning: a server takes headers that it does not know for any others. In a cluster the stream's
/// leader decides, which may be older than the connected server.
/// </summary>
internal sealed class FeatureCheck(RequestLink link, JetStreamApi api, TimeProvider time)
{
    private const string Repeated = $"a repeated {PublishHeaderRules.Schedule}";
    private const int MostKept = 256;

    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LeaderLife = TimeSpan.FromSeconds(5);

    private static readonly (MessageFeatures Need, string Field, Feature Feature)[] Table =
    [
        (MessageFeatures.TimeToLive, PublishHeaderRules.TimeToLive, Feature.MessageTtl),
        (MessageFeatures.SequenceOfSubjects, PublishHeaderRules.ExpectedSubject, Feature.ExpectedSubject),
        (MessageFeatures.Counter, PublishHeaderRules.Increment, Feature.Counters),
        (MessageFeatures.Schedule, PublishHeaderRules.Schedule, Feature.Schedules),
        (MessageFeatures.RepeatedSchedule, Repeated, Feature.RepeatedSchedules),
    ];

    private readonly ConcurrentDictionary<Subject, (long Since, ServerFacts Leader)> _leaders = new();

    /// <summary>Why the message must not be sent; null: it may.</summary>
    public ValueTask<Error?> FindRefusalAsync(Subject subject, MessageNeeds needs)
    {
        if (needs is { Features: MessageFeatures.None, Target: null })
        {
            return default;
        }

        var server = link.Server;
        var error = !link.IsOpen ? link.NotConnected : FindLack(subject, needs.Features, server);
        return error is not null || (!server.IsClustered && needs.Target is null) ? new(error) : new(AskAsync(subject, needs, server));
    }

    private static Error? FindLack(Subject subject, MessageFeatures features, ServerFacts server)
    {
        foreach (var (need, field, feature) in Table)
        {
            if ((features & need) != MessageFeatures.None && !server.Has(feature))
            {
                return ConnectionErrors.TooOld(Publishing(subject), field, $"{feature.Since}", server.Name ?? "older than 2.11");
            }
        }

        return null;
    }

    private async Task<Error?> AskAsync(Subject subject, MessageNeeds needs, ServerFacts server)
    {
        if (needs.Target is null && _leaders.TryGetValue(subject, out var known) && time.GetElapsedTime(known.Since) < LeaderLife)
        {
            return FindLack(subject, needs.Features, known.Leader);
        }

        using var limit = new CancellationTokenSource(TimeLimit, time);
        try
        {
            return await FindStreamAsync(subject, limit.Token) is not { } stream
                ? null
                : await AskStreamAsync(subject, needs, server, stream, limit.Token);
        }
        catch (HttpmqException exception)
        {
            return exception.Error;
        }
        catch (OperationCanceledException)
        {
            return link.Explain(ConnectionErrors.Silent(Publishing(subject)));
        }
    }

    /// <summary>Null where no stream takes the subject: whoever publishes learns it by publishing.</summary>
    private async Task<string?> FindStreamAsync(Subject subject, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new StreamNamesRequest(subject.Value), WireJson.Default.StreamNamesRequest);
        var answer = await api.CallAsync(
            Publishing(subject), "STREAM.NAMES", body, WireJson.Default.StreamNamesResponse, cancellationToken);
        return answer.Streams is [var first, ..] ? first : null;
    }

    private async Task<Error?> AskStreamAsync(
        Subject subject, MessageNeeds needs, ServerFacts server, string stream, CancellationToken cancellationToken)
    {
        var answer = await api.CallAsync(
            Publishing(subject), $"STREAM.INFO.{stream}", [], WireJson.Default.StreamTraitsResponse, cancellationToken);
        var leader = ServerFacts.OfLeader(answer.Config?.Metadata?.GetValueOrDefault(ServerFacts.VersionMetadata), server);
        Keep(subject, leader);
        return FindLack(subject, needs.Features, leader)
            ?? (needs.Target is not null && answer.Config is { KeepsByInterest: true }
                && !await IsWantedAsync(subject, stream, cancellationToken)
                ? PublishErrors.Discarded(Publishing(subject), stream)
                : null);
    }

    /// <summary>
    /// Whether some consumer covers the subject. A stream that keeps by interest drops a schedule that none covers, and says that it was
    /// stored (measured on 2.15.1).
    /// </summary>
    private async Task<bool> IsWantedAsync(Subject subject, string stream, CancellationToken cancellationToken)
    {
        for (var offset = 0; ;)
        {
            var body = JsonSerializer.SerializeToUtf8Bytes(new PageRequest(offset), WireJson.Default.PageRequest);
            var page = await api.CallAsync(
                Publishing(subject), $"CONSUMER.LIST.{stream}", body, WireJson.Default.ConsumerFiltersResponse, cancellationToken);
            if (page.Consumers is not { Count: > 0 } consumers)
            {
                return false;
            }

            if (consumers.Any(consumer => Covers(consumer.Config, subject)))
            {
                return true;
            }

            offset += consumers.Count;
            if (offset >= page.Total)
            {
                return false;
            }
        }
    }

    private static bool Covers(ConsumerFilters? filters, Subject subject)
    {
        string[] all = [.. filters?.FilterSubjects ?? [], .. filters?.FilterSubject is { Length: > 0 } one ? [one] : Array.Empty<string>()];
        return all.Length == 0
            || all.Any(filter => SubjectFilter.TryParse(filter, out var parsed, out _) && parsed.Covers(subject.Value));
    }

    private void Keep(Subject subject, ServerFacts leader)
    {
        if (_leaders.Count >= MostKept)
        {
            _leaders.Clear();
        }

        _leaders[subject] = (time.GetTimestamp(), leader);
    }

    private static Operation Publishing(Subject subject) => new(OperationKind.Publish, Subject: subject.Value);
}
