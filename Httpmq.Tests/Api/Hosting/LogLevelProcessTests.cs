using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Hosting;

/// <summary>The process with a level of the log in its file, which changes while it runs.</summary>
[Category(ServerUnderTest.ProcessCategory)]
[Parallelizable]
internal sealed class LogLevelProcessTests
{
    private readonly TimeSpan _limit = TimeSpan.FromSeconds(60);
    private string _file = null!;

    [SetUp]
    public void MakeFile()
    {
        _file = Path.Combine(Directory.CreateTempSubdirectory("httpmq-level-").FullName, "httpmq.yaml");
        Write("# nothing yet");
    }

    [TearDown]
    public void RemoveFile() => Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);

    [Test]
    public async Task All_FileChanges_BothHostsLogAsItSays()
    {
        var (management, dataplane) = (Ports.Free(), Ports.Free());
        await using var child = HttpmqChild.Start(["all", "-c", _file], new Dictionary<string, string>(
            GatewayProcess.Listening("management", management).Concat(GatewayProcess.Listening("dataplane", dataplane)),
            StringComparer.Ordinal)
        {
            ["Httpmq__Nats__ServerUri"] = "nats://127.0.0.1:1",
        });
        await child.WaitForOutputAsync("not reachable yet");
        await AskBothAsync("at-the-start");

        await ChangeAsync("log: { level: info }", "the level of the log is info from now on");
        await AskBothAsync("at-info");
        await WaitForLinesAsync("at-info");

        await ChangeAsync("log: { level: error }", "the level of the log is error from now on");
        await AskBothAsync("at-error");

        await ChangeAsync("log: { level: debug }", "the level of the log is debug from now on");
        await AskBothAsync("at-debug");
        await WaitForLinesAsync("at-debug");
        Assert.That(child.Errors, Does.Not.Contain("at-the-start").And.Not.Contain("at-error"));

        child.Terminate();
        Assert.That(await child.WaitForExitAsync(), Is.Zero, child.Errors);

        async Task ChangeAsync(string yaml, string line)
        {
            Write(yaml);
            await Eventually.HoldsAsync(
                () => child.Errors.Contains(line, StringComparison.Ordinal), $"the log says '{line}'", _limit);
        }

        async Task AskBothAsync(string name)
        {
            using var client = new HttpClient();
            foreach (var (api, port) in new[] { ("management", management), ("dataplane", dataplane) })
            {
                using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/{name}/{api}"));
            }
        }

        Task WaitForLinesAsync(string name) => Eventually.HoldsAsync(
            () => child.Errors.Contains($"GET /{name}/management 404", StringComparison.Ordinal)
                && child.Errors.Contains($"GET /{name}/dataplane 404", StringComparison.Ordinal),
            $"both hosts log '{name}'",
            _limit);
    }

    private void Write(string yaml) => File.WriteAllText(_file, yaml);
}
