using System.Text.Json;
using Httpmq.Application.Consumers;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Consumers;

internal sealed class ConsumerStore(JetStreamApi api) : IConsumerStore
{
    public async Task<ConsumerInfo?> FindAsync(StreamName stream, ConsumerName name, CancellationToken cancellationToken)
    {
        var wire = await FindWireAsync($"Failed to read consumer {name} of stream {stream}", stream, name, cancellationToken);
        return wire is null ? null : ToInfo(wire);
    }

    public async Task<IReadOnlyList<ConsumerInfo>> ListAsync(StreamName stream, CancellationToken cancellationToken)
    {
        var what = $"Failed to list the consumers of stream {stream}";
        var consumers = new List<ConsumerInfo>();
        while (true)
        {
            var page = await api.CallAsync(
                what,
                $"CONSUMER.LIST.{stream}",
                JsonSerializer.SerializeToUtf8Bytes(new PageRequest(consumers.Count), WireJson.Default.PageRequest),
                WireJson.Default.ConsumerListResponse,
                cancellationToken);
            if (consumers.Count == 0 && page.Total == 0)
            {
                // nats-server answers an empty list for a stream that it does not have.
                await api.CallAsync(what, $"STREAM.INFO.{stream}", [], WireJson.Default.StreamInfoWire, cancellationToken);
            }

            consumers.AddRange((page.Consumers ?? []).Select(ToInfo));
            if (page.Consumers is not { Count: > 0 } || consumers.Count >= page.Total)
            {
                // One that was created in between moves the pages, and comes twice.
                return [.. consumers.DistinctBy(consumer => consumer.Name, StringComparer.Ordinal)];
            }
        }
    }

    public async Task<bool> TryCreateAsync(StreamName stream, ConsumerSpec spec, CancellationToken cancellationToken)
    {
        var what = $"Failed to create consumer {spec.Name} of stream {stream}";
        var config = new ConsumerConfigWire
        {
            DurableName = spec.Name.Value,
            DeliverSubject = spec.Mode is ConsumerMode.Push ? Inbox.NewSubject() : null,
            DeliverGroup = spec.Group?.Value,
            FilterSubject = spec.Filter?.Value,
        };
        var answer = await WriteAsync(what, stream, Change(config, spec), "create");
        return answer.Error switch
        {
            null => IsAsAsked(answer, spec),
            { ErrCode: JetStreamErrors.ConsumerExists or JetStreamErrors.ConsumerNameInUse } => false,
            { ErrCode: JetStreamErrors.FilterOutsideStream } error => throw new HttpmqException(await ExplainFilterAsync(what, error, stream, spec, cancellationToken)),
            { ErrCode: JetStreamErrors.MostConsumers } error => throw new HttpmqException(ExplainLimit(what, error, stream)),
            var error => throw new HttpmqException(JetStreamErrors.ToError(what, error)),
        };
    }

    public async Task<bool> TryUpdateAsync(StreamName stream, ConsumerSpec spec, CancellationToken cancellationToken)
    {
        var what = $"Failed to change consumer {spec.Name} of stream {stream}";
        if (await FindWireAsync(what, stream, spec.Name, cancellationToken) is not { } current)
        {
            return false;
        }

        if (string.IsNullOrEmpty(current.Config!.DurableName))
        {
            throw new HttpmqException(new Error(
                ConsumerErrorTypes.NotDurable,
                what,
                "it was made by another client and is not durable, so it cannot be changed; delete it first, or use another name"));
        }

        var answer = await WriteAsync(what, stream, Change(current.Config, spec), "update");
        return answer.Error switch
        {
            null => IsAsAsked(answer, spec),
            { ErrCode: JetStreamErrors.ConsumerToUpdateNotFound } => false,
            var error => throw new HttpmqException(JetStreamErrors.ToError(what, error)),
        };
    }

    public Task DeleteAsync(StreamName stream, ConsumerName name, CancellationToken cancellationToken) =>
        api.CallAsync($"Failed to delete consumer {name} of stream {stream}", $"CONSUMER.DELETE.{stream}.{name}", [], WireJson.Default.ApiResponse, cancellationToken);

