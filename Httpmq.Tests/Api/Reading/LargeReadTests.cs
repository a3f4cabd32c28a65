using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Reading;

/// <summary>Many read large messages at once, over a wire that is slower than nats-server.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class LargeReadTests
{
    private const int Readers = 100;
    private const int Size = 900_000;
    private const int SlowPublishes = 2;

    [TestCase("/v1/data/stream/s/message/1")]
    [TestCase("/v1/data/subject/s")]
    public async Task Read_ManyLargeAtOnce_DoesNotCostTheConnection(string path)
    {
        var monitoring = Ports.Free();
        await using var nats = await ServerUnderTest.StartAsync("-m", $"{monitoring}");
        await using var wire = new TcpProxy(nats.Port);
        await using var gateway = await Gateway.StartAsync(
            wire.Url, configureNats: static options => options with { RequestTimeout = TimeSpan.FromSeconds(30) });
        using var client = gateway.Client();
        await OwnGateway.IsReadyAsync(client);
        await client.DefineStreamAsync("s", "s");
        await client.DefineStreamAsync("other", "other");
        await client.PublishAsync("s", new string('x', Size));
        wire.Slow(TimeSpan.FromMilliseconds(1));

        var reading = Task.WhenAll(Enumerable.Range(0, Readers).Select(_ => client.SendRawAsync(HttpMethod.Get, path)));
        var published = new List<GatewayAnswer>();
        while (!reading.IsCompleted)
        {
            // What waits for the wire comes before the answer.
            published.Add(await client.TryPublishAsync("other", [1]));
            if (published.Count == SlowPublishes)
            {
                wire.Slow(TimeSpan.Zero);
            }
        }

        using var http = new HttpClient();
        var server = JsonNode.Parse(await http.GetStringAsync(new Uri($"http://127.0.0.1:{monitoring}/varz")))!;
        Assert.That((int)server["slow_consumers"]!, Is.Zero);

        // On a slow machine those that wait longest for their turn may be too late.
        var reads = (await reading).ToLookup(static read => read.Status);
        Assert.That(reads.Select(static status => status.Key), Is.SubsetOf([HttpStatusCode.OK, HttpStatusCode.GatewayTimeout]));
        Assert.That(reads[HttpStatusCode.OK].Count(), Is.GreaterThan(Readers / 4));
        Assert.That(published.Where(static answer => !answer.Success), Is.Empty);
        Assert.That(published, Is.Not.Empty);
    }
}
