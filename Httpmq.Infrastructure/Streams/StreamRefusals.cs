using System.Globalization;
using System.Text.Json;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Streams;

/// <summary>Says what JetStream does not when it refuses a stream's definition: which field or subject it is, and what to do.</summary>
internal sealed class StreamRefusals(JetStreamApi api)
{
    // The explanation of an error must not become the work.
    private const int MostSubjects = 10;

    public async Task<Error> ExplainAsync(string what, ApiError refusal, StreamConfig wanted, CancellationToken cancellationToken)
    {
        var error = JetStreamErrors.ToError(what, refusal);
        try
        {
            var explanation = refusal.ErrCode switch
            {
                JetStreamErrors.StreamExists => await DescribeDifferenceAsync(what, wanted, cancellationToken),
                JetStreamErrors.SubjectsOverlap => await DescribeOverlapAsync(what, wanted, cancellationToken),
                JetStreamErrors.NoCluster => $"replicas: {wanted.NumReplicas} needs a cluster of at least as many nats-servers, and this is a single one; leave replicas out, or say 1",
                JetStreamErrors.NoSuchPeers => $"replicas: {wanted.NumReplicas} needs as many nats-servers that run and have room; say fewer, or start more",
                _ => null,
            };
            return explanation is null ? error : error with { Detail = $"{explanation}: {error.Detail}" };
        }
        catch (Exception exception) when (exception is HttpmqException or OperationCanceledException)
        {
            // The refusal is the answer; that it could not be explained is none.
            return error;
        }
    }

    private async Task<string?> DescribeDifferenceAsync(string what, StreamConfig wanted, CancellationToken cancellationToken)
    {
        var existing = (await api.CallAsync(what, $"STREAM.INFO.{wanted.Name}", [], WireJson.Default.StreamInfoWire, cancellationToken)).Config!.Known;
        var subjects = wanted.Subjects ?? [wanted.Name!];
        if (existing.Subjects is { } taken && !subjects.ToHashSet(StringComparer.Ordinal).SetEquals(taken))
        {
            return $"subjects: the stream has {List(taken)}, and {List(subjects)} was asked for; change them with PUT /v1/admin/stream/{wanted.Name}/subject";
        }

        return Limit("max_msgs", existing.MaxMsgs, wanted.MaxMsgs)
            ?? Limit("max_bytes", existing.MaxBytes, wanted.MaxBytes)
            ?? Limit("max_age", existing.MaxAge?.Nanoseconds, wanted.MaxAge?.Nanoseconds)
            ?? Limit("max_msgs_per_subject", existing.MaxMsgsPerSubject, wanted.MaxMsgsPerSubject)
            ?? Limit("max_msg_size", existing.MaxMsgSize, wanted.MaxMsgSize)
            ?? Fixed("max_consumers", existing.MaxConsumers, wanted.MaxConsumers)
            ?? Fixed("replicas", existing.NumReplicas, wanted.NumReplicas)
            ?? Text("description", existing.Description ?? string.Empty, wanted.Description ?? string.Empty)
            ?? (Metadata.AreSame(Metadata.WithoutReserved(existing.Metadata), wanted.Metadata)
                ? null
                : "metadata: the stream has another; delete the stream first, or use another name")
            ?? "the stream differs in a setting that this API does not have, so it was defined with another tool; delete it first, or use another name";

        string? Limit(string field, long? has, long? asked) => Difference(field, has, asked, $"change it with PUT /v1/admin/stream/{wanted.Name}/limit");

        static string? Fixed(string field, long? has, long? asked) => Difference(field, has, asked, "delete the stream first, or use another name");

        static string? Text(string field, string has, string asked) => string.Equals(has, asked, StringComparison.Ordinal)
            ? null
            : $"{field}: the stream has another; delete the stream first, or use another name";
    }

    private static string? Difference(string field, long? has, long? asked, string advice) => has == asked
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"{field}: the stream has {has}, and {asked} was asked for; {advice}");

    private async Task<string?> DescribeOverlapAsync(string what, StreamConfig wanted, CancellationToken cancellationToken)
    {
        foreach (var subject in (wanted.Subjects ?? [wanted.Name!]).Take(MostSubjects))
        {
            if (!SubjectFilter.TryParse(subject, out var filter, out _))
            {
                continue;
            }

            var page = await api.CallAsync(
                what,
                "STREAM.LIST",
                JsonSerializer.SerializeToUtf8Bytes(new PageRequest(0, subject), WireJson.Default.PageRequest),
                WireJson.Default.StreamListResponse,
                cancellationToken);
            foreach (var other in (page.Streams ?? []).Select(stream => stream.Config!.Known))
            {
                if (!string.Equals(other.Name, wanted.Name, StringComparison.Ordinal) && other.Subjects?.FirstOrDefault(filter.Overlaps) is { } taken)
                {
                    return $"subjects: '{subject}' overlaps with '{taken}' of stream {other.Name}";
                }
            }
        }

        return null;
    }

    private static string List(IReadOnlyList<string> subjects) => subjects.Count <= MostSubjects
        ? string.Join(", ", subjects.Select(subject => $"'{subject}'"))
        : $"{string.Join(", ", subjects.Take(MostSubjects).Select(subject => $"'{subject}'"))} and {subjects.Count - MostSubjects} more";
}
