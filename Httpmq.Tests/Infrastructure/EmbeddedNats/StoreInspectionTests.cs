using Httpmq.Infrastructure.EmbeddedNats;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using NUnit.Framework;

namespace Httpmq.Tests.Infrastructure.EmbeddedNats;

/// <summary>What nats-server passes over in silence is said.</summary>
internal sealed class StoreInspectionTests : EmbeddedNatsFixture
{
    private string Consumer => Path.Combine(Folder, "jetstream", "$G", "streams", "s", "obs", "c");

    [Test]
    public async Task Start_WholeStore_FindsNothing()
    {
        await PrepareAsync();

        Assert.That((await StartAsync()).Damage, Is.Empty);
    }

    [Test]
    public async Task Start_ConsumerDamaged_NamesItAndItsFolder()
    {
        await PrepareAsync();
        await File.WriteAllTextAsync(Path.Combine(Consumer, "meta.inf"), "garbage");

        var server = await StartAsync();

        Assert.That(
            server.Damage, Has.One.StartsWith($"Consumer c of stream s was not loaded, because nats-server finds '{Consumer}' damaged"));
        Assert.That(Log.Lines, Has.Member(("Httpmq.EmbeddedNats", LogLevel.Error, server.Damage[0])));
    }

    [Test]
    public async Task Start_PositionLost_SaysThatMessagesComeAgain()
    {
        await PrepareAsync();
        await File.WriteAllTextAsync(Path.Combine(Consumer, "o.dat"), "");

        Assert.That((await StartAsync()).Damage, Has.One.StartsWith("Consumer c of stream s has forgotten its position"));
    }

    [Test]
    public async Task Start_FileInPlaceOfTheStreams_NamesIt()
    {
        var account = Path.Combine(Folder, "jetstream", "$G");
        Directory.CreateDirectory(Path.GetDirectoryName(account)!);
        await File.WriteAllTextAsync(account, "");

        Assert.That((await StartAsync()).Damage, Has.One.StartsWith($"'{account}' is a file"));
    }

    private async Task PrepareAsync()
    {
        var server = await StartAsync();
        await using (var connection = Connect(server))
        {
            var jetStream = new NatsJSContext(connection);
            await jetStream.CreateStreamAsync(new StreamConfig("s", ["s"]));
            await jetStream.CreateOrUpdateConsumerAsync("s", new ConsumerConfig("c"));
        }

        await server.StopAsync(CancellationToken.None);
    }
}
