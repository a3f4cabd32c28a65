using Httpmq.Api.Http;

namespace Httpmq.Tests.Support;

/// <summary>A gateway with limits of its own.</summary>
internal static class OwnGateway
{
    /// <summary>Starts one, and waits until it is ready.</summary>
    public static async Task<Gateway> StartAsync(NatsServer nats, LimitSettings? limits = null, TimeSpan? readTimeout = null)
    {
        var gateway = await Gateway.StartAsync(
            nats.Url, server => server with { ReadTimeout = readTimeout ?? server.ReadTimeout }, limits: limits);
        using var client = gateway.Client();
        await IsReadyAsync(client);
        return gateway;
    }

    public static Task IsReadyAsync(GatewayClient client) => Eventually.HoldsAsync(
        async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success
            && (await client.ManageAsync(HttpMethod.Get, "/v1/admin/ready")).Success,
        "ready");
}
