using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Publishing;

/// <summary>A batch that stays open: outcomes come while records are still sent, over HTTP/2.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class BatchDuplexTests
{
    [Test]
    public async Task Publish_OneRecordAtATime_IsAnsweredBeforeTheNextIsSent()
    {
        using var client = SharedServers.Gateway.Client();
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);
        await using var batch = await OpenBatch.StartAsync(client);

        for (var number = 1; number <= 3; number++)
        {
            await batch.SendAsync($$"""{"subject":"{{stream}}","b64_msg":"aGk="}""");
            Assert.That((int)(await batch.NextAsync())!["sequence"]!, Is.EqualTo(number));
        }

        batch.Complete();
        Assert.That(await batch.NextAsync(), Is.Null);
    }

    [Test]
    public async Task Publish_NatsKilledInBetween_TellsTheOutcomeOfEachAndGoesOnAfterwards()
    {
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await Gateway.StartAsync(nats.Url);
        using var client = gateway.Client();
        await Eventually.HoldsAsync(async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "ready");
        await Eventually.HoldsAsync(async () => (await client.ManageAsync(HttpMethod.Get, "/v1/admin/ready")).Success, "ready");
        await client.DefineStreamAsync("s", "s");
        await using var batch = await OpenBatch.StartAsync(client);
        const string Record = """{"subject":"s","b64_msg":"aGk="}""";

        await batch.SendAsync(Record);
        var before = (await batch.NextAsync())!;
        await nats.KillAsync();
        await batch.SendAsync(Record);
        var during = (await batch.NextAsync())!;
        await nats.StartAgainAsync();
        await Eventually.HoldsAsync(async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "ready again");
        await batch.SendAsync(Record);
        var after = (await batch.NextAsync())!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That((bool)before["success"]!, Is.True);
            Assert.That((int)during["error"]!["code"]!, Is.EqualTo(503), during.ToJsonString());
            Assert.That((bool)after["success"]!, Is.True, after.ToJsonString());
            Assert.That((int)after["line"]!, Is.EqualTo(3));
        }
    }

    [Test]
    public async Task Publish_GatewayStops_FinishesWhatItReadAndSaysSo()
    {
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await Gateway.StartAsync(nats.Url);
        using var client = gateway.Client();
        await Eventually.HoldsAsync(async () => (await client.ManageAsync(HttpMethod.Get, "/v1/admin/ready")).Success, "ready");
        await Eventually.HoldsAsync(async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "ready");
        await client.DefineStreamAsync("s", "s");
        await using var batch = await OpenBatch.StartAsync(client);
        await batch.SendAsync("""{"subject":"s","b64_msg":"aGk="}""");
        var stored = (await batch.NextAsync())!;

        var stopping = gateway.StopDataplaneAsync();
        var last = (await batch.NextAsync())!;
        var end = await batch.NextAsync();
        batch.Complete();
        await stopping;

        using (Assert.EnterMultipleScope())
        {
            Assert.That((bool)stored["success"]!, Is.True);
            Assert.That((string)last["error"]!["message"]!, Is.EqualTo("Server stopping"));
            Assert.That((int)last["line"]!, Is.EqualTo(2));
            Assert.That(end, Is.Null);
        }
    }
}
