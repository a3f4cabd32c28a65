using System.Text.Json;
using Httpmq.Application.Streams;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;
using Httpmq.Infrastructure.JetStream.Wire;

namespace Httpmq.Infrastructure.JetStream;

internal sealed class StreamStore(JetStreamApi api) : IStreamStore
{
    public Task CreateAsync(StreamSpec spec, CancellationToken cancellationToken)
    {
        var subjects = spec.Subjects.Select(subject => subject.Value).ToArray();
        var defaults = new StreamConfigWire { Name = spec.Name.Value, Subjects = subjects.Length == 0 ? null : subjects };
        var config = Apply(defaults with { NumReplicas = spec.Replicas ?? defaults.NumReplicas }, spec.Limits);
        return api.CallAsync(
            $"Failed to create stream {spec.Name}",
            $"STREAM.CREATE.{spec.Name}",
            JsonSerializer.SerializeToUtf8Bytes(config, WireJson.Default.StreamConfigWire),
            WireJson.Default.StreamInfoWire,
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
                // One that was created in between moves the pages, and comes twice.
                return [.. streams.DistinctBy(stream => stream.Config.Name, StringComparer.Ordinal)];
            }
        }
    }

    public async Task<StreamInfo> GetAsync(StreamName name, CancellationToken cancellationToken) =>
        ToInfo(await ReadAsync($"Failed to read stream {name}", name, cancellationToken));

    public Task ChangeSubjectsAsync(StreamName name, IReadOnlyList<SubjectFilter> subjects, CancellationToken cancellationToken) =>
        UpdateAsync(
            $"Failed to change the subjects of stream {name}",
            name,
            config => config with { Subjects = subjects.Select(subject => subject.Value).ToArray() },
            cancellationToken);

    public Task ChangeLimitsAsync(StreamName name, StreamLimits limits, CancellationToken cancellationToken) =>
        UpdateAsync($"Failed to change the limits of stream {name}", name, config => Apply(config, limits), cancellationToken);

    public Task DeleteAsync(StreamName name, CancellationToken cancellationToken) =>
        api.CallAsync($"Failed to delete stream {name}", $"STREAM.DELETE.{name}", [], WireJson.Default.ApiResponse, cancellationToken);

    private Task<StreamInfoWire> ReadAsync(string what, StreamName name, CancellationToken cancellationToken) =>
        api.CallAsync(what, $"STREAM.INFO.{name}", [], WireJson.Default.StreamInfoWire, cancellationToken);

    private async Task UpdateAsync(string what, StreamName name, Func<StreamConfigWire, StreamConfigWire> change, CancellationToken cancellationToken)
    {
        var current = await ReadAsync(what, name, cancellationToken);
        var config = change(current.Config!);
        if (config != current.Config)
        {
            await api.CallAsync(
                what,
                $"STREAM.UPDATE.{name}",
                JsonSerializer.SerializeToUtf8Bytes(config, WireJson.Default.StreamConfigWire),
                WireJson.Default.StreamInfoWire,
                cancellationToken);
        }
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
        if (limits.MaxAge is not { } maxAge || (maxAge == config.MaxAge && config.DuplicateWindow > 0))
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
                config.NumReplicas),
            wire.Created,
            new StreamState(state.Messages, state.Bytes, state.FirstSeq, state.FirstTs, state.LastSeq, state.LastTs, state.ConsumerCount));
    }
}
