using System.Text.Json;
using System.Text.Json.Nodes;
using Httpmq.Application.Definitions;
using Httpmq.Application.Streams;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Streams;

internal sealed class StreamStore(JetStreamApi api, IDefinitionLocks locks) : IStreamStore
{
    private readonly StreamRefusals _refusals = new(api);

    public async Task CreateAsync(StreamName name, StreamConfig config, CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.CreateStream, name.Value);
        if (config.Metadata is not null)
        {
            api.Require(operation, "metadata", "2.10", static server => server.HasMetadata);
        }

        var named = config with { Subjects = config.Subjects is { Count: > 0 } subjects ? subjects : null };
        var json = Change(StreamDefaults.File, Configurations.Named((StreamConfig)named.WithoutZeros()));
        // A single server keeps two creations apart by itself, a cluster does not always. And a change may be under way that has read a
        // stream which was deleted since.
        await locks.RunAfterOthersAsync(
            operation, name, () => WriteAsync(operation, "CREATE", name, json, cancellationToken), cancellationToken);
    }

    public async Task<IReadOnlyList<StreamInfo>> ListAsync(CancellationToken cancellationToken)
    {
        var streams = new List<StreamInfo>();
        while (true)
        {
            var page = await api.CallAsync(
                new Operation(OperationKind.ListStreams),
                "STREAM.LIST",
                JsonSerializer.SerializeToUtf8Bytes(new PageRequest(streams.Count), WireJson.Default.PageRequest),
                WireJson.Default.StreamListResponse,
                cancellationToken);
            streams.AddRange((page.Streams ?? []).Select(ToInfo));
            if (page.Streams is not { Count: > 0 } || streams.Count >= page.Total)
            {
                // One that was created in between moves the pages, and comes twice. The gateways' own one is nobody else's business.
                return [.. streams
                    .DistinctBy(stream => stream.Config.Name!, StringComparer.Ordinal)
                    .Where(stream => !LockSubjects.IsOwn(stream.Config.Name!))];
            }
        }
    }

    public async Task<StreamInfo> GetAsync(StreamName name, CancellationToken cancellationToken) =>
        ToInfo(await ReadAsync(new Operation(OperationKind.ReadStream, name.Value), name, cancellationToken));

    public Task ChangeSubjectsAsync(StreamName name, IReadOnlyList<SubjectFilter> subjects, CancellationToken cancellationToken)
    {
        var change = Configurations.Named(new StreamConfig { Subjects = [.. subjects.Select(subject => subject.Value)] });
        return UpdateAsync(new Operation(OperationKind.ChangeSubjects, name.Value), name, change, cancellationToken);
    }

    public Task ChangeLimitsAsync(StreamName name, StreamLimits limits, CancellationToken cancellationToken) =>
        UpdateAsync(
            new Operation(OperationKind.ChangeLimits, name.Value), name, Configurations.Named(limits.WithoutZeros()), cancellationToken);

    public Task DeleteAsync(StreamName name, CancellationToken cancellationToken) =>
        api.CallAsync(new Operation(
            OperationKind.DeleteStream, name.Value), $"STREAM.DELETE.{name}", [], WireJson.Default.ApiResponse, cancellationToken);

    private Task<StreamInfoWire> ReadAsync(Operation operation, StreamName name, CancellationToken cancellationToken) =>
        api.CallAsync(operation, $"STREAM.INFO.{name}", [], WireJson.Default.StreamInfoWire, cancellationToken);

    /// <summary>JetStream replaces the whole configuration, so nobody else may change it between the reading and the writing.</summary>
    private async Task UpdateAsync(Operation operation, StreamName name, JsonObject change, CancellationToken cancellationToken)
    {
        if (IsChange((await ReadAsync(operation, name, cancellationToken)).Config!.Json, change, out _))
        {
            await locks.RunAsync(operation, name, consumer: null, ChangeAsync, cancellationToken);
        }

        async Task ChangeAsync(Action writing)
        {
            var current = await ReadAsync(operation, name, cancellationToken);
            if (!IsChange(current.Config!.Json, change, out var config))
            {
                return;
            }

            cancellationToken.ThrowIfCancellationRequested();
            writing();
            await WriteAsync(operation, "UPDATE", name, config, cancellationToken);
        }
    }

    /// <summary>
    /// The call is never cancelled: whether it happened must be known before the next change. It has a time-out of its own.
    /// </summary>
    private async Task WriteAsync(Operation operation, string verb, StreamName name, JsonObject config, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(config, WireJson.Default.JsonObject);
        var answer = await api.TryCallAsync(
            operation, $"STREAM.{verb}.{name}", body, WireJson.Default.StreamInfoWire, CancellationToken.None);
        if (answer.Error is { } error)
        {
            var wanted = config.Deserialize(ConfigJson.Default.StreamConfig)!;
            throw new HttpmqException(await _refusals.ExplainAsync(operation, error, wanted, cancellationToken));
        }
    }

    private static bool IsChange(JsonObject current, JsonObject change, out JsonObject config)
    {
        config = Change(current, change);
        return !JsonNode.DeepEquals(config, current);
    }

    private static JsonObject Change(JsonObject current, JsonObject change)
    {
        var changed = current.With(change);
        var (before, window) = (Nanoseconds(current, "max_age"), Nanoseconds(current, "duplicate_window"));
        if (!change.ContainsKey("max_age") || (Nanoseconds(change, "max_age") is var maxAge && maxAge == before && window > 0))
        {
            return changed;
        }

        // JetStream refuses a window longer than messages live. One that somebody chose is only ever cut to fit.
        var chosen = window > 0 && window != StreamLimits.DuplicateWindowFor(before);
        changed["duplicate_window"] = chosen && (maxAge == 0 || window <= maxAge) ? window : StreamLimits.DuplicateWindowFor(maxAge);
        return changed;

        static long Nanoseconds(JsonObject config, string field) => config[field]?.GetValue<long>() ?? 0;
    }

    private static StreamInfo ToInfo(StreamInfoWire wire)
    {
        var config = wire.Config!;
        var known = config.Known with
        {
            Name = config.Known.Name ?? string.Empty,
            Description = config.Known.Description ?? string.Empty,
            Subjects = config.Known.Subjects ?? [],
            MaxConsumers = config.Known.MaxConsumers ?? -1,
            MaxMsgs = config.Known.MaxMsgs ?? -1,
            MaxBytes = config.Known.MaxBytes ?? -1,
            MaxAge = config.Known.MaxAge ?? 0,
            MaxMsgsPerSubject = config.Known.MaxMsgsPerSubject ?? -1,
            MaxMsgSize = config.Known.MaxMsgSize ?? -1,
            NumReplicas = config.Known.NumReplicas ?? 1,
            Metadata = Metadata.WithoutReserved(config.Known.Metadata),
        };

        // A mirror, what comes from sources, and what is rewritten on its way in is stored under subjects of elsewhere.
        return new StreamInfo(known, wire.Created, wire.State!)
        {
            TakesOtherSubjects = config.Holds("mirror") || config.Holds("sources") || config.Holds("subject_transform"),
        };
    }
}
