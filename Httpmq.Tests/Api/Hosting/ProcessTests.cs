using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Hosting;

/// <summary>The process: what it prints, how it ends, what it says when it cannot start.</summary>
[Parallelizable]
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class ProcessTests
{
    private readonly int _management = Ports.Free();
    private readonly int _dataplane = Ports.Free();
    private readonly int _nats = Ports.Free();
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("httpmq-process-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task All_StartedAndTerminated_PrintsTheReadyBlockDrainsAndExitsWith0()
    {
        await using var child = StartAll();
        await child.WaitForOutputAsync("data folder");
        using var client = new HttpClient();
        var ready = await client.GetAsync(new Uri($"http://127.0.0.1:{_dataplane}/v1/data/ready"));
        child.Terminate();
        var code = await child.WaitForExitAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(ready.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(code, Is.Zero, child.Errors);
            Assert.That(child.Output, Does.Match(@"^httpmq \d+\.\d+\.\d+ is ready, mode all\n"));
            Assert.That(child.Output, Does.Contain($"http://127.0.0.1:{_management}/swagger"));
            Assert.That(child.Output, Does.Contain($"nats://127.0.0.1:{_nats}   nats-server 2."));
            Assert.That(child.Output, Does.Contain(_folder));
        }
    }

    [Test]
    public async Task All_StoppedAndStartedAgain_StillHasItsStreams()
    {
        using var client = new HttpClient();
        var streams = new Uri($"http://127.0.0.1:{_management}/v1/admin/stream");
        await using (var first = StartAll())
        {
            await first.WaitForOutputAsync("data folder");
            await client.PostAsync(streams, new StringContent("""{"name":"kept"}"""));
            first.Terminate();
            await first.WaitForExitAsync();
        }

        await using var second = StartAll();
        await second.WaitForOutputAsync("data folder");
        Assert.That(await client.GetStringAsync(streams), Does.Contain("\"kept\""));
        second.Terminate();
        await second.WaitForExitAsync();
    }

    [Test]
    public async Task All_PortTaken_SaysSoInOneLineAndExits()
    {
        using var taken = new TcpListener(IPAddress.Loopback, _dataplane);
        taken.Start();
        await using var child = StartAll();
        var code = await child.WaitForExitAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(code, Is.EqualTo(1));
            // A machine that stands still for a moment may add a line of the log.
            var told = child.Errors.Trim().Split('\n').Where(static line => line.StartsWith("httpmq:", StringComparison.Ordinal));
            Assert.That(told, Is.EqualTo(
            [
                $"httpmq: dataplane.api_server.server_config.listen_port: 127.0.0.1:{_dataplane} is in use by another process; "
                + "stop it, or choose another port with this key or Httpmq__Dataplane__ApiServer__ServerConfig__ListenPort",
            ]));
        }
    }

    [Test]
    public async Task Management_NatsNeverThere_ServesNotReadyThenGivesUpWithAnError()
    {
        await using var child = HttpmqChild.Start(["management"], new Dictionary<string, string>(
            GatewayProcess.Listening("management", _management), StringComparer.Ordinal)
        {
            ["Httpmq__Nats__ServerUri"] = $"nats://127.0.0.1:{_nats}",
            ["Httpmq__Nats__Reconnect__MaxAttempts"] = "10",
            ["Httpmq__Nats__Reconnect__WaitIntervalSec"] = "1",
        });
        await child.WaitForOutputAsync("not reachable yet");
        using var client = new HttpClient();
        var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{_management}/v1/admin/stream"));
        var code = await child.WaitForExitAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
            Assert.That(answer.Headers.RetryAfter, Is.Not.Null);
            Assert.That(code, Is.EqualTo(1));
            Assert.That(child.Errors, Does.Contain("nats.reconnect.max_attempts is 10"));
        }
    }

    [Test]
    public async Task All_ServerNamedByTheEnvironment_RunsItAndNamesIt()
    {
        var chosen = Path.Combine(_folder, "chosen server");
        File.CreateSymbolicLink(chosen, ServerUnderTest.Executable);
        await using var child = StartAll(server: chosen);
        await child.WaitForOutputAsync("data folder");

        Assert.That(
            child.Output, Does.Contain($"nats-server {ServerUnderTest.Facts.Version}, embedded").And.Contain($"program      {chosen}\n"));
    }

    [Test]
    public async Task All_ServerConfigured_PrefersItToTheEnvironments()
    {
        await using var child = StartAll(server: "/nowhere/nats-server", configured: ServerUnderTest.Executable);
        await child.WaitForOutputAsync("data folder");

        Assert.That(child.Output, Does.Contain($"program      {ServerUnderTest.Executable}\n"));
    }

    [Test]
    public async Task All_EnvironmentNamesNoProgram_SaysWhichVariableAndExits()
    {
        await using var child = StartAll(server: "/nowhere/nats-server");
        var code = await child.WaitForExitAsync();

        Assert.That(code, Is.EqualTo(1));
        Assert.That(child.Errors, Does.Contain("No executable '/nowhere/nats-server' was found, which NATS_SERVER names."));
    }

    [TestCase("bogus", "httpmq: mode: 'bogus' is not management, dataplane or all")]
    [TestCase("--nope", "--nope")]
    public async Task CommandLine_Wrong_IsNamedAndExitsWith2(string argument, string line)
    {
        await using var child = HttpmqChild.Start([argument], new Dictionary<string, string>(StringComparer.Ordinal));
        var code = await child.WaitForExitAsync();

        Assert.That(code, Is.EqualTo(2));
        Assert.That(child.Errors, Does.Contain(line));
    }

    [TestCase("", "httpmq: openapi: choose the API: httpmq openapi management, or httpmq openapi dataplane")]
    [TestCase("datapalne", "httpmq: openapi: 'datapalne' is not management or dataplane; choose the API: ")]
    public async Task OpenApi_WithoutAnApi_SaysWhichThereAre(string name, string line)
    {
        await using var child = HttpmqChild.Start(
            ["openapi", .. name.Split(' ', StringSplitOptions.RemoveEmptyEntries)], new Dictionary<string, string>(StringComparer.Ordinal));
        var code = await child.WaitForExitAsync();

        Assert.That(code, Is.EqualTo(2));
        Assert.That(child.Errors, Does.StartWith(line));
    }

    private GatewayProcess StartAll(string? server = null, string? configured = null)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["NATS_SERVER"] = server ?? ServerUnderTest.Executable };
        if (configured is not null)
        {
            environment["Httpmq__EmbeddedNats__Executable"] = configured;
        }

        return HttpmqChild.StartAll(_folder, _management, _dataplane, _nats, environment);
    }
}
