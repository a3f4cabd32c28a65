using System.Text;
using System.Text.Json.Nodes;
using NATS.Client.Core;

namespace Httpmq.Bench.Nats;

/// <summary>Connections to the broker, and what of JetStream's API is quicker to ask directly.</summary>
internal sealed class RawNats(string url) : IAsyncDisposable
{
    private const int ParallelRequests = 64;

    // One for asking; each measurement opens its own.
    private readonly NatsConnection _asking = Open(url);

    public async Task<NatsConnection> ConnectAsync()
    {
        var connection = Open(url);
        await connection.ConnectAsync();
        return connection;
    }

    public async Task<string> DeliverSubjectAsync(string stream, string consumer) =>
        (await ConsumerInfoAsync(stream, consumer))["config"]!["deliver_subject"]!.GetValue<string>();

    public Task<JsonNode> ConsumerInfoAsync(string stream, string consumer) => AskAsync($"CONSUMER.INFO.{stream}.{consumer}", null);

    /// <summary>How many messages the stream holds.</summary>
    public async Task<long> MessagesAsync(string stream) =>
        (await AskAsync($"STREAM.INFO.{stream}", null))["state"]!["messages"]!.GetValue<long>();

    public Task DeleteStreamAsync(string stream) => AskAsync($"STREAM.DELETE.{stream}", null);

    /// <summary>
    /// Removes a consumer that has done its part. A failure is of no interest, the stream goes soon: a server that writes the
    /// consumer's state just now cannot remove its folder.
    /// </summary>
    public async Task DropConsumerAsync(string stream, string consumer)
    {
        try
        {
            await AskAsync($"CONSUMER.DELETE.{stream}.{consumer}", null);
        }
        catch (BenchException)
        {
        }
    }

    /// <summary>Creates push consumers like those of the gateway, many at once.</summary>
    public Task CreatePushConsumersAsync(string stream, string namePrefix, int count, CancellationToken cancellationToken) =>
        Parallel.ForAsync(
            0,
            count,
            new ParallelOptions { MaxDegreeOfParallelism = ParallelRequests, CancellationToken = cancellationToken },
            async (index, _) => await CreatePushConsumerAsync(stream, $"{namePrefix}{index}"));

    /// <summary>Stores messages quickly, in order: the backlog of a delivery case.</summary>
    public async Task FillAsync(string subject, ReadOnlyMemory<byte> payload, int count, CancellationToken cancellationToken)
    {
        const int Window = 1024;
        await using var connection = await ConnectAsync();
        await using var publisher = await PipelinedRequester.OpenAsync(connection, Window);
        for (var sent = 0; sent < count; sent++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await publisher.SendAsync(subject, payload);
        }

        await publisher.DrainAsync();
    }

    public ValueTask DisposeAsync() => _asking.DisposeAsync();

    private static NatsConnection Open(string url) => new(new NatsOpts
    {
        Url = url,
        Name = "bench",
        RequestReplyMode = NatsRequestReplyMode.Direct,
        RequestTimeout = TimeSpan.FromSeconds(30),
        CommandTimeout = TimeSpan.FromSeconds(30),
        WriterBufferSize = 1024 * 1024,
        ReaderBufferSize = 256 * 1024,
    });

    private Task<JsonNode> CreatePushConsumerAsync(string stream, string name)
    {
        const long HourInNanoseconds = 3_600_000_000_000;
        return AskAsync($"CONSUMER.DURABLE.CREATE.{stream}.{name}", new JsonObject
        {
            ["stream_name"] = stream,
            ["config"] = new JsonObject
            {
                ["durable_name"] = name,
                ["deliver_subject"] = $"_INBOX.{Guid.NewGuid():N}",
                ["deliver_policy"] = "all",
                ["ack_policy"] = "explicit",
                ["ack_wait"] = HourInNanoseconds,
                ["max_ack_pending"] = 1_000_000,
                ["replay_policy"] = "instant",

                // Their state is of no interest; on disk, thousands would take minutes to create.
                ["mem_storage"] = true,
            },
        });
    }

    private async Task<JsonNode> AskAsync(string api, JsonObject? request)
    {
        var reply = await _asking.RequestAsync<byte[], byte[]>(
            "$JS.API." + api, Encoding.UTF8.GetBytes(request?.ToJsonString() ?? string.Empty));
        var answer = JsonNode.Parse(reply.Data) ?? throw new BenchException($"{api}: no answer");
        return answer["error"] is { } error ? throw new BenchException($"{api}: {error.ToJsonString()}") : answer;
    }
}
