using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Http;

/// <summary>A proxy that speaks HTTP/2 with the gateway in the clear, and TLS with clients, passes on their scheme.</summary>
[Parallelizable]
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class ProxyTests
{
    [TestCase("http")]
    [TestCase("https")]
    public async Task Request_WithASchemeOfTheClient_IsServed(string scheme)
    {
        await using var wire = await RawHttp2.ConnectAsync(SharedServers.Gateway.Dataplane);
        await wire.SendAsync(1, "GET", "/v1/data/alive"u8.ToArray(), scheme: scheme);

        Assert.That(await wire.StatusAsync(1), Is.EqualTo(200));
    }
}
