using System.Text.Json;
using Httpmq.Application.Consumers;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.JetStream.Wire;

namespace Httpmq.Infrastructure.JetStream;

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

    public Task CreateAsync(StreamName stream, ConsumerSpec spec, CancellationToken cancellationToken) =>
        WriteAsync(
            $"Failed to create consumer {spec.Name} of stream {stream}",
            stream,
            Change(
                new ConsumerConfigWire
                {
                    DurableName = spec.Name.Value,
                    DeliverSubject = spec.Mode is ConsumerMode.Push ? Inbox.NewSubject() : null,
                    DeliverGroup = spec.Group?.Value,
                    FilterSubject = spec.Filter?.Value,
                },
                spec),
            cancellationToken);

    public async Task UpdateAsync(StreamName stream, ConsumerSpec spec, CancellationToken cancellationToken)
    {
        var what = $"Failed to change consumer {spec.Name} of stream {stream}";
        var current = await FindWireAsync(what, stream, spec.Name, cancellationToken)
            ?? throw new HttpmqException(ConsumerErrors.NotFound(stream, spec.Name));
        await WriteAsync(what, stream, Change(current.Config!, spec), cancellationToken);
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
                config.FilterSubjects ?? (config.FilterSubject is { Length: > 0 } filter ? [filter] : []),
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
            _ => throw new HttpmqException(JetStreamErrors.ToError(what, answer.Error)),
        };
    }

    private Task WriteAsync(string what, StreamName stream, ConsumerConfigWire config, CancellationToken cancellationToken) =>
        api.CallAsync(
            what,
            $"CONSUMER.DURABLE.CREATE.{stream}.{config.DurableName}",
            JsonSerializer.SerializeToUtf8Bytes(new ConsumerCreateRequest(stream.Value, config), WireJson.Default.ConsumerCreateRequest),
            WireJson.Default.ConsumerInfoWire,
            cancellationToken);

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
