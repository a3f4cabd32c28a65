using Httpmq.Application.Info;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Features;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Info;

internal sealed class BrokerInfoReader(JetStreamApi api, RequestLink link) : IBrokerInfo
{
    private static readonly Operation Reading = new(OperationKind.ReadInfo);

    public async Task<BrokerInfo> ReadAsync(CancellationToken cancellationToken)
    {
        var wire = await api.CallAsync(Reading, "INFO", [], WireJson.Default.AccountInfoWire, cancellationToken);
        var server = link.Server;
        var level = wire.Api?.Level ?? 0;
        return new BrokerInfo(
            new ServerInfo(server.Name ?? string.Empty, level, server.IsClustered),
            AccountOf(wire),
            [.. Feature.All.Select(feature => new FeatureState(feature, server.Has(feature, level)))]);
    }

    private static AccountInfo AccountOf(AccountInfoWire wire) => new()
    {
        Memory = wire.Memory,
        Storage = wire.Storage,
        ReservedMemory = wire.ReservedMemory,
        ReservedStorage = wire.ReservedStorage,
        Streams = wire.Streams,
        Consumers = wire.Consumers,
        Limits = LimitsOf(wire.Limits),
        Domain = wire.Domain is { Length: > 0 } domain ? domain : null,
        Tiers = wire.Tiers is { Count: > 0 } tiers
            ? tiers.ToDictionary(static tier => tier.Key, static tier => UsageOf(tier.Value), StringComparer.Ordinal)
            : null,
    };

    private static AccountUsage UsageOf(AccountTierWire wire) => new()
    {
        Memory = wire.Memory,
        Storage = wire.Storage,
        ReservedMemory = wire.ReservedMemory,
        ReservedStorage = wire.ReservedStorage,
        Streams = wire.Streams,
        Consumers = wire.Consumers,
        Limits = LimitsOf(wire.Limits),
    };

    private static AccountLimits LimitsOf(AccountLimitsWire? wire) => new()
    {
        MaxMemory = wire?.MaxMemory ?? 0,
        MaxStorage = wire?.MaxStorage ?? 0,
        MaxStreams = wire?.MaxStreams ?? 0,
        MaxConsumers = wire?.MaxConsumers ?? 0,
        MaxAckPending = wire?.MaxAckPending ?? 0,
        MemoryMaxStreamBytes = wire?.MemoryMaxStreamBytes ?? 0,
        StorageMaxStreamBytes = wire?.StorageMaxStreamBytes ?? 0,
        MaxBytesRequired = wire?.MaxBytesRequired ?? false,
    };
}
