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

    public async Task<Error> ExplainAsync(Operation operation, ApiError refusal, StreamConfig wanted, CancellationToken cancellationToken)
    {
        var error = JetStreamErrors.ToError(operation, refusal);
        try
        {
            return refusal.ErrCode switch
            {
                JetStreamErrors.StreamExists => await CompareAsync(error, operation, wanted, cancellationToken),
                JetStreamErrors.SubjectsOverlap => await FindOverlapAsync(error, operation, wanted, cancellationToken),
                JetStreamErrors.NoCluster or JetStreamErrors.NoSuchPeers => StreamErrors.TooManyReplicas(error, wanted.NumReplicas),
                _ => error,
            };
        }
        catch (Exception exception) when (exception is HttpmqException or OperationCanceledException)
        {
            // The refusal is the answer; that it could not be explained is none.
            return error;
        }
    }

    /// <summary>
    /// The stream that exists, where it is the one that is wanted though JetStream says no, else null: nats-server 2.9 compares sources
    /// with what it has written into them.
    /// </summary>
    public async Task<StreamInfoWire?> FindSameAsync(Operation operation, StreamConfig wanted, CancellationToken cancellationToken)
    {
        if (wanted.Sources is not { Count: > 0 })
        {
            return null;
        }

        var info = await api.TryCallAsync(operation, $"STREAM.INFO.{wanted.Name}", [], WireJson.Default.StreamInfoWire, cancellationToken);
        if (info.Error is not null || info.Config is not { Known: var known })
        {
            return null;
        }

        var defaults = StreamConfig.DefaultsFor(known.MaxAge?.Nanoseconds ?? 0);
        var existing = NamedFields.OnlySet(known, defaults);
        var asked = NamedFields.OnlySet(wanted, defaults);
        return NamedFields.AreNews(existing, asked) || NamedFields.AreNews(asked, existing) ? null : info;
    }

    private async Task<Error> CompareAsync(Error error, Operation operation, StreamConfig wanted, CancellationToken cancellationToken)
    {
        var info = await api.CallAsync(operation, $"STREAM.INFO.{wanted.Name}", [], WireJson.Default.StreamInfoWire, cancellationToken);
        var existing = info.Config!.Known;
        var subjects = wanted.Subjects ?? [wanted.Name!];
        if (existing.Subjects is { } taken && !subjects.ToHashSet(StringComparer.Ordinal).SetEquals(taken))
        {
            return StreamErrors.Different(error, "subjects", taken, subjects);
        }

        (string Field, long? Current, long? Wanted)[] numbers =
        [
            ("max_msgs", existing.MaxMsgs, wanted.MaxMsgs),
            ("max_bytes", existing.MaxBytes, wanted.MaxBytes),
            ("max_age", existing.MaxAge?.Nanoseconds, wanted.MaxAge?.Nanoseconds),
            ("max_msgs_per_subject", existing.MaxMsgsPerSubject, wanted.MaxMsgsPerSubject),
            ("max_msg_size", existing.MaxMsgSize, wanted.MaxMsgSize),
            ("max_consumers", existing.MaxConsumers, wanted.MaxConsumers),
            ("replicas", existing.NumReplicas, wanted.NumReplicas),
        ];
        foreach (var (field, current, asked) in numbers)
        {
            if (current != asked)
            {
                return StreamErrors.Different(error, field, current, asked);
            }
        }

        return StreamErrors.Different(
            error, NamedFields.FirstNews(existing, wanted with
            {
                Subjects = null,
                Description = wanted.Description ?? string.Empty,
                Metadata = wanted.Metadata ?? new Dictionary<string, string>(StringComparer.Ordinal),
            }));
    }

    private async Task<Error> FindOverlapAsync(Error error, Operation operation, StreamConfig wanted, CancellationToken cancellationToken)
    {
        foreach (var subject in (wanted.Subjects ?? [wanted.Name!]).Take(MostSubjects))
        {
            if (!SubjectFilter.TryParse(subject, out var filter, out _))
            {
                continue;
            }

            var page = await api.CallAsync(
                operation,
                "STREAM.LIST",
                JsonSerializer.SerializeToUtf8Bytes(new PageRequest(0, subject), WireJson.Default.PageRequest),
                WireJson.Default.StreamListResponse,
                cancellationToken);
            foreach (var other in (page.Streams ?? []).Select(stream => stream.Config!.Known))
            {
                if (!string.Equals(other.Name, wanted.Name, StringComparison.Ordinal)
                    && other.Subjects?.FirstOrDefault(filter.Overlaps) is { } taken)
                {
                    return StreamErrors.Overlapping(error, subject, taken, other.Name);
                }
            }
        }

        return error;
    }
}
