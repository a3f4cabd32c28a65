using System.Text;
using Httpmq.Client;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Clients;

/// <summary>Replays of the C# client, also when the connection is cut.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class ClientReplayTests : ClientTest
{
    [TestCase("2.0")]
    [TestCase("1.1")]
    public async Task Replay_OfAllMessages_HasThemInOrderAndEnds(string version)
    {
        Client.Dataplane.ProtocolVersion = Version.Parse(version);
        await PublishAsync("1", new PublishOptions { Headers = { ["Trace-Id"] = "7" } });
        await PublishAsync("2");

        var messages = await Client.Dataplane.ReplayAsync(Stream).ToListAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                messages.Select(static message => (message.Sequence, Text(message.Data))), Is.EqualTo(new[] { (1UL, "1"), (2UL, "2") }));
            Assert.That(messages[0].Headers["Trace-Id"], Is.EqualTo(new[] { "7" }));
            Assert.That((messages[0].Stream, messages[0].Subject), Is.EqualTo((Stream, $"{Stream}.a")));
            Assert.That(messages[0].Time, Is.GreaterThan(DateTimeOffset.UnixEpoch));
        }
    }

    [Test]
    public async Task Replay_OfAPart_HasThatPart()
    {
        await Client.Dataplane.PublishBatchAsync(
            Enumerable.Range(1, 6).Select(i => new PublishRecord { Subject = $"{Stream}.{i % 2}", Msg = $"{i}" })).CountAsync();

        var odd = await ReadAsync(new ReplayOptions { Subjects = [$"{Stream}.1"] });
        var some = await ReadAsync(new ReplayOptions { FromSequence = 3, Limit = 2 });
        var last = await ReadAsync(new ReplayOptions { LastPerSubject = true });
        var third = await Client.Dataplane.ReadMessageAsync(Stream, 3);
        var later = await ReadAsync(new ReplayOptions { FromTime = third.Time });

        using (Assert.EnterMultipleScope())
        {
            Assert.That(odd, Is.EqualTo(new[] { "1", "3", "5" }));
            Assert.That(some, Is.EqualTo(new[] { "3", "4" }));
            Assert.That(last, Is.EqualTo(new[] { "5", "6" }));
            Assert.That(later, Is.EqualTo(new[] { "3", "4", "5", "6" }));
        }
    }

    [Test]
    public async Task Replay_ConnectionCutAgainAndAgain_HasEachMessageOnce()
    {
        await using var wire = new TcpProxy(SharedServers.Gateway.Dataplane.Port);
        using var client = HttpmqClient.Create(SharedServers.Gateway.Management, new Uri($"http://127.0.0.1:{wire.Port}"));
        using var limit = TimeLimit();
        var read = new List<string>();
        await PublishAsync("1");

        await foreach (var message in client.Dataplane.ReplayAsync(Stream, new ReplayOptions { Follow = true, Limit = 4 }, limit.Token))
        {
            read.Add(Text(message.Data));
            wire.Cut();
            await PublishAsync($"{read.Count + 1}");
        }

        Assert.That(read, Is.EqualTo(new[] { "1", "2", "3", "4" }));
    }

    [Test]
    public async Task Replay_GatewayGone_ThrowsWhenTheTimeIsOver()
    {
        var wire = new TcpProxy(SharedServers.Gateway.Dataplane.Port);
        using var client = HttpmqClient.Create(SharedServers.Gateway.Management, new Uri($"http://127.0.0.1:{wire.Port}"));
        await PublishAsync("1");
        var options = new ReplayOptions { Follow = true, ReconnectTimeout = TimeSpan.FromMilliseconds(300) };
        await using var messages = client.Dataplane.ReplayAsync(Stream, options).GetAsyncEnumerator();
        await messages.MoveNextAsync();
        await wire.DisposeAsync();

        var end = Assert.CatchAsync<HttpmqException>(async () => await messages.MoveNextAsync())!;

        Assert.That(end.StatusCode, Is.Zero);
    }

    [Test]
    public void Replay_OfNoStream_IsRefusedAtOnce()
    {
        var refusal = Assert.CatchAsync<HttpmqException>(async () => await Client.Dataplane.ReplayAsync("nowhere").CountAsync())!;

        Assert.That((refusal.StatusCode, refusal.Error!.Type), Is.EqualTo((404, "stream-not-found")));
    }

    private async Task<List<string>> ReadAsync(ReplayOptions options) =>
        await Client.Dataplane.ReplayAsync(Stream, options).Select(static message => Text(message.Data)).ToListAsync();
}
