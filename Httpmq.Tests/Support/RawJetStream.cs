using System.Text.Json.Nodes;
using NATS.Client.Core;

namespace Httpmq.Tests.Support;

/// <summary>
/// JetStream without the gateway: what the API cannot set up, and what it must not be trusted to report about itself.
/// </summary>
internal sealed class RawJetStream(string url) : IAsyncDisposable
{
    private readonly NatsConnection _nats = new(new NatsOpts { Url = url });

    /// <summary>Calls <c>$JS.API.{call}</c>; the answer, whatever it is.</summary>
    public async Task<JsonNode> TryCallAsync(string call, JsonNode? body = null)
    {
        var reply = await _nats.RequestAsync<string, string>($"$JS.API.{call}", body?.ToJsonString() ?? string.Empty);
        return JsonNode.Parse(reply.Data!)!;
    }

    /// <summary>Calls the API; an error in the answer fails the test.</summary>
    public async Task<JsonNode> CallAsync(string call, JsonNode? body = null)
    {
        var answer = await TryCallAsync(call, body);
        Assert.That(answer["error"], Is.Null, answer.ToJsonString());
        return answer;
    }

    /// <summary>Creates a stream in memory.</summary>
    /// <param name="name">The stream.</param>
    /// <param name="subjects">Its subjects.</param>
    /// <param name="more">Further fields of its configuration, in JetStream's words.</param>
    public Task<JsonNode> CreateStreamAsync(string name, string[] subjects, JsonObject? more = null)
    {
        var config = new JsonObject
        {
            ["name"] = name,
            ["subjects"] = new JsonArray([.. subjects.Select(subject => JsonValue.Create(subject))]),
            ["storage"] = "memory",
            ["num_replicas"] = 1,
        };
        return CallAsync($"STREAM.CREATE.{name}", Add(config, more));
    }

    /// <summary>Creates a durable pull consumer with explicit acknowledgement.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="name">The consumer.</param>
    /// <param name="more">Further fields of its configuration, in JetStream's words.</param>
    public Task<JsonNode> CreateConsumerAsync(string stream, string name, JsonObject? more = null)
    {
        var config = new JsonObject
        {
            ["durable_name"] = name,
            ["ack_policy"] = "explicit",
            ["deliver_policy"] = "all",
            ["replay_policy"] = "instant",
        };
        return CallAsync(
            $"CONSUMER.DURABLE.CREATE.{stream}.{name}", new JsonObject { ["stream_name"] = stream, ["config"] = Add(config, more) });
    }

    /// <summary>Sends an acknowledgement as the gateway would build it, unchecked; false when the server does not answer it.</summary>
    public async Task<bool> ForgeAckAsync(string stream, string consumer, ulong streamSequence)
    {
        try
        {
            await _nats.RequestAsync<string, string>(
                $"$JS.ACK.{stream}.{consumer}.1.{streamSequence}.1.0.0", "+ACK",
                replyOpts: new NatsSubOpts { Timeout = TimeSpan.FromSeconds(1) });
            return true;
        }
        catch (NatsNoReplyException)
        {
            return false;
        }
    }

    /// <summary>Stores a message, past every gateway.</summary>
    public async Task PublishAsync(string subject, string text)
    {
        var reply = await _nats.RequestAsync<string, string>(subject, text);
        Assert.That(JsonNode.Parse(reply.Data!)!["seq"], Is.Not.Null, reply.Data);
    }

    public async Task<ulong> MessagesAsync(string stream) => (ulong)(await CallAsync($"STREAM.INFO.{stream}"))["state"]!["messages"]!;

    public async Task<JsonNode> StreamConfigAsync(string stream) => (await CallAsync($"STREAM.INFO.{stream}"))["config"]!;

    public async Task<JsonNode> ConsumerConfigAsync(string stream, string consumer) =>
        (await CallAsync($"CONSUMER.INFO.{stream}.{consumer}"))["config"]!;

    public ValueTask DisposeAsync() => _nats.DisposeAsync();

    private static JsonObject Add(JsonObject config, JsonObject? more)
    {
        foreach (var (key, value) in more ?? [])
        {
            config[key] = value?.DeepClone();
        }

        return config;
    }
}
