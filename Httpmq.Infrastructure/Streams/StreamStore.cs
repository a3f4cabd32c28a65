using System.Text.Json;
using Httpmq.Application.Definitions;
using Httpmq.Application.Streams;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Streams;

internal sealed class StreamStore(JetStreamApi api, IDefinitionLocks locks) : IStreamStore
{
    private readonly StreamRefusals _refusals = new(api);

    public Task CreateAsync(StreamSpec spec, CancellationToken cancellationToken)
    {
        var what = $"Failed to create stream {spec.Name}";
        var subjects = spec.Subjects.Select(subject => subject.Value).ToArray();
        var defaults = new StreamConfigWire { Name = spec.Name.Value, Subjects = subjects.Length == 0 ? null : subjects };
        var config = Apply(defaults with { NumReplicas = spec.Replicas ?? defaults.NumReplicas }, spec.Limits);

        // A single server keeps two creations apart by itself, a cluster does not always. And a change may be under way that has read a
        // stream which was deleted since.
        return locks.RunAfterOthersAsync(
            what,
            spec.Name,
            async () =>
            {
                var answer = await WriteAsync(what, "CREATE", config);
                if (answer.Error is { } error)
                {
                    throw new HttpmqException(await _refusals.ExplainAsync(what, error, config, cancellationToken));
                }
            },
            cancellationToken);
    }

    public async Task<IReadOnlyList<StreamInfo>> ListAsync(CancellationToken cancellationToken)
    {
        var streams = new List<StreamInfo>();
        while (true)
        {
            var page = await api.CallAsync(
                "Failed to list streams",
                "STREAM.LIST",
                JsonSerializer.SerializeToUtf8Bytes(new PageRequest(streams.Count), WireJson.Default.PageRequest),
                WireJson.Default.StreamListResponse,
                cancellationToken);
            streams.AddRange((page.Streams ?? []).Select(ToInfo));
            if (page.Streams is not { Count: > 0 } || streams.Count >= page.Total)
            {
                // One that was created in between moves the pages, and comes twice. The gateways' own one is nobody else's business.
                return [.. streams
                    .DistinctBy(stream => stream.Config.Name, StringComparer.Ordinal)
                    .Where(stream => !LockSubjects.IsOwn(stream.Config.Name))];
            }
        }
    }

    public async Task<StreamInfo> GetAsync(StreamName name, CancellationToken cancellationToken) =>
        ToInfo(await ReadAsync($"Failed to read stream {name}", name, cancellationToken));

    public Task ChangeSubjectsAsync(StreamName name, IReadOnlyList<SubjectFilter> subjects, CancellationToken cancellationToken)
    {
        var values = subjects.Select(subject => subject.Value).ToArray();
        return UpdateAsync(
            $"Failed to change the subjects of stream {name}",
            name,
            config => config.Subjects?.SequenceEqual(values, StringComparer.Ordinal) is true ? config : config with { Subjects = values },
            cancellationToken);
    }

    public Task ChangeLimitsAsync(StreamName name, StreamLimits limits, CancellationToken cancellationToken) =>
        UpdateAsync($"Failed to change the limits of stream {name}", name, config => Apply(config, limits), cancellationToken);

    public Task DeleteAsync(StreamName name, CancellationToken cancellationToken) =>
        api.CallAsync($"Failed to delete stream {name}", $"STREAM.DELETE.{name}", [], WireJson.Default.ApiResponse, cancellationToken);

    private Task<StreamInfoWire> ReadAsync(string what, StreamName name, CancellationToken cancellationToken) =>
        api.CallAsync(what, $"STREAM.INFO.{name}", [], WireJson.Default.StreamInfoWire, cancellationToken);

