using System.Text.Json.Nodes;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Httpmq.Chaos.Servers;

/// <summary>Where a stream stands.</summary>
internal sealed record StreamStanding(ulong Messages, string? Leader);

/// <summary>Where a consumer stands.</summary>
internal sealed record ConsumerStanding(string? Leader, ulong AckFloor, ulong Pending, long AckPending);

/// <summary>A message as the stream holds it.</summary>
internal sealed record HeldMessage(ulong Sequence, DateTimeOffset Stored, byte[] Bytes);

/// <summary>Reads stream and consumers straight from NATS: what the gateway says about them is not evidence.</summary>
internal sealed class StreamObserver(string urls, string stream) : IAsyncDisposable
{
    private const int Batch = 1000;

    private readonly JetStreamProbe _api = new(urls);

    /// <summary>Null while nobody answers.</summary>
    public async Task<StreamStanding?> StreamAsync(CancellationToken cancellationToken)
    {
        if (await _api.AskAsync($"STREAM.INFO.{stream}", cancellationToken) is not { } info || info["state"] is not { } state)
        {
            return null;
        }

        return new StreamStanding((ulong)state["messages"]!, (string?)info["cluster"]?["leader"]);
    }

    /// <inheritdoc cref="StreamAsync"/>
    public async Task<ConsumerStanding?> ConsumerAsync(string consumer, CancellationToken cancellationToken) =>
        await _api.AskAsync($"CONSUMER.INFO.{stream}.{consumer}", cancellationToken) is { } info && info["ack_floor"] is { } floor
            ? new ConsumerStanding(
                (string?)info["cluster"]?["leader"],
                (ulong)floor["stream_seq"]!,
                (ulong)info["num_pending"]!,
                (long)info["num_ack_pending"]!)
            : null;

    /// <summary>Whether the stream and these consumers have a leader and complete copies.</summary>
    public async Task<bool> IsCompleteAsync(IEnumerable<string> consumers, CancellationToken cancellationToken)
    {
        var answers = await Task.WhenAll(consumers.Select(consumer =>
            _api.AskAsync($"CONSUMER.INFO.{stream}.{consumer}", cancellationToken))
            .Append(_api.AskAsync($"STREAM.INFO.{stream}", cancellationToken)));
        return answers.All(answer => answer?["cluster"] is { } cluster && cluster["leader"] is not null && AreCurrent(cluster));
    }

    /// <summary>Makes the leader of the stream, or of a consumer, give way to another one; nothing when there is none.</summary>
    /// <param name="consumer">Null: the stream's.</param>
    /// <param name="inFavourOf">The node that takes over; null: any. Servers that cannot be told (before 2.11) choose.</param>
    /// <param name="cancellationToken">Ends the wait for the answer.</param>
    public async Task StepDownAsync(string? consumer, string? inFavourOf, CancellationToken cancellationToken)
    {
        var call = consumer is null ? $"STREAM.LEADER.STEPDOWN.{stream}" : $"CONSUMER.LEADER.STEPDOWN.{stream}.{consumer}";
        var wish = inFavourOf is null ? null : new JsonObject { ["placement"] = new JsonObject { ["preferred"] = inFavourOf } };
        if (await _api.AskAsync(call, cancellationToken, wish) is { } answer && answer["error"] is not null && wish is not null)
        {
            await _api.AskAsync(call, cancellationToken);
        }
    }

    /// <summary>The configuration of a stream or consumer, such as <c>STREAM.INFO.name</c> gives it; null while nobody answers.</summary>
    public async Task<JsonNode?> ConfigurationAsync(string call, CancellationToken cancellationToken) =>
        (await _api.AskAsync(call, cancellationToken))?["config"];

    /// <summary>Everything that the stream holds, through a consumer that is gone afterwards.</summary>
    public async Task<IReadOnlyList<HeldMessage>> ReadAllAsync(CancellationToken cancellationToken)
    {
        var context = new NatsJSContext(_api.Connection);
        var consumer = await context.CreateOrUpdateConsumerAsync(
            stream,
            new ConsumerConfig($"reader-{Guid.NewGuid():N}")
            {
                AckPolicy = ConsumerConfigAckPolicy.None,
                DeliverPolicy = ConsumerConfigDeliverPolicy.All,
                InactiveThreshold = TimeSpan.FromMinutes(1),
                MemStorage = true,
                NumReplicas = 1,
            },
            cancellationToken);
        var messages = new List<HeldMessage>();
        int before;
        do
        {
            before = messages.Count;
            await foreach (var message in consumer.FetchNoWaitAsync<byte[]>(
                new NatsJSFetchOpts { MaxMsgs = Batch }, cancellationToken: cancellationToken))
            {
                var metadata = message.Metadata!.Value;
                messages.Add(new HeldMessage(metadata.Sequence.Stream, metadata.Timestamp, message.Data ?? []));
            }
        }
        while (messages.Count > before);

        await context.DeleteConsumerAsync(stream, consumer.Info.Name, cancellationToken);
        return messages;
    }

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    private static bool AreCurrent(JsonNode cluster) => (cluster["replicas"]?.AsArray() ?? []).All(copy =>
        copy?["current"] is { } current && (bool)current && copy["offline"] is null && (copy["lag"] is null || (long)copy["lag"]! == 0));
}
