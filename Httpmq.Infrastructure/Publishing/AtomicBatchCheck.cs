using System.Globalization;
using System.Text.Json;
using Httpmq.Application.Publishing;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Features;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Publishing;

/// <summary>
/// Finds the one stream of a batch before anything is sent, and the message at fault afterwards: JetStream does not name it.
/// </summary>
internal sealed class AtomicBatchCheck(RequestLink link, JetStreamApi api, TimeProvider time)
{
    private const string Field = "atomic=true";
    private const string ExpectedStream = "Nats-Expected-Stream";

    // Of which header a refusal speaks.
    private static readonly Dictionary<int, string> Headers = new()
    {
        [10111] = PublishHeaderRules.Rollup,
        [10165] = PublishHeaderRules.TimeToLive,
        [10166] = PublishHeaderRules.TimeToLive,
        [10168] = PublishHeaderRules.Increment,
        [10170] = PublishHeaderRules.Increment,
        [10171] = PublishHeaderRules.Increment,
        [10188] = PublishHeaderRules.Schedule,
        [10189] = PublishHeaderRules.Schedule,
        [10190] = PublishHeaderRules.Schedule,
        [10191] = PublishHeaderRules.Schedule,
        [10192] = PublishHeaderRules.Schedule,
        [10203] = PublishHeaderRules.Schedule,
        [10223] = PublishHeaderRules.Schedule,
    };

    private readonly FeatureCheck _features = new(link, api, time);

    public static Operation Publishing(Subject subject) => new(OperationKind.Publish, Subject: subject.Value);

