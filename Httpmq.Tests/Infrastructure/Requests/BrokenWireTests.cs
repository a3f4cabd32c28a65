using System.Net;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Infrastructure.Requests;

/// <summary>The wire to NATS stands still and then breaks, while clients go on.</summary>
[Parallelizable(ParallelScope.All)]
[Category(ServerUnderTest.Category)]
internal sealed class BrokenWireTests
{
    [Test]
    public async Task Publish_AnsweredWithAnError_IsNotSentLaterOverTheNextConnection()
    {
        // More than the kernel's buffers hold, so that much of it lies in the gateway when the wire breaks.
        const int Messages = 24;
        await using var nats = await ServerUnderTest.StartAsync();
        await using var wire = new TcpProxy(nats.Port);
        await using var gateway = await Gateway.StartAsync($"nats://127.0.0.1:{wire.Port}");
        using var client = gateway.Client();
        await OwnGateway.IsReadyAsync(client);
        await client.DefineStreamAsync("s", "s");
        await client.PublishAsync("s", "before");

        wire.Hold();
        var answers = await Task.WhenAll(Enumerable.Range(0, Messages).Select(_ => client.TryPublishAsync("s", new byte[700_000])));
        wire.Cut();
        wire.Release();
        await OwnGateway.IsReadyAsync(client);

        // Whoever was sent after them is stored after them.
        var after = await client.TryPublishAsync("s", "after"u8.ToArray());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answers.Select(static answer => answer.Status), Is.All.AnyOf(
                HttpStatusCode.ServiceUnavailable, HttpStatusCode.GatewayTimeout));
            Assert.That(after.Success, Is.True, after.ToString());
            Assert.That((int)(await client.StreamAsync("s"))["state"]!["messages"]!, Is.EqualTo(2));
        }
    }

    [Test]
    public async Task Ready_WireStandsStill_Is503WithinTwoSeconds()
    {
        await using var nats = await ServerUnderTest.StartAsync();
        await using var wire = new TcpProxy(nats.Port);
        await using var gateway = await Gateway.StartAsync($"nats://127.0.0.1:{wire.Port}");
        using var client = gateway.Client();
        await OwnGateway.IsReadyAsync(client);

        wire.Hold();
        await Eventually.HoldsAsync(
            async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Status == HttpStatusCode.ServiceUnavailable, "503",
            TimeSpan.FromSeconds(2));
        wire.Release();
        await OwnGateway.IsReadyAsync(client);
    }
}
