using System.Text.Json;
using System.Text.Json.Nodes;
using Httpmq.Application.Definitions;
using Httpmq.Application.Streams;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Features;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Streams;

internal sealed class StreamStore(JetStreamApi api, IDefinitionLocks locks) : IStreamStore
{
    private readonly StreamRefusals _refusals = new(api);

    public async Task<StreamConfig> CreateAsync(StreamName name, StreamConfig config, CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.CreateStream, name.Value);
        var sent = FieldFeatures.Sent(config);
        var needed = FieldFeatures.Of(sent);
        await api.RequireAsync(operation, needed, cancellationToken);
        var named = sent with { Subjects = sent.Subjects is { Count: > 0 } subjects ? subjects : null };
        var json = Change(StreamDefaults.File, Configurations.Named((StreamConfig)named.WithoutZeros()));
        // A single server keeps two creations apart by itself, a cluster does not always. And a change may be under way that has read a
        // stream which was deleted since.
        StreamConfig? made = null;
        await locks.RunAfterOthersAsync(operation, name, CreateAsync, cancellationToken);
        return made!;

        async Task CreateAsync()
        {
            // What was there before is not deleted, whatever it lacks.
            var isNew = needed.Count > 0 && api.Server.IsClustered && !await ExistsAsync(operation, name, cancellationToken);
            var answer = await WriteAsync(operation, "CREATE", name, json, FieldFeatures.AreNew(config), cancellationToken);
            made = answer.ToInfo().Config;
            if (FindLost(operation, needed, answer, config) is { } lost)
            {
                throw new HttpmqException(
                    isNew ? await api.UndoAsync(lost, $"STREAM.DELETE.{name}", [], WireJson.Default.ApiResponse) : lost);
            }
        }
    }

    public async Task<StreamConfig> ReplaceAsync(StreamName name, StreamConfig config, CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.ChangeStream, name.Value);
        var sent = FieldFeatures.Sent(config);
        var needed = FieldFeatures.Of(sent);
        await api.RequireAsync(operation, needed, cancellationToken);
        var wanted = Whole(name, sent);
        if (wanted.NumReplicas is > 1 and var replicas && !api.Server.IsClustered)
        {
            // A server before 2.11 takes it, and has one copy all the same.
            await ReadAsync(operation, name, cancellationToken);
            throw new HttpmqException(StreamErrors.NoCluster(operation, replicas).Unprocessable());
        }

        var made = await ReadAsync(operation, name, cancellationToken);
        if (IsChange(made, wanted, out _))
        {
            await locks.RunAsync(operation, name, consumer: null, ChangeAsync, cancellationToken);
        }

        return made.ToInfo().Config;

        async Task ChangeAsync(Action writing)
        {
            made = await ReadAsync(operation, name, cancellationToken);
            if (!IsChange(made, wanted, out var whole))
            {
                return;
            }

            if (api.Server.IsClustered && KeptFields.FindLacking(operation, needed, made.Config!.LeaderVersion) is { } lacking)
            {
                throw new HttpmqException(lacking);
            }

            var before = JsonSerializer.SerializeToUtf8Bytes(made.Config!.Json, WireJson.Default.JsonObject);
            cancellationToken.ThrowIfCancellationRequested();
            writing();
            made = await WriteAsync(operation, "UPDATE", name, whole, areNew: true, cancellationToken);
            if (FindLost(operation, needed, made, config) is { } lost)
            {
                throw new HttpmqException(await api.UndoAsync(lost, $"STREAM.UPDATE.{name}", before, WireJson.Default.StreamInfoWire));
            }
        }
    }

    public async Task<IReadOnlyList<StreamInfo>> ListAsync(SubjectFilter? subject, CancellationToken cancellationToken)
    {
        var streams = new List<StreamInfo>();
        while (true)
        {
            var page = await api.CallAsync(
                new Operation(OperationKind.ListStreams),
                "STREAM.LIST",
                JsonSerializer.SerializeToUtf8Bytes(new PageRequest(streams.Count, subject?.Value), WireJson.Default.PageRequest),
                WireJson.Default.StreamListResponse,
                cancellationToken);
            streams.AddRange((page.Streams ?? []).Select(static stream => stream.ToInfo()));
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
        (await ReadAsync(new Operation(OperationKind.ReadStream, name.Value), name, cancellationToken)).ToInfo();

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
            await WriteAsync(operation, "UPDATE", name, config, areNew: false, cancellationToken);
        }
    }

    /// <summary>
    /// The call is never cancelled: whether it happened must be known before the next change. It has a time-out of its own.
    /// </summary>
    private async Task<StreamInfoWire> WriteAsync(
        Operation operation, string verb, StreamName name, JsonObject config, bool areNew, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(config, WireJson.Default.JsonObject);
        var answer = await api.TryCallAsync(
            operation, $"STREAM.{verb}.{name}", body, WireJson.Default.StreamInfoWire, CancellationToken.None);
        if (answer.Error is not { } error)
        {
            return answer;
        }

        var wanted = config.Deserialize(ConfigJson.Default.StreamConfig)!;
        if (error.ErrCode is JetStreamErrors.StreamExists
            && await _refusals.FindSameAsync(operation, wanted, cancellationToken) is { } same)
        {
            return same;
        }

        var refusal = await _refusals.ExplainAsync(operation, error, wanted, cancellationToken);
        throw new HttpmqException(areNew ? refusal.Unprocessable() : refusal);
    }

    private async Task<bool> ExistsAsync(Operation operation, StreamName name, CancellationToken cancellationToken)
    {
        var answer = await api.TryCallAsync(operation, $"STREAM.INFO.{name}", [], WireJson.Default.StreamInfoWire, cancellationToken);
        return answer.Error switch
        {
            null => true,
            { ErrCode: JetStreamErrors.StreamNotFound } => false,
            var error => throw new HttpmqException(JetStreamErrors.ToError(operation, error)),
        };
    }

    /// <summary>A single server has said beforehand what it has.</summary>
    private Error? FindLost(
        Operation operation, IReadOnlyList<(string Name, Feature Feature)> needed, StreamInfoWire answer, StreamConfig asked) =>
        api.Server.IsClustered
            ? KeptFields.FindLost(
                operation,
                needed,
                answer.Config!.LeaderVersion,
                asked,
                answer.ToInfo().Config,
                StreamConfig.DefaultsFor(asked.MaxAge?.Nanoseconds ?? 0))
            : null;

    private static bool IsChange(JsonObject current, JsonObject change, out JsonObject config)
    {
        config = Change(current, change);
        return !JsonNode.DeepEquals(config, current);
    }

    private static bool IsChange(StreamInfoWire current, StreamConfig wanted, out JsonObject whole)
    {
        var defaults = StreamConfig.DefaultsFor(wanted.MaxAge?.Nanoseconds ?? 0);
        whole = Replacement.Of(current.Config!, wanted, defaults, ConfigJson.Default.StreamConfig);
        return !JsonNode.DeepEquals(whole, current.Config!.Json);
    }

    /// <summary>With the defaults of what is not named.</summary>
    private static StreamConfig Whole(StreamName name, StreamConfig config)
    {
        var named = Configurations.Named((StreamConfig)(config with { Name = name.Value }).WithoutZeros());
        var whole = StreamDefaults.File.With(named).Deserialize(ConfigJson.Default.StreamConfig)!;
        var hasSubjects = whole.Subjects is { Count: > 0 } || whole.Mirror is not null || whole.Sources is { Count: > 0 };
        return whole with { Subjects = hasSubjects ? whole.Subjects : [name.Value], Discard = whole.Discard ?? "old" };
    }

    private static JsonObject Change(JsonObject current, JsonObject change)
    {
        var changed = current.With(change);
        var (before, window) = (Nanoseconds(current, "max_age"), Nanoseconds(current, "duplicate_window"));
        if (change.ContainsKey("duplicate_window") || !change.ContainsKey("max_age")
            || (Nanoseconds(change, "max_age") is var maxAge && maxAge == before && window > 0))
        {
            return changed;
        }

        // JetStream refuses a window longer than messages live. One that somebody chose is only ever cut to fit.
        var chosen = window > 0 && window != StreamLimits.DuplicateWindowFor(before);
        changed["duplicate_window"] = chosen && (maxAge == 0 || window <= maxAge) ? window : StreamLimits.DuplicateWindowFor(maxAge);
        return changed;

        static long Nanoseconds(JsonObject config, string field) => config[field]?.GetValue<long>() ?? 0;
    }
}
