using System.Text.Json;
using System.Text.Json.Nodes;
using Httpmq.Application.Consumers;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Consumers;

internal sealed class ConsumerStore(JetStreamApi api) : IConsumerStore
{
    private static readonly SequenceInfo Nowhere = new(0, 0, LastActive: null);

    public async Task<ConsumerInfo?> FindAsync(StreamName stream, ConsumerName name, CancellationToken cancellationToken)
    {
        var wire = await api.FindConsumerAsync(
            new Operation(OperationKind.ReadConsumer, stream.Value, name.Value), stream, name, cancellationToken);
        return wire is null ? null : ToInfo(wire);
    }

    public async Task<IReadOnlyList<ConsumerInfo>> ListAsync(StreamName stream, CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.ListConsumers, stream.Value);
        var consumers = new List<ConsumerInfo>();
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

            consumers.AddRange((page.Consumers ?? []).Select(ToInfo));
            if (page.Consumers is not { Count: > 0 } || consumers.Count >= page.Total)
            {
                // One that was created in between moves the pages, and comes twice.
                return [.. consumers.DistinctBy(consumer => consumer.Name, StringComparer.Ordinal)];
            }
        }
    }

    public async Task<bool> TryCreateAsync(
        StreamName stream, ConsumerName name, ConsumerMode mode, ConsumerConfig config, CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.CreateConsumer, stream.Value, name.Value);
        RequireMetadata(operation, config);
        var whole = Defaults()
            .With(Configurations.Named(config with { DeliverSubject = mode is ConsumerMode.Push ? Inbox.NewSubject() : null }));
        var answer = await WriteAsync(operation, stream, name, whole, "create");
        return answer.Error switch
        {
            null => IsAsAsked(answer, mode, config),
            { ErrCode: JetStreamErrors.ConsumerExists or JetStreamErrors.ConsumerNameInUse } => false,
            { ErrCode: JetStreamErrors.FilterOutsideStream } error =>
                throw new HttpmqException(await ExplainFilterAsync(operation, error, stream, config, cancellationToken)),
            var error => throw new HttpmqException(JetStreamErrors.ToError(operation, error)),
        };
    }

    public async Task<bool> TryUpdateAsync(
        StreamName stream, ConsumerName name, ConsumerMode mode, ConsumerConfig config, CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.ChangeConsumer, stream.Value, name.Value);
        RequireMetadata(operation, config);
        if (await api.FindConsumerAsync(operation, stream, name, cancellationToken) is not { } current)
        {
            return false;
        }

        if (string.IsNullOrEmpty(current.Config!.Known.DurableName))
        {
            throw new HttpmqException(ConsumerErrors.Ephemeral(operation));
        }

        var change = Configurations.Named(config.Changeable());
        var answer = await WriteAsync(operation, stream, name, current.Config.Json.With(change), "update");
        return answer.Error switch
        {
            null => IsAsAsked(answer, mode, config),
            { ErrCode: JetStreamErrors.ConsumerToUpdateNotFound } => false,
            var error => throw new HttpmqException(JetStreamErrors.ToError(operation, error)),
        };
    }

    public Task DeleteAsync(StreamName stream, ConsumerName name, CancellationToken cancellationToken) =>
        api.CallAsync(
            new Operation(OperationKind.DeleteConsumer, stream.Value, name.Value),
            $"CONSUMER.DELETE.{stream}.{name}",
            [],
            WireJson.Default.ApiResponse,
            cancellationToken);

    public static ConsumerInfo ToInfo(ConsumerInfoWire wire)
    {
        var config = wire.Config!.Known;
        var filters = config.Filters();
        return new ConsumerInfo(
            wire.StreamName ?? string.Empty,
            wire.Name ?? string.Empty,
            wire.Created,
            config with
            {
                DurableName = config.DurableName ?? string.Empty,
                Description = config.Description ?? string.Empty,
                DeliverSubject = config.DeliverSubject ?? string.Empty,
                DeliverGroup = config.DeliverGroup ?? string.Empty,
                MaxDeliver = config.MaxDeliver ?? 0,
                AckWait = config.AckWait ?? 0,
                FilterSubject = filters.Count == 1 ? filters[0] : string.Empty,
                FilterSubjects = filters,
                MaxWaiting = config.MaxWaiting ?? 0,
                MaxAckPending = config.MaxAckPending ?? 0,
                Metadata = Metadata.WithoutReserved(config.Metadata),
            },
            wire.Delivered ?? Nowhere,
            wire.AckFloor ?? Nowhere,
            wire.NumAckPending,
            wire.NumRedelivered,
            wire.NumWaiting,
            wire.NumPending,
            wire.PushBound)
        {
            HasStableCreated = ServerFacts.Of(wire.Config.LeaderVersion).HasStableConsumerCreated,
            AnsweredAt = wire.Ts,
        };
    }

    private void RequireMetadata(Operation operation, ConsumerConfig config)
    {
        if (config.Metadata is not null)
        {
            api.Require(operation, "metadata", "2.10", static server => server.HasMetadata);
        }
    }

    private static JsonObject Defaults() =>
        new() { ["deliver_policy"] = "all", ["ack_policy"] = "explicit", ["replay_policy"] = "instant" };

    /// <summary>Never cancelled: whether it happened must be known before the next change. It has a time-out of its own.</summary>
    private Task<ConsumerInfoWire> WriteAsync(Operation operation, StreamName stream, ConsumerName name, JsonObject config, string action)
    {
        var request = new ConsumerCreateRequest(stream.Value, config, action);
        return api.TryCallAsync(
            operation,
            $"CONSUMER.DURABLE.CREATE.{stream}.{name}",
            JsonSerializer.SerializeToUtf8Bytes(request, WireJson.Default.ConsumerCreateRequest),
            WireJson.Default.ConsumerInfoWire,
            CancellationToken.None);
    }

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
