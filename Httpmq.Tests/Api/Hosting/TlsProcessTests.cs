using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Hosting;

/// <summary>What the process prints of its ports.</summary>
[Category(ServerUnderTest.ProcessCategory)]
[Parallelizable]
internal sealed class TlsProcessTests
{
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("httpmq-tls-process-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task Ready_WithTlsAlone_SaysHttpsAndServesIt()
    {
        using var authority = new TestCertificates(_folder);
        var (certificate, key) = authority.Server("localhost");
        var port = Ports.Free();
        await using var child = Start(new(StringComparer.Ordinal)
        {
            ["Httpmq__Dataplane__ApiServer__ServerConfig__ListenOn"] = "0.0.0.0",
            ["Httpmq__Dataplane__ApiServer__Tls__CertFile"] = certificate,
            ["Httpmq__Dataplane__ApiServer__Tls__KeyFile"] = key,
            ["Httpmq__Dataplane__ApiServer__Tls__ListenPort"] = $"{port}",
            ["Httpmq__Dataplane__ApiServer__Tls__Only"] = "true",
            ["Httpmq__Auth__OpenDocuments"] = "true",
        });
        await child.WaitForOutputAsync("not reachable yet");
        using var client = new HttpClient(
            new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = TlsGateway.Trust(authority) } });
        using var answer = await client.GetAsync(new Uri($"https://localhost:{port}/v1/data/alive"));
        child.Terminate();
        await child.WaitForExitAsync();

        Assert.That((int)answer.StatusCode, Is.EqualTo(200));
        Assert.That(child.Output, Does.Contain($"https://0.0.0.0:{port}   Swagger UI https://0.0.0.0:{port}/swagger"));
        Assert.That(child.Output, Does.Not.Contain("http://").And.Not.Contain("WARNING"));
    }

    [TestCase("0.0.0.0", true, "can be reached from other machines, in the clear, and by anybody; set auth, and set "
        + "dataplane.api_server.tls or dataplane.api_server.server_config.listen_on: 127.0.0.1")]
    [TestCase("0.0.0.0", false, "can be reached from other machines, in the clear; set dataplane.api_server.tls or "
        + "dataplane.api_server.server_config.listen_on: 127.0.0.1")]
    [TestCase("127.0.0.1", true, null)]
    public async Task Ready_WithoutTls_WarnsWhereOthersReachIt(string address, bool isOpen, string? expected)
    {
        var (port, metrics) = (Ports.Free(), Ports.Free());
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Httpmq__Dataplane__ApiServer__ServerConfig__ListenOn"] = address,
            ["Httpmq__Dataplane__ApiServer__ServerConfig__ListenPort"] = $"{port}",
            ["Httpmq__Metrics__ListenOn"] = address,
            ["Httpmq__Metrics__ListenPort"] = $"{metrics}",
        };
        if (!isOpen)
        {
            environment["Httpmq__Auth__OpenDocuments"] = "true";
        }

        await using var child = Start(environment);
        await child.WaitForOutputAsync("not reachable yet");
        child.Terminate();
        await child.WaitForExitAsync();

        Assert.That(child.Output, expected is null
            ? Does.Not.Contain("other machines")
            : Does.Contain($"WARNING      dataplane: port {port} {expected}\n")
                .And.Contain($"WARNING      metrics: port {metrics} can be reached from other machines, in the clear, and by anybody\n"));
    }

    private static GatewayProcess Start(Dictionary<string, string> environment)
    {
        environment["Httpmq__Nats__ServerUri"] = "nats://127.0.0.1:1";
        return HttpmqChild.Start(["dataplane"], environment);
    }
}
