using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Infrastructure.Diagnosis;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Hosting.Doctor;

/// <summary>What the doctor finds on the machine: the configuration, ports, files, the embedded nats-server.</summary>
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class DoctorTests : DoctorFixture
{
    private static readonly string[] Names =
    [
        "configuration", "nats_server", "port.nats", "data_folder", "disk", "nats.connection", "nats.login", "nats.version", "jetstream",
        "nats.permissions", "jetstream.limits", "clock", "port.management", "port.dataplane", "open_files", "auth",
    ];

    [Test]
    public async Task All_GatewayRuns_IsWellAndKnowsIt()
    {
        var (management, dataplane, nats) = (Ports.Free(), Ports.Free(), Ports.Free());
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["NATS_SERVER"] = ServerUnderTest.Executable };
        await using var child = HttpmqChild.StartAll(Folder, management, dataplane, nats, environment);
        await child.WaitForOutputAsync("data folder");
        Assert.That(child.IsRunning, Is.True, child.Errors);

        var found = await ExamineAsync("all", Settings(management, dataplane, nats), null, "--data-folder", Folder);

        using (Assert.EnterMultipleScope())
        {
            found.Is("port.management", CheckState.Ok, "Httpmq answers there, and is ready");
            found.Is("port.dataplane", CheckState.Ok, "Httpmq answers there, and is ready");
            found.Is("port.nats", CheckState.Ok, "a gateway runs on the data folder");
            found.Is("data_folder", CheckState.Ok, "a gateway runs on it, mode 0700");
            found.Is("nats.connection", CheckState.Ok, "answers");
            found.Is("nats.login", CheckState.Ok, "nats-server.nk");
            found.Is("nats.permissions", CheckState.Ok, "are permitted");
            Assert.That(found.Results.Select(static result => result.Check), Is.EquivalentTo(Names));
            Assert.That(found.Report.Result, Is.Not.EqualTo(CheckState.Problem), found.Report.ToText());
            Assert.That(found.Report.ToJson(), Does.Not.Match("SU[A-Z0-9]{56}"), "the key of the embedded server");
        }

        // Another gateway's port: it is Httpmq, and not this API.
        found = await ExamineAsync("dataplane", Settings(dataplane, management, nats));
        found.Is("port.dataplane", CheckState.Problem, "which is not this API of Httpmq");

        child.Terminate();
        Assert.That(await child.WaitForExitAsync(), Is.Zero, child.Errors);
    }

    [Test]
    public async Task All_NothingRunsAndTheFolderIsNone_IsToldWithWhatHelps()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        using var other = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        other.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var environment = Settings(port, Ports.Free(), ((IPEndPoint)other.LocalEndpoint).Port);
        environment["Httpmq__EmbeddedNats__Executable"] = "/nowhere/nats-server";

        var found = await ExamineAsync("all", environment, new ScaledTime(0.3), "--data-folder", Path.Combine(Write("file", ""), "data"));

        using (Assert.EnterMultipleScope())
        {
            found.Is("nats_server", CheckState.Problem, "there is no executable '/nowhere/nats-server'");
            found.Is("data_folder", CheckState.Problem, "cannot be created (");
            found.Is("port.nats", CheckState.Problem, "");
            found.Is("port.management", CheckState.Problem, $"127.0.0.1:{port} is taken");
            found.Is("port.dataplane", CheckState.Ok, "is free");
            Assert.That(found.Report.Result, Is.EqualTo(CheckState.Problem));
        }
    }

    [Test]
    public async Task Certificates_OverOrOfAnotherKey_AreProblems()
    {
        using var authority = new TestCertificates(Folder);
        var (certificate, key) = authority.Client();
        var (_, other) = authority.Server("other");
        var environment = Nats($"nats://127.0.0.1:{Ports.Free()}");
        environment["Httpmq__Nats__Tls__CaFile"] = authority.Authority;
        environment["Httpmq__Nats__Tls__CertFile"] = certificate;
        environment["Httpmq__Nats__Tls__KeyFile"] = key;

        var now = await ExamineAsync("dataplane", environment);
        var later = await ExamineAsync("dataplane", environment, new ScaledTime(10, TimeSpan.FromDays(2)));
        environment["Httpmq__Nats__Tls__KeyFile"] = other;
        var swapped = await ExamineAsync("dataplane", environment);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(now["certificate", "nats.tls.cert_file"].Seen, Does.Contain("UTC, in 1 days"));
            Assert.That(now["certificate", "nats.tls.cert_file"].State, Is.EqualTo(CheckState.Warning));
            Assert.That(now["certificate", "nats.tls.key_file"].State, Is.EqualTo(CheckState.Ok));
            Assert.That(later["certificate", "nats.tls.ca_file"].Seen, Does.Contain("which is over"));
            Assert.That(later["certificate", "nats.tls.ca_file"].State, Is.EqualTo(CheckState.Problem));
            Assert.That(swapped["certificate", "nats.tls.key_file"].State, Is.EqualTo(CheckState.Problem), swapped.Report.ToText());
        }
    }

    [Test]
    public async Task Auth_IsOdd_IsSaid()
    {
        var file = Write(
            "httpmq.yaml",
            $$"""
            auth:
              anonymous: [writer]
              api_keys:
                - { name: idle, sha256: [{{new string('a', 64)}}] }
              roles:
                writer: { publish: { allow: ["a.>", "b"], deny: ["b"] } }
                unused: { read: { allow: [">"] } }
                empty: { read: { deny: [">"] } }
            """);

        var found = await ExamineAsync("dataplane", Nats($"nats://127.0.0.1:{Ports.Free()}"), null, "-c", file);
        var seen = found.Results.Where(static result => result.Check == "auth").Select(static result => result.Seen).ToArray();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(seen, Has.Some.EqualTo("who shows nothing has the right 'publish'"));
            Assert.That(seen, Has.Some.EqualTo("'idle' has no role: it may do nothing"));
            Assert.That(seen, Has.Some.EqualTo("nobody has the role 'unused'"));
            Assert.That(seen, Has.Some.EqualTo("the role 'empty' allows nothing"));
            Assert.That(seen, Has.Some.Contains("'b' of auth.roles.writer.publish.allow").And.Some.Contains("matches nothing"));
            Assert.That(found.Report.ToJson(), Does.Not.Contain("aaaaaaaa"));
        }
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Tls_PortAndCertificatesAreLookedAt(bool only)
    {
        using var authority = new TestCertificates(Folder);
        var (certificate, key) = authority.Server("localhost");
        var file = Write(
            "httpmq.yaml",
            $$"""
            auth:
              mtls: [{ san: worker.example, name: worker, roles: [worker] }]
              roles: { worker: { consume: { allow: ["a/*"] } } }
            dataplane:
              api_server:
                server_config: { listen_on: 0.0.0.0 }
                tls:
                  { listen_port: {{Ports.Free()}}, cert_file: {{certificate}}, key_file: {{key}}, client_ca_file: {{authority.Authority}},
                    only: {{(only ? "true" : "false")}} }
            """);

        var found = await ExamineAsync("dataplane", Nats($"nats://127.0.0.1:{Ports.Free()}"), null, "-c", file);
        var ports = found.Results.Where(static result => result.Check == "port.dataplane").ToArray();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(ports.Count(static one => one.Seen.Contains("is free", StringComparison.Ordinal)), Is.EqualTo(only ? 1 : 2));
            Assert.That(ports.Any(static one => one.Seen.Contains("in the clear", StringComparison.Ordinal)), Is.Not.EqualTo(only));
            Assert.That(found["certificate", "dataplane.api_server.tls.cert_file"].State, Is.EqualTo(CheckState.Warning));
            Assert.That(found["certificate", "dataplane.api_server.tls.key_file"].State, Is.EqualTo(CheckState.Ok));
            Assert.That(found["certificate", "dataplane.api_server.tls.client_ca_file"].State, Is.EqualTo(CheckState.Warning));
            found.Is("auth", CheckState.Ok, "1 with certificates");
        }
    }

    [Test]
    public async Task Tls_GatewayRunsWithItAlone_IsWell()
    {
        using var authority = new TestCertificates(Folder);
        var (certificate, key) = authority.Server("localhost");
        var port = Ports.Free();
        var environment = Nats(SharedServers.Nats.Url);
        environment["Httpmq__Dataplane__ApiServer__Tls__ListenOn"] = "127.0.0.1";
        environment["Httpmq__Dataplane__ApiServer__Tls__ListenPort"] = $"{port}";
        environment["Httpmq__Dataplane__ApiServer__Tls__CertFile"] = certificate;
        environment["Httpmq__Dataplane__ApiServer__Tls__KeyFile"] = key;
        environment["Httpmq__Dataplane__ApiServer__Tls__Only"] = "true";
        await using var child = HttpmqChild.Start(["dataplane"], environment);
        await child.WaitForOutputAsync("is ready");

        var found = await ExamineAsync("dataplane", environment);

        found.Is("port.dataplane", CheckState.Ok, "Httpmq answers there, and is ready");
        child.Terminate();
        Assert.That(await child.WaitForExitAsync(), Is.Zero, child.Errors);
    }

    [Test]
    public async Task Configuration_IsWrong_IsAProblemAndNothingElseIsAsked()
    {
        var found = await ExamineAsync("dataplane", new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Httpmq__Nats__ConnectTimeoutSec"] = "soon",
        });

        found.Is("configuration", CheckState.Problem, "nats.connect_timeout_sec: 'soon' is not a whole number of seconds");
        Assert.That(found.Results, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Command_AsProcess_PrintsJsonAndExitsBySeverity()
    {
        await using var child = HttpmqChild.Start(["doctor", "dataplane", "--json"], new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Httpmq__Nats__ServerUri"] = $"nats://127.0.0.1:{Ports.Free()}",
            ["Httpmq__Dataplane__ApiServer__ServerConfig__ListenPort"] = $"{Ports.Free()}",
        });
        Assert.That(await child.WaitForExitAsync(), Is.EqualTo(1), child.Errors);
        var document = JsonNode.Parse(child.Output)!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That((string?)document["result"], Is.EqualTo("problem"));
            Assert.That((string?)document["mode"], Is.EqualTo("dataplane"));
            var connection = document["checks"]!.AsArray().Single(static check => (string?)check!["name"] == "nats.connection")!;
            Assert.That((string?)connection["state"], Is.EqualTo("problem"));
            Assert.That((string?)connection["seen"], Is.Not.Empty);
            Assert.That((string?)connection["advice"], Is.Not.Empty);
        }
    }

    [TestCase("doctor", "bogus", "httpmq: mode: 'bogus' is not management, dataplane or all")]
    [TestCase("doctor", "--nope", "httpmq: --nope: unknown option")]
    [TestCase("all", "--json", "httpmq: --json: belongs to 'httpmq doctor'")]
    public void Command_IsWrong_IsUsage(string word, string other, string line)
    {
        var result = CommandLine.Parse([word, other], new Dictionary<string, string>(StringComparer.Ordinal));

        Assert.That(result, Is.InstanceOf<CommandLineResult.Exit>());
        Assert.That(((CommandLineResult.Exit)result).ExitCode, Is.EqualTo(2));
        Assert.That(((CommandLineResult.Exit)result).Text, Does.StartWith(line));
    }

    [Test]
    public void Command_WithoutMode_LooksAtAll()
    {
        var result = CommandLine.Parse(["doctor"], new Dictionary<string, string>(StringComparer.Ordinal));

        Assert.That((result as CommandLineResult.Examine)?.Settings.Mode, Is.EqualTo(RunMode.All));
    }

    private static Dictionary<string, string> Settings(int management, int dataplane, int nats) => new(
        GatewayProcess.Listening("Management", management).Concat(GatewayProcess.Listening("Dataplane", dataplane)), StringComparer.Ordinal)
    {
        ["Httpmq__EmbeddedNats__Port"] = $"{nats}",
        ["Httpmq__EmbeddedNats__Executable"] = ServerUnderTest.Executable,
    };
}
