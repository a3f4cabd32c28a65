using System.Text.Json.Serialization;
using Httpmq.Api.Http;
using Httpmq.Api.Json;
using Httpmq.Domain.Features;

namespace Httpmq.Api.Info;

/// <summary>The gateway, what it is connected to, and what can be used.</summary>
/// <example>{"success":true,"request_id":"8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77","gateway":{"version":"1.0.0"},"server":{"version":"2.10.27","api_level":0,"clustered":false},"account":{"memory":0,"storage":4096,"reserved_memory":0,"reserved_storage":0,"streams":2,"consumers":1,"limits":{"max_memory":-1,"max_storage":-1,"max_streams":-1,"max_consumers":-1,"max_ack_pending":-1,"memory_max_stream_bytes":-1,"storage_max_stream_bytes":-1,"max_bytes_required":false}},"features":{"metadata":{"since":"2.10","available":true},"pause":{"since":"2.11","available":false}}}</example>
internal sealed record InfoAnswer : Answer
{
    /// <summary>The gateway that answers.</summary>
    public required GatewayContract Gateway { get; init; }

    /// <summary>The nats-server that it is connected to.</summary>
    public required ServerInfo Server { get; init; }

    /// <summary>What its account uses of JetStream, and what it may.</summary>
    public required AccountInfo Account { get; init; }

    /// <summary>
    /// What not every nats-server has, by name. What is not available is answered with 501. New ones may be added.
    /// </summary>
    public required IReadOnlyDictionary<string, FeatureContract> Features { get; init; }

    public static InfoAnswer Of(string requestId, BrokerInfo info) => new()
    {
        RequestId = requestId,
        Gateway = new GatewayContract(ProductVersion.Number),
        Server = info.Server,
        Account = info.Account,
        Features = info.Features.ToDictionary(
            static state => state.Feature.Name,
            static state => new FeatureContract($"{state.Feature.Since}", state.IsAvailable),
            StringComparer.Ordinal),
    };
}

/// <summary>The gateway that answers.</summary>
/// <param name="Version">Its version.</param>
internal sealed record GatewayContract(string Version);

/// <summary>What not every nats-server has.</summary>
/// <param name="Since">The first version of nats-server that has it, such as <c>2.11</c>.</param>
/// <param name="Available">
/// Whether it can be used now. In a cluster of mixed versions it can where the server that answers has it, too.
/// </param>
internal sealed record FeatureContract(string Since, bool Available);

[JsonSerializable(typeof(InfoAnswer))]
internal sealed partial class InfoJson : JsonSerializerContext
{
    public static ShapedJson Wire { get; } = new(new InfoJson(), new Shape(typeof(AccountInfo)));
}
