using System.Text.Json;
using System.Text.Json.Nodes;
using Httpmq.Application.Consumers;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Features;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Consumers;

internal sealed class ConsumerStore(JetStreamApi api) : IConsumerStore
{
    private readonly ConsumerPause _pause = new(api);

    public async Task<ConsumerInfo?> FindAsync(StreamName stream, ConsumerName name, CancellationToken cancellationToken)
    {
        var wire = await api.FindConsumerAsync(
            new Operation(OperationKind.ReadConsumer, stream.Value, name.Value), stream, name, cancellationToken);
        return wire is null ? null : wire.ToInfo();
    }

    public async Task<IReadOnlyList<ConsumerInfo>> ListAsync(StreamName stream, CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.ListConsumers, stream.Value);
        var consumers = new List<ConsumerInfoWire>();
        while (true)
        {
            var page = await api.CallAsync(
                operation,
                $"CONSUMER.LIST.{stream}",
                JsonSerializer.SerializeToUtf8Bytes(new PageRequest(consumers.Count), WireJson.Default.PageRequest),
                WireJson.Default.ConsumerListResponse,
                cancellationToken);
            if (consumers.Count == 0 && page.Total == 0)
            {
                // nats-server answers an empty list for a stream that it does not have.
                await api.CallAsync(operation, $"STREAM.INFO.{stream}", [], WireJson.Default.StreamInfoWire, cancellationToken);
            }

            consumers.AddRange(page.Consumers ?? []);
            if (page.Consumers is not { Count: > 0 } || consumers.Count >= page.Total)
            {
                // One that was created in between moves the pages, and comes twice.
                return [.. consumers
                    .Where(static consumer => !IsOfAnotherStream(consumer))
                    .Select(static consumer => consumer.ToInfo())
                    .DistinctBy(static consumer => consumer.Name, StringComparer.Ordinal)];
            }
        }
    }

    public async Task<ConsumerConfig?> TryCreateAsync(
        StreamName stream, ConsumerName name, ConsumerMode mode, ConsumerConfig config, CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.CreateConsumer, stream.Value, name.Value);
        var sent = FieldFeatures.Sent(config);
        await api.RequireAsync(operation, FieldFeatures.Of(sent), cancellationToken);
        var whole = Defaults()
            .With(Configurations.Named(sent with { DeliverSubject = mode is ConsumerMode.Push ? Inbox.NewSubject() : null }));
        var answer = await WriteAsync(operation, stream, name, whole, "create");
        if (answer.Error is { } error)
        {
            return error.ErrCode switch
            {
                JetStreamErrors.ConsumerExists or JetStreamErrors.ConsumerNameInUse => null,
                JetStreamErrors.FilterOutsideStream =>
                    throw new HttpmqException(await ExplainFilterAsync(operation, error, stream, config, cancellationToken)),
                _ => throw new HttpmqException(Refusal(operation, error, FieldFeatures.AreNew(config))),
            };
        }

        return FindLost(operation, answer, sent) is { } lost
            ? throw new HttpmqException(
                await api.UndoAsync(lost, $"CONSUMER.DELETE.{stream}.{name}", [], WireJson.Default.ApiResponse))
            : IsAsAsked(answer, mode, config) ? answer.ToInfo().Config
            : null;
    }

    public async Task<ConsumerConfig?> TryUpdateAsync(
        StreamName stream, ConsumerName name, ConsumerMode mode, ConsumerConfig config, CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.ChangeConsumer, stream.Value, name.Value);
        var sent = FieldFeatures.SentAsChange(config, api.Server);
        await api.RequireAsync(operation, FieldFeatures.Of(sent), cancellationToken);
        if (await FindDurableAsync(operation, stream, name, cancellationToken) is not { } current)
        {
            return null;
        }

        var whole = current.Config!.Json.With(Configurations.Named(sent.Changeable() with { PauseUntil = null }));
        var answer = await UpdateAsync(operation, stream, name, current, whole, sent, FieldFeatures.AreNew(config));
        return answer is null || !IsAsAsked(answer, mode, config)
            ? null
            : await _pause.FollowAsync(answer, config.PauseUntil ?? PauseOf(answer), !ReferenceEquals(answer, current));
    }

    public async Task<ConsumerConfig?> TryReplaceAsync(
        StreamName stream, ConsumerName name, ConsumerConfig config, Action writing, CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.ChangeConsumer, stream.Value, name.Value);
        var sent = FieldFeatures.Sent(config);
        await api.RequireAsync(operation, FieldFeatures.Of(sent), cancellationToken);
        if (await FindDurableAsync(operation, stream, name, cancellationToken) is not { } current)
        {
            return null;
        }

        if (!current.Config!.Known.Filters().SequenceEqual(config.Filters(), StringComparer.Ordinal))
        {
            await api.RequireAsync(operation, [("another filter_subject", Feature.FilterChange)], cancellationToken);
        }

        var wanted = Whole(current.Config.Known, sent);
        var whole = Replacement.Of(current.Config, wanted, ConsumerConfig.Defaults, ConfigJson.Default.ConsumerConfig);
        cancellationToken.ThrowIfCancellationRequested();
        writing();
        var answer = await UpdateAsync(operation, stream, name, current, whole, sent, areNew: true);
        return answer is null
            ? null
            : await _pause.FollowAsync(answer, config.PauseUntil, !ReferenceEquals(answer, current));
    }

    public Task DeleteAsync(StreamName stream, ConsumerName name, CancellationToken cancellationToken) =>
        api.CallAsync(
            new Operation(OperationKind.DeleteConsumer, stream.Value, name.Value),
            $"CONSUMER.DELETE.{stream}.{name}",
            [],
            WireJson.Default.ApiResponse,
            cancellationToken);

    /// <summary>What makes it this consumer stays, and of what is not named the default holds.</summary>
    private static ConsumerConfig Whole(ConsumerConfig current, ConsumerConfig config) => config with
    {
        DurableName = current.DurableName,
        DeliverSubject = current.DeliverSubject,
        DeliverGroup = current.DeliverGroup,
        FilterSubject = config.FilterSubject is { Length: > 0 } filter ? filter : null,
        DeliverPolicy = config.DeliverPolicy ?? ConsumerConfig.Defaults.DeliverPolicy,
        AckPolicy = config.AckPolicy ?? ConsumerConfig.Defaults.AckPolicy,
        ReplayPolicy = config.ReplayPolicy ?? ConsumerConfig.Defaults.ReplayPolicy,
        MaxDeliver = config.MaxDeliver is > 0 and var most ? most : -1,
        PauseUntil = current.PauseUntil,
    };

    /// <summary>
    /// Whether JetStream made it for a stream that mirrors this one, or has it as a source (from nats-server 2.14 on, of work queues). It
    /// is no client's business.
    /// </summary>
    private static bool IsOfAnotherStream(ConsumerInfoWire wire) =>
        wire.Config?.Json["sourcing"]?.GetValueKind() is JsonValueKind.True;

    private static DateTimeOffset? PauseOf(ConsumerInfoWire wire) => wire.Paused ? wire.Config!.Known.PauseUntil : null;

    private async Task<ConsumerInfoWire?> FindDurableAsync(
        Operation operation, StreamName stream, ConsumerName name, CancellationToken cancellationToken)
    {
        var current = await api.FindConsumerAsync(operation, stream, name, cancellationToken);
        return current is not null && string.IsNullOrEmpty(current.Config!.Known.DurableName)
            ? throw new HttpmqException(ConsumerErrors.Ephemeral(operation))
            : current;
    }

    /// <summary>The consumer with this configuration, the current one where it has that already; null where it is gone.</summary>
    private async Task<ConsumerInfoWire?> UpdateAsync(
        Operation operation,
        StreamName stream,
        ConsumerName name,
        ConsumerInfoWire current,
        JsonObject whole,
        ConsumerConfig asked,
        bool areNew)
    {
        if (JsonNode.DeepEquals(whole, current.Config!.Json))
        {
            return current;
        }

        // The pause is no part of an update.
        var written = asked with { PauseUntil = null };
        if (api.Server.IsClustered
            && KeptFields.FindLacking(operation, FieldFeatures.Of(written), current.Config.LeaderVersion) is { } lacking)
        {
            throw new HttpmqException(lacking);
        }

        var answer = await WriteAsync(operation, stream, name, whole, "update");
        if (answer.Error is { } error)
        {
            return error.ErrCode is JetStreamErrors.ConsumerToUpdateNotFound
                ? null
                : throw new HttpmqException(Refusal(operation, error, areNew));
        }

        return FindLost(operation, answer, written) is { } lost
            ? throw new HttpmqException(await api.UndoAsync(
                lost, CreateCall(stream, name), Request(stream, current.Config.Json, "update"), WireJson.Default.ConsumerInfoWire))
            : answer;
    }

    /// <summary>A single server has said beforehand what it has.</summary>
    private Error? FindLost(Operation operation, ConsumerInfoWire answer, ConsumerConfig asked) => api.Server.IsClustered
        ? KeptFields.FindLost(
            operation,
            FieldFeatures.Of(asked),
            answer.Config!.LeaderVersion,
            WithFilterList(asked),
            WithFilterList(answer.ToInfo().Config),
            ConsumerConfig.Defaults)
        : null;

    private static ConsumerConfig WithFilterList(ConsumerConfig config) =>
        config with { FilterSubject = null, FilterSubjects = config.Filters() };

    private static Error Refusal(Operation operation, ApiError error, bool areNew)
    {
        var refusal = JetStreamErrors.ToError(operation, error);
        return areNew ? refusal.Unprocessable() : refusal;
    }

    private static JsonObject Defaults() =>
        new() { ["deliver_policy"] = "all", ["ack_policy"] = "explicit", ["replay_policy"] = "instant" };

    /// <summary>Never cancelled: whether it happened must be known before the next change. It has a time-out of its own.</summary>
    private Task<ConsumerInfoWire> WriteAsync(
        Operation operation, StreamName stream, ConsumerName name, JsonObject config, string action) =>
        api.TryCallAsync(
            operation,
            CreateCall(stream, name),
            Request(stream, config, action),
            WireJson.Default.ConsumerInfoWire,
            CancellationToken.None);

    private static string CreateCall(StreamName stream, ConsumerName name) => $"CONSUMER.DURABLE.CREATE.{stream}.{name}";

    private static byte[] Request(StreamName stream, JsonObject config, string action) => JsonSerializer.SerializeToUtf8Bytes(
        new ConsumerCreateRequest(stream.Value, config, action), WireJson.Default.ConsumerCreateRequest);

    /// <summary>Whether what JetStream now has is what was asked for; somebody else may have written in the same moment.</summary>
    private static bool IsAsAsked(ConsumerInfoWire wire, ConsumerMode mode, ConsumerConfig asked) =>
        wire.Config?.Known is { } config
        && config.IsPush() == mode is ConsumerMode.Push
        && string.Equals(config.DeliverGroup ?? string.Empty, asked.DeliverGroup ?? string.Empty, StringComparison.Ordinal)
        && config.Filters().SequenceEqual(asked.Filters(), StringComparer.Ordinal);

    private async Task<Error> ExplainFilterAsync(
        Operation operation, ApiError refusal, StreamName stream, ConsumerConfig config, CancellationToken cancellationToken)
    {
        var error = JetStreamErrors.ToError(operation, refusal);
        var info = await api.TryCallAsync(operation, $"STREAM.INFO.{stream}", [], WireJson.Default.StreamInfoWire, cancellationToken);
        return info.Config?.Known.Subjects is { } subjects
            ? error with { Members = [.. error.Members, ("filter", config.FilterSubject), ("subjects", subjects)] }
            : error;
    }
}