    /// <summary>JetStream replaces the whole configuration, so nobody else may change it between the reading and the writing.</summary>
    private async Task UpdateAsync(string what, StreamName name, Func<StreamConfigWire, StreamConfigWire> change, CancellationToken cancellationToken)
    {
        if (IsChange((await ReadAsync(what, name, cancellationToken)).Config!, change, out _))
        {
            await locks.RunAsync(what, name, consumer: null, ChangeAsync, cancellationToken);
        }

        async Task ChangeAsync(Action writing)
        {
            var current = await ReadAsync(what, name, cancellationToken);
            if (!IsChange(current.Config!, change, out var config))
            {
                return;
            }

            cancellationToken.ThrowIfCancellationRequested();
            writing();
            var answer = await WriteAsync(what, "UPDATE", config);
            if (answer.Error is { } error)
            {
                throw new HttpmqException(await _refusals.ExplainAsync(what, error, config, cancellationToken));
            }
        }
    }

    /// <summary>Never cancelled: whether it happened must be known before the next change. It has a time-out of its own.</summary>
    private Task<StreamInfoWire> WriteAsync(string what, string verb, StreamConfigWire config) => api.TryCallAsync(
        what,
        $"STREAM.{verb}.{config.Name}",
        JsonSerializer.SerializeToUtf8Bytes(config, WireJson.Default.StreamConfigWire),
        WireJson.Default.StreamInfoWire,
        CancellationToken.None);

    private static bool IsChange(StreamConfigWire current, Func<StreamConfigWire, StreamConfigWire> change, out StreamConfigWire config)
    {
        config = change(current);
        return config != current;
    }

    private static StreamConfigWire Apply(StreamConfigWire config, StreamLimits limits)
    {
        var changed = config with
        {
            MaxConsumers = Unlimited(limits.MaxConsumers) ?? config.MaxConsumers,
            MaxMsgs = Unlimited(limits.MaxMessages) ?? config.MaxMsgs,
            MaxBytes = Unlimited(limits.MaxBytes) ?? config.MaxBytes,
            MaxMsgsPerSubject = Unlimited(limits.MaxMessagesPerSubject) ?? config.MaxMsgsPerSubject,
            MaxMsgSize = (int?)Unlimited(limits.MaxMessageSize) ?? config.MaxMsgSize,
        };
        if (limits.MaxAge is not { Nanoseconds: var maxAge } || (maxAge == config.MaxAge && config.DuplicateWindow > 0))
        {
            return changed;
        }

        // JetStream refuses a window longer than messages live. One that somebody chose is only ever cut to fit.
        var chosen = config.DuplicateWindow > 0 && config.DuplicateWindow != StreamLimits.DuplicateWindowFor(config.MaxAge);
        var fitting = StreamLimits.DuplicateWindowFor(maxAge);
        var window = chosen && (maxAge == 0 || config.DuplicateWindow <= maxAge) ? config.DuplicateWindow : fitting;
        return changed with { MaxAge = maxAge, DuplicateWindow = window };
    }

    private static long? Unlimited(long? limit) => limit == 0 ? -1 : limit;

    private static StreamInfo ToInfo(StreamInfoWire wire)
    {
        var config = wire.Config!;
        var state = wire.State!;
        return new StreamInfo(
            new StreamConfig(
                config.Name ?? string.Empty,
                config.Description ?? string.Empty,
                config.Subjects ?? [],
                config.MaxConsumers,
                config.MaxMsgs,
                config.MaxBytes,
                config.MaxAge,
                config.MaxMsgsPerSubject,
                config.MaxMsgSize,
                config.NumReplicas)
            {
                TakesOtherSubjects = TakesOtherSubjects(config),
            },
            wire.Created,
            new StreamState(state.Messages, state.Bytes, state.FirstSeq, state.FirstTs, state.LastSeq, state.LastTs, state.ConsumerCount));
    }

    /// <summary>A mirror, what comes from sources, and what is rewritten on its way in is stored under subjects of elsewhere.</summary>
    private static bool TakesOtherSubjects(StreamConfigWire config) =>
        config.Extra is { } extra && (IsSet(extra, "mirror") || IsSet(extra, "sources") || IsSet(extra, "subject_transform"));

    private static bool IsSet(Dictionary<string, JsonElement> extra, string field) =>
        extra.TryGetValue(field, out var value) && value.ValueKind is JsonValueKind.Object or JsonValueKind.Array;
}
