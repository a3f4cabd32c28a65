using Httpmq.Infrastructure.EmbeddedNats;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using NUnit.Framework;

namespace Httpmq.Tests.Infrastructure.EmbeddedNats;

[Parallelizable]
[Category(ServerUnderTest.Category)]
internal sealed class EmbeddedNatsServerTests : EmbeddedNatsFixture
{
    [Test]
    public async Task Start_FreshFolder_AnswersWithJetStreamOnLoopback()
    {
        var server = await StartAsync();

        var info = await NatsProbe.ReadInfoAsync(PortOf(server), TimeSpan.FromSeconds(5), CancellationToken.None);
        await using var connection = Connect(server);
        var stranger = await NatsProbe.AskJetStreamAsync(
            PortOf(server), new EmbeddedLogin(), TimeSpan.FromSeconds(5), CancellationToken.None);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(server.State, Is.EqualTo(EmbeddedNatsState.Running));
            Assert.That(server.LastFailure, Is.Null);
            Assert.That(server.ServerUri, Does.StartWith("nats://127.0.0.1:"));
            Assert.That(server.Version, Does.Match(@"^\d+\.\d+\.\d+").And.EqualTo(info?.Version));
            Assert.That(info?.JetStream, Is.True);
            Assert.That((await new NatsJSContext(connection).GetAccountInfoAsync()).Streams, Is.Zero);
            Assert.That(stranger, Is.EqualTo(JetStreamAnswer.Silent), "another key opens nothing");
            Assert.That(Directory.Exists(Path.Combine(Folder, "jetstream")), Is.True);
            Assert.That(Log.Lines, Has.Member(("Httpmq.NatsServer", LogLevel.Debug, "Server is ready")));
        }
    }

    [Test]
    public async Task Stop_Running_LeavesNoProcessAndFreesFolderAndPort()
    {
        var first = await StartAsync();
        var processId = first.ProcessId!.Value;
        var port = PortOf(first);

        await first.StopAsync(CancellationToken.None);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(IsRunning(processId), Is.False);
            Assert.That(first.State, Is.EqualTo(EmbeddedNatsState.Stopped));
            Assert.That(first.ProcessId, Is.Null);
            Assert.That(Log.Lines.Select(line => line.Text), Has.Member("Server Exiting.."), "It was asked, not killed.");
        }

        var second = await StartAsync(options => options with { Port = port });
        Assert.That(second.State, Is.EqualTo(EmbeddedNatsState.Running));
    }

    [Test]
    public async Task Start_FolderOfAnEarlierRun_HasTheStoredMessages()
    {
        var first = await StartAsync();
        await using (var connection = Connect(first))
        {
            var jetStream = new NatsJSContext(connection);
            await jetStream.CreateStreamAsync(new StreamConfig("kept", ["kept.>"]));
            var ack = await jetStream.PublishAsync("kept.a", "hello");
            ack.EnsureSuccess();
        }

        await first.StopAsync(CancellationToken.None);
        var second = await StartAsync();

        await using var again = Connect(second);
        var stream = await new NatsJSContext(again).GetStreamAsync("kept");
        Assert.That(stream.Info.State.Messages, Is.EqualTo(1));
    }

    [Test]
    public async Task Run_ServerKilled_IsRestartedOnTheSamePort()
    {
        var server = await StartAsync();
        var killed = server.ProcessId!.Value;
        var uri = server.ServerUri;

        Kill(killed);
        await Eventually.HoldsAsync(() => server.State == EmbeddedNatsState.Restarting, "the state says that it is down");
        await Eventually.HoldsAsync(() => server.State == EmbeddedNatsState.Running, "it runs again");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(server.ServerUri, Is.EqualTo(uri));
            Assert.That(server.ProcessId, Is.Not.EqualTo(killed));
            Assert.That(server.LastFailure, Is.EqualTo($"nats-server (process {killed}) was killed by signal 9."));
        }
    }

    [Test]
    public async Task Run_StoreBrokenWhileDown_SaysWhyAndRecoversWhenMended()
    {
        var server = await StartAsync();
        var store = Path.Combine(Folder, "jetstream");

        // A file in the way, and not missing permissions, because tests may run as root.
        Directory.Move(store, store + ".away");
        await File.WriteAllTextAsync(store, "not a folder");
        Kill(server.ProcessId!.Value);
        await Eventually.HoldsAsync(
            () => server.LastFailure?.Contains("is not there any more, or is no folder", StringComparison.Ordinal) == true,
            "the reason is told");
        Assert.That(server.State, Is.EqualTo(EmbeddedNatsState.Restarting));

        File.Delete(store);
        Directory.Move(store + ".away", store);
        await Eventually.HoldsAsync(() => server.State == EmbeddedNatsState.Running, "it runs again");
    }

    [Test]
    public async Task Stop_WhileRestarting_EndsAtOnce()
    {
        var server = await StartAsync();
        Directory.Delete(Path.Combine(Folder, "jetstream"), recursive: true);
        await File.WriteAllTextAsync(Path.Combine(Folder, "jetstream"), "not a folder");
        Kill(server.ProcessId!.Value);
        await Eventually.HoldsAsync(() => server.State == EmbeddedNatsState.Restarting, "it is down");

        await server.StopAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(3));

        Assert.That(server.State, Is.EqualTo(EmbeddedNatsState.Stopped));
    }

    /// <summary>The fault is planted where the supervisor says that the server failed, and where it says that it runs again.</summary>
    [TestCase("Restarting in")]
    [TestCase("is ready at")]
    public async Task Run_SupervisorFails_SaysSoAndGoesOn(string line)
    {
        var server = await StartAsync();
        var first = server.ProcessId!.Value;
        Log.FailOnceAt(line);

        Kill(first);
        await Eventually.HoldsAsync(
            () => server.State == EmbeddedNatsState.Running && server.ProcessId is { } now && now != first, "it runs again");
        Assert.That(Log.Lines.Where(logged => logged.Level >= LogLevel.Error).Select(logged => logged.Text), Has.Some.Contains("planted"));

        var second = server.ProcessId!.Value;
        Kill(second);
        await Eventually.HoldsAsync(
            () => server.State == EmbeddedNatsState.Running && server.ProcessId is { } now && now != second, "it is still looked after");
    }

    /// <summary>nats-server takes 1,000 a stream by default from 2.15 on, and has no word for "no limit".</summary>
    [Test]
    public async Task Consumers_MoreThanNatsServersOwnDefault_AreTaken()
    {
        var server = await StartAsync();
        await using var connection = Connect(server);
        await new NatsJSContext(connection).CreateStreamAsync(new StreamConfig("many", ["many"]));

        await Parallel.ForEachAsync(Enumerable.Range(
            1, 1001), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (number, cancellationToken) =>
        {
            var reply = await connection.RequestAsync<string, string>(
                $"$JS.API.CONSUMER.DURABLE.CREATE.many.c{number}",
                "{\"stream_name\":\"many\",\"config\":{\"durable_name\":\"c" + number + "\",\"ack_policy\":\"explicit\"}}",
                cancellationToken: cancellationToken);
            Assert.That(reply.Data, Does.Not.Contain("err_code"), $"consumer {number}");
        });
    }
}
