using System.Net;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Hosting;

/// <summary>What the process says of its login at NATS, and that it never says the secret.</summary>
[Parallelizable]
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class NatsSecretTests
{
    private const string Secret = "hunter2-is-secret";

    private string _folder = "";
    private NatsServer _nats = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _folder = Directory.CreateTempSubdirectory("httpmq-secret-").FullName;
        var configuration = Path.Combine(_folder, "nats.conf");
        await File.WriteAllTextAsync(configuration, $$"""authorization { user: gateway, password: "{{Secret}}" }""");
        _nats = await ServerUnderTest.StartAsync("-c", configuration);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _nats.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [TestCase("Password")]
    [TestCase("PasswordFile")]
    [TestCase("")]
    public async Task Run_RightLogin_IsReadyAndSaysNoSecret(string key)
    {
        var (management, dataplane) = (Ports.Free(), Ports.Free());
        await using var child = Start(key, Secret, management, dataplane);
        await child.WaitForOutputAsync("NATS  ");
        using var http = new HttpClient();
        var info = await http.GetAsync(new Uri($"http://127.0.0.1:{management}/v1/admin/info"));
        var text = await info.Content.ReadAsStringAsync();
        await _nats.KillAsync();
        var error = "";
        await Eventually.HoldsAsync(
            async () =>
            {
                var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{management}/v1/admin/info"));
                error = await answer.Content.ReadAsStringAsync();
                return answer.StatusCode is HttpStatusCode.ServiceUnavailable;
            },
            "no connection");
        child.Terminate();
        await child.WaitForExitAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(info.StatusCode, Is.EqualTo(HttpStatusCode.OK), text);
            Assert.That(child.Output, Does.Contain("is ready, mode all"));
            Assert.That(child.Errors, Does.Contain("Connect to NATS using"), "the client library's own lines are among them");
            foreach (var said in new[] { text, error, child.Output, child.Errors })
            {
                Assert.That(said, Does.Not.Contain(Secret));
            }
        }
    }

    [TestCase("Password", "nats.login.password")]
    [TestCase("", "the login in the server's URI")]
    public async Task Run_WrongLogin_SaysWhatTheServerSaidAndWhatToCorrect(string key, string setting)
    {
        var wrong = $"not-{Secret}";
        await using var child = Start(key, wrong, Ports.Free(), Ports.Free());
        await child.WaitForOutputAsync("WARNING");
        child.Terminate();
        await child.WaitForExitAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(child.Output, Does.Contain("not reachable yet, trying again\n"));
            Assert.That(child.Output, Does.Contain(
                $"WARNING      nats-server refuses the gateway's login (Authorization Violation); correct {setting}\n"));
            Assert.That(child.Errors, Does.Contain($"refuses the gateway's login (Authorization Violation); correct {setting}"));
            Assert.That(child.Output + child.Errors, Does.Not.Contain(Secret));
        }
    }

    private GatewayProcess Start(string key, string secret, int management, int dataplane)
    {
        var settings = new Dictionary<string, string>(
            GatewayProcess.Listening("management", management).Concat(GatewayProcess.Listening("dataplane", dataplane)),
            StringComparer.Ordinal)
        {
            ["Httpmq__Nats__ServerUri"] = key.Length > 0 ? _nats.Url : $"nats://gateway:{secret}@127.0.0.1:{_nats.Port}",
        };
        if (key.Length > 0)
        {
            settings["Httpmq__Nats__Login__User"] = "gateway";
            settings[$"Httpmq__Nats__Login__{key}"] = secret;
        }

        if (key is "PasswordFile")
        {
            settings[$"Httpmq__Nats__Login__{key}"] = Path.Combine(_folder, "password");
            File.WriteAllText(Path.Combine(_folder, "password"), secret);
        }

        return HttpmqChild.Start(["all", "-l", "debug"], settings);
    }
}
