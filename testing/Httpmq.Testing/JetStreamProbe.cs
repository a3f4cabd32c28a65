using System.Text.Json.Nodes;
using NATS.Client.Core;

namespace Httpmq.Testing;

/// <summary>JetStream's API without the gateway, on servers that come and go.</summary>
internal sealed class JetStreamProbe(string urls) : IAsyncDisposable
{
    public NatsConnection Connection { get; } = new(new NatsOpts
    {
        Url = urls,
        RequestTimeout = TimeSpan.FromSeconds(3),
        CommandTimeout = TimeSpan.FromSeconds(3),
        ConnectTimeout = TimeSpan.FromSeconds(2),
        ReconnectWaitMin = TimeSpan.FromMilliseconds(200),
        ReconnectWaitMax = TimeSpan.FromMilliseconds(500),
        MaxReconnectRetry = -1,
        RetryOnInitialConnect = true,
    });

    /// <summary>The answer to <c>$JS.API.{call}</c>, an error or not; null while nobody answers.</summary>
    public async Task<JsonNode?> AskAsync(string call, CancellationToken cancellationToken, JsonObject? body = null)
    {
        try
        {
            var reply = await Connection.RequestAsync<string, string>(
                $"$JS.API.{call}", body?.ToJsonString() ?? string.Empty, cancellationToken: cancellationToken);
            return reply.Data is { Length: > 0 } json ? JsonNode.Parse(json) : null;
        }
        catch (Exception exception)
            when (exception is NatsException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();
}