    /// <summary>The stream that takes all of them, or why the batch must not be sent.</summary>
    public async Task<(string? Stream, AtomicOutcome? Refused)> FindStreamAsync(
        IReadOnlyList<Publication> publications, CancellationToken cancellationToken)
    {
        link.RequireOpen();
        var operation = Publishing(publications[0].Subject);
        var server = link.Server;
        if (!server.Has(Feature.AtomicBatch))
        {
            return (null, AtomicOutcome.Failed(TooOld(operation, server.Name)));
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(
            new StreamNamesRequest(publications[0].Subject.Value), WireJson.Default.StreamNamesRequest);
        var names = await api.CallAsync(operation, "STREAM.NAMES", body, WireJson.Default.StreamNamesResponse, cancellationToken);
        if (names.Streams is not [var stream, ..])
        {
            return (null, AtomicOutcome.Failed(PublishErrors.NoStream(operation), 0));
        }

        var answer = await api.CallAsync(
            operation, $"STREAM.INFO.{stream}", [], WireJson.Default.StreamTraitsResponse, cancellationToken);
        var leader = ServerFacts.OfLeader(answer.Config?.Metadata?.GetValueOrDefault(ServerFacts.VersionMetadata), server);
        return leader.Has(Feature.AtomicBatch)
            ? (stream, await FindRefusalAsync(publications, stream, answer.Config!))
            : (null, AtomicOutcome.Failed(TooOld(operation, leader.Name ?? "older than 2.11")));
    }

    /// <summary>The first message because of which JetStream refused the batch; null where it cannot be told.</summary>
    public async Task<int?> FindCulpritAsync(
        IReadOnlyList<Publication> publications, string stream, int errCode, CancellationToken cancellationToken)
    {
        if (errCode is JetStreamErrors.WrongLastSequence)
        {
            return await FindWrongSequenceAsync(publications, stream, cancellationToken);
        }

        if (errCode is JetStreamErrors.WrongLastSequenceOf)
        {
            return FindWrittenBefore(publications);
        }

        // Each one before was measured when it came.
        if (errCode is JetStreamErrors.MessageTooLarge)
        {
            return publications.Count - 1;
        }

        if (errCode is JetStreamErrors.DuplicateInBatch)
        {
            var withId = Having(publications, PublishHeaderRules.MessageId).Take(2).ToArray();
            return withId.Length == 1 ? withId[0] : null;
        }

        return Headers.GetValueOrDefault(errCode) is { } header ? First(Having(publications, header)) : null;
    }

    private async Task<AtomicOutcome?> FindRefusalAsync(IReadOnlyList<Publication> publications, string stream, StreamTraits traits)
    {
        SubjectFilter[] filters = [.. (traits.Subjects ?? [stream])
            .Select(static subject => SubjectFilter.TryParse(subject, out var filter, out _) ? filter : default)
            .Where(static filter => filter.Value is not null)];
        for (var index = 0; index < publications.Count; index++)
        {
            var publication = publications[index];
            if (!filters.Any(filter => filter.Covers(publication.Subject.Value)))
            {
                return AtomicOutcome.Failed(PublishErrors.OutsideBatch(Publishing(publication.Subject), stream), index);
            }

            if (publication.Headers.Find(ExpectedStream) is { } expected && !string.Equals(expected, stream, StringComparison.Ordinal))
            {
                return AtomicOutcome.Failed(PublishErrors.OtherStream(Publishing(publication.Subject), expected, stream), index);
            }

            if (publication.Needs is { } needs && await _features.FindRefusalAsync(publication.Subject, needs) is { } lack)
            {
                return AtomicOutcome.Failed(lack, index);
            }
        }

        return null;
    }

    /// <summary>JetStream says which sequence it has instead, and not of which message. Another may have been stored since.</summary>
    private async Task<int?> FindWrongSequenceAsync(
        IReadOnlyList<Publication> publications, string stream, CancellationToken cancellationToken)
    {
        var conditions = Having(publications, PublishHeaderRules.ExpectedLastSubjectSequence).ToArray();
        var others = Having(publications, JetStreamHeaders.ExpectedLastSequence).ToArray();
        if (conditions.Length + others.Length == 1)
        {
            return conditions.Concat(others).First();
        }

        foreach (var index in conditions)
        {
            var publication = publications[index];
            var subject = publication.Headers.Find(PublishHeaderRules.ExpectedSubject) ?? publication.Subject.Value;
            if (await LastSequenceAsync(publication.Subject, stream, subject, cancellationToken) is { } last
                && !string.Equals(
                    publication.Headers.Find(PublishHeaderRules.ExpectedLastSubjectSequence),
                    last.ToString(CultureInfo.InvariantCulture),
                    StringComparison.Ordinal))
            {
                return index;
            }
        }

        return First(others);
    }

    /// <summary>The first with a condition on a subject that the batch writes to before: JetStream takes no such condition.</summary>
    private static int? FindWrittenBefore(IReadOnlyList<Publication> publications)
    {
        var written = new HashSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < publications.Count; index++)
        {
            var publication = publications[index];
            if (publication.Headers.Find(PublishHeaderRules.ExpectedLastSubjectSequence) is not null)
            {
                var subject = publication.Headers.Find(PublishHeaderRules.ExpectedSubject) ?? publication.Subject.Value;
                if (written.Contains(subject)
                    || (!Subject.TryParse(subject, out _, out _)
                        && SubjectFilter.TryParse(subject, out var filter, out _) && written.Any(filter.Covers)))
                {
                    return index;
                }
            }

            written.Add(publication.Subject.Value);
        }

        return null;
    }

    private async Task<ulong?> LastSequenceAsync(Subject publishing, string stream, string subject, CancellationToken cancellationToken)
    {
        try
        {
            var body = JsonSerializer.SerializeToUtf8Bytes(new LastMessageRequest(subject), WireJson.Default.LastMessageRequest);
            var answer = await api.TryCallAsync(
                Publishing(publishing), $"STREAM.MSG.GET.{stream}", body, WireJson.Default.MessageGetResponse, cancellationToken);
            return answer.Error is { ErrCode: JetStreamErrors.MessageNotFound } ? 0 : answer.Message?.Seq;
        }
        catch (Exception exception) when (exception is HttpmqException or OperationCanceledException)
        {
            return null;
        }
    }

    private static Error TooOld(Operation operation, string? server) =>
        ConnectionErrors.TooOld(operation, Field, $"{Feature.AtomicBatch.Since}", server);

    private static IEnumerable<int> Having(IReadOnlyList<Publication> publications, string header) =>
        Enumerable.Range(0, publications.Count).Where(index => publications[index].Headers.Find(header) is not null);

    private static int? First(IEnumerable<int> indices)
    {
        foreach (var index in indices)
        {
            return index;
        }

        return null;
    }
}
