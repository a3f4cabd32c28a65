using System.Net;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Infrastructure.EmbeddedNats;

/// <summary>
/// The embedded server is replaced by one of another generation, on the store of the one before. Not beside other tests: fetching a server
/// keeps a small machine busy.
/// </summary>
[Category(ServerUnderTest.ProcessCategory)]
[Parallelizable]
internal sealed class EmbeddedUpgradeTests
{
    private static readonly string[] UpAndBack = ["2.9", "2.10", "2.15", "2.10", "2.9"];

    [Test]
    public async Task Start_OnTheStoreOfEachGenerationAndBack_KeepsMessagesAndPositions()
    {
        var folder = Directory.CreateTempSubdirectory("httpmq-upgrade-").FullName;
        await using var gateway = new EmbeddedGateway(folder);
        var taken = new List<ulong>();
        foreach (var generation in UpAndBack)
        {
            gateway.Executable = NatsProgram.OfGeneration(generation);
            await gateway.StartAsync();
            await gateway.ReadyBecomesAsync(HttpStatusCode.OK);
            if (taken.Count == 0)
            {
                await gateway.DefineAsync();
                var defined = await gateway.ManageAsync(
                    HttpMethod.Post, $"/v1/admin/stream/{EmbeddedGateway.Stream}/consumer",
                    """{"name":"c","mode":"pull","max_inflight":1}""");
                Assert.That(defined.Status, Is.EqualTo(HttpStatusCode.OK), defined.Text);
            }

            Assert.That((await gateway.PublishAsync()).Status, Is.EqualTo(HttpStatusCode.OK), generation);
            taken.Add(await gateway.TakeAsync("c"));
            await gateway.NothingIsLostAsync();
            await gateway.StopAsync();
        }

        Assert.That(taken, Is.EqualTo(Enumerable.Range(1, UpAndBack.Length)));
        Directory.Delete(folder, recursive: true);
    }
}