    public static ConsumerInfo ToInfo(ConsumerInfoWire wire)
    {
        var config = wire.Config!;
        return new ConsumerInfo(
            wire.StreamName ?? string.Empty,
            wire.Name ?? string.Empty,
            wire.Created,
            new ConsumerConfig(
                config.Description ?? string.Empty,
                config.DeliverSubject ?? string.Empty,
                config.DeliverGroup ?? string.Empty,
                config.MaxDeliver,
                config.AckWait,
                FiltersOf(config),
                config.MaxWaiting,
                config.MaxAckPending),
            ToSequence(wire.Delivered),
            ToSequence(wire.AckFloor),
            wire.NumAckPending,
            wire.NumRedelivered,
            wire.NumWaiting,
            wire.NumPending,
            wire.PushBound)
        {
            HasStableCreated = ServerFacts.Of(config.LeaderVersion).HasStableConsumerCreated,
        };
    }

    private async Task<ConsumerInfoWire?> FindWireAsync(string what, StreamName stream, ConsumerName name, CancellationToken cancellationToken)
    {
        var answer = await api.TryCallAsync(what, $"CONSUMER.INFO.{stream}.{name}", [], WireJson.Default.ConsumerInfoWire, cancellationToken);
        return answer.Error switch
        {
            // nats-server answers without a configuration while the consumer is being deleted.
            null => answer.Config is null ? null : answer,
            { ErrCode: JetStreamErrors.ConsumerNotFound } => null,
            { ErrCode: JetStreamErrors.StreamNotFound } => throw new HttpmqException(ConsumerErrors.StreamNotFound(stream)),
            _ => throw new HttpmqException(JetStreamErrors.ToError(what, answer.Error)),
        };
    }

    /// <summary>Never cancelled: whether it happened must be known before the next change. It has a time-out of its own.</summary>
    private Task<ConsumerInfoWire> WriteAsync(string what, StreamName stream, ConsumerConfigWire config, string action)
    {
        var request = new ConsumerCreateRequest(stream.Value, config, action);
        return api.TryCallAsync(
            what,
            $"CONSUMER.DURABLE.CREATE.{stream}.{config.DurableName}",
            JsonSerializer.SerializeToUtf8Bytes(request, WireJson.Default.ConsumerCreateRequest),
            WireJson.Default.ConsumerInfoWire,
            CancellationToken.None);
    }

    /// <summary>Whether what JetStream now has is what was asked for; somebody else may have written in the same moment.</summary>
    private static bool IsAsAsked(ConsumerInfoWire wire, ConsumerSpec spec) =>
        wire.Config is { } config
        && string.IsNullOrEmpty(config.DeliverSubject) == (spec.Mode is ConsumerMode.Pull)
        && string.Equals(config.DeliverGroup ?? string.Empty, spec.Group?.Value ?? string.Empty, StringComparison.Ordinal)
        && FiltersOf(config) is var filters
        && (spec.Filter is { } filter ? filters is [var only] && string.Equals(only, filter.Value, StringComparison.Ordinal) : filters.Count == 0);

    private static IReadOnlyList<string> FiltersOf(ConsumerConfigWire config) =>
        config.FilterSubjects ?? (config.FilterSubject is { Length: > 0 } filter ? [filter] : []);

    private async Task<Error> ExplainFilterAsync(string what, ApiError refusal, StreamName stream, ConsumerSpec spec, CancellationToken cancellationToken)
    {
        var error = JetStreamErrors.ToError(what, refusal);
        var info = await api.TryCallAsync(what, $"STREAM.INFO.{stream}", [], WireJson.Default.StreamInfoWire, cancellationToken);
        return info.Config?.Subjects is { } subjects
            ? error with { Detail = $"{ConsumerErrors.FilterNotWithin(stream, spec.Filter?.Value, subjects)}: {error.Detail}" }
            : error;
    }

    private static Error ExplainLimit(string what, ApiError refusal, StreamName stream)
    {
        var error = JetStreamErrors.ToError(what, refusal);
        return error with
        {
            Detail = $"stream {stream} has as many consumers as it may ({error.Detail}); delete one, or allow more: the stream's max_consumers, or "
                + "the nats-server's jetstream.limits.default_max_consumers (1000 by default from 2.15 on)",
        };
    }

    private static ConsumerConfigWire Change(ConsumerConfigWire config, ConsumerSpec spec) => config with
    {
        Description = spec.Notes.Length == 0 ? null : spec.Notes,
        MaxAckPending = spec.MaxInflight,
        MaxDeliver = spec.MaxDeliver,
        AckWait = spec.AckWait,
    };

    private static SequenceInfo ToSequence(SequenceInfoWire? wire) =>
        new(wire?.ConsumerSeq ?? 0, wire?.StreamSeq ?? 0, wire?.LastActive);
}
