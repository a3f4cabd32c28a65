using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Hosting;

/// <summary>The process with keys: a file that changes while it runs.</summary>
[Parallelizable]
[Category(ServerUnderTest.ProcessCategory)]
internal sealed class AccessProcessTests
{
    private const string Yaml = """
        auth:
          api_keys: [{ name: shop, sha256: "{sha256:old}", roles: [w] }]
          roles: { w: { publish: { allow: [orders.>] } } }
        """;

    private string _file = null!;

    [SetUp]
    public void MakeFile()
    {
        _file = Path.Combine(Directory.CreateTempSubdirectory("httpmq-access-").FullName, "httpmq.yaml");
        Write(Yaml);
    }

    [TearDown]
    public void RemoveFile() => Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);

    [Test]
    public async Task Dataplane_FileChanges_TakesItsKeysOverAndKeepsThemWhereItIsWrong()
    {
        var port = Ports.Free();
        await using var child = HttpmqChild.Start(["dataplane", "-c", _file], new Dictionary<string, string>(
            GatewayProcess.Listening("dataplane", port), StringComparer.Ordinal)
        {
            ["Httpmq__Nats__ServerUri"] = "nats://127.0.0.1:1",
        });
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await child.WaitForOutputAsync("not reachable yet");
        Assert.That((await PublishAsync(client, "old"), await PublishAsync(client, "new")), Is.EqualTo((503, 401)));

        Write(Yaml.Replace(":old", ":new", StringComparison.Ordinal));
        await Eventually.HoldsAsync(
            async () => (await PublishAsync(client, "old"), await PublishAsync(client, "new")) is (401, 503), "the new key is taken");

        Write("auth: {role: {}}");
        await Eventually.HoldsAsync(
            () => $"{child.Output}{child.Errors}".Contains("unknown key of auth", StringComparison.Ordinal), "the log says what is wrong");
        Assert.That(await PublishAsync(client, "new"), Is.EqualTo(503));
        child.Terminate();
        Assert.That(await child.WaitForExitAsync(), Is.Zero, child.Errors);
    }

    private void Write(string yaml) => File.WriteAllText(_file, AccessFile.WithHashes(yaml));

    private static async Task<int> PublishAsync(HttpClient client, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/data/subject/orders.new") { Content = new StringContent("aGk=") };
        request.Headers.Add("X-API-Key", key);
        using var answer = await client.SendAsync(request);
        return (int)answer.StatusCode;
    }
}
