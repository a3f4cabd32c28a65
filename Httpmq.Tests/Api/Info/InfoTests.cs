using Httpmq.Domain.Features;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Info;

/// <summary>What the info route tells of the server that the tests run on.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class InfoTests
{
    [Test]
    public async Task Info_OfTheServer_HasItsVersionLevelAndFeatures()
    {
        using var client = SharedServers.Gateway.Client();

        var info = (await client.ManageAsync(HttpMethod.Get, "/v1/admin/info")).Body;

        var facts = ServerUnderTest.Facts;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((string)info["gateway"]!["version"]!, Does.Match(@"^\d+\.\d+\.\d+"));
            Assert.That((string)info["server"]!["version"]!, Is.EqualTo(facts.Name));
            Assert.That((int)info["server"]!["api_level"]!, Is.EqualTo(facts.ApiLevel));
            Assert.That((bool)info["server"]!["clustered"]!, Is.False);
            Assert.That(
                info["features"]!.AsObject().Select(static entry => $"{entry.Key} {entry.Value!["since"]} {entry.Value["available"]}"),
                Is.EqualTo(Feature.All.Select(feature => $"{feature.Name} {feature.Since} {(facts.Has(feature) ? "true" : "false")}")));
        }
    }

    [Test]
    public async Task Info_OfTheAccount_CountsWhatIsThereAndKnowsTheLimits()
    {
        await using var nats = await ServerUnderTest.StartAsync("-c", await ConfigurationAsync());
        await using var gateway = await Gateway.StartAsync(nats.Url.Replace("nats://", "nats://a:a@", StringComparison.Ordinal));
        using var client = gateway.Client();
        await Eventually.HoldsAsync(
            async () => (await client.ManageAsync(HttpMethod.Get, "/v1/admin/ready")).Success, "a gateway that is ready");
        await client.DefineStreamAsync("s", "s");
        await client.DefineConsumerAsync("s", "c");

        var account = (await client.ManageAsync(HttpMethod.Get, "/v1/admin/info")).Body["account"]!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(((int)account["streams"]!, (int)account["consumers"]!), Is.EqualTo((1, 1)).Or.EqualTo((2, 1)));
            Assert.That((int)account["limits"]!["max_streams"]!, Is.EqualTo(7));
            Assert.That((long)account["limits"]!["max_storage"]!, Is.EqualTo(10_000_000));
            Assert.That(account.AsObject().ContainsKey("domain"), Is.False, "absent where there is none");
            Assert.That(account.AsObject().ContainsKey("tiers"), Is.False);
        }
    }

    [Test]
    public async Task Info_WithoutNats_IsUnavailable()
    {
        await using var gateway = await Gateway.StartAsync("nats://127.0.0.1:1");
        using var client = gateway.Client();

        var answer = await client.ManageAsync(HttpMethod.Get, "/v1/admin/info");

        Assert.That(((int)answer.Status, (string)answer.Body["error"]!["type"]!), Is.EqualTo((503, "nats-unavailable")));
    }

    private static async Task<string> ConfigurationAsync()
    {
        var path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{SharedServers.NewName()}.conf");
        await File.WriteAllTextAsync(
            path,
            "accounts { A { jetstream: { max_mem: 5000000, max_file: 10000000, max_streams: 7 }, users: [{user: a, password: a}] } }");
        return path;
    }
}
