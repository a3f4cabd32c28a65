using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>Section 1: <c>endpoint_config.path_prefix</c>.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class PathPrefixTests
{
    private Gateway _gateway = null!;
    private GatewayClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _gateway = await Gateway.StartAsync(SharedServers.Nats.Url, server => server with { PathPrefix = "/api/mq" });
        _client = _gateway.Client();
        await Eventually.HoldsAsync(
            async () => (await _client.DataAsync(HttpMethod.Get, "/api/mq/v1/data/ready")).Success, "a gateway that is ready");
        await Eventually.HoldsAsync(
            async () => (await _client.ManageAsync(HttpMethod.Get, "/api/mq/v1/admin/ready")).Success, "a gateway that is ready");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _gateway.DisposeAsync();
    }

    [Test]
    public async Task Routes_BelowThePrefix_AreServed()
    {
        var stream = SharedServers.NewName();
        var defined = await _client.ManageAsync(HttpMethod.Post, "/api/mq/v1/admin/stream", $$"""{"name":"{{stream}}"}""");
        var published = await _client.DataAsync(HttpMethod.Post, $"/api/mq/v1/data/subject/{stream}", new StringContent("aGk="));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(defined.Success, Is.True, defined.ToString());
            Assert.That(published.Success, Is.True, published.ToString());
        }
    }

    [TestCase("/v1/admin/alive")]
    [TestCase("/api/v1/admin/alive")]
    [TestCase("/api/mqv1/admin/alive")]
    [TestCase("/api/mq")]
    [TestCase("/api/mq/")]
    [TestCase("/api/mq/v1/admin/alive/")]
    [TestCase("/API/mq/v1/admin/alive")]
    public async Task Routes_Elsewhere_Are404(string path)
    {
        var answer = await _client.ManageAsync(HttpMethod.Get, path);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((int)answer.Status, Is.EqualTo(404), answer.ToString());
            Assert.That(answer.Detail, Does.StartWith($"no route {path}: "));
        }
    }
}
