using System.Diagnostics;
using System.Net;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Infrastructure.EmbeddedNats;

/// <summary>The embedded server and its store are broken under the gateway's feet, and mended.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Category(ServerUnderTest.Category)]
internal sealed class EmbeddedFailureTests
{
    /// <summary>2 s are promised; the rest is for a machine that does other things as well.</summary>
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(5);

    private readonly string _folder = Directory.CreateTempSubdirectory("httpmq-fault-").FullName;
    private EmbeddedGateway _gateway = null!;
    private bool _mounted;

    /// <summary>
    /// What a publish gets that finds no room. From 2.14 on nats-server does not answer it, nor any other to that stream, until it is
    /// started anew; earlier ones say so (2.9 once it was started anew, because it hangs).
    /// </summary>
    private static (HttpStatusCode Status, string Text) Unwritable => ServerUnderTest.Facts.KeepsStreamsStuck
        ? (HttpStatusCode.GatewayTimeout, $"stream {EmbeddedGateway.Stream} takes no message until nats-server is restarted")
        : (HttpStatusCode.InsufficientStorage, "");

    [SetUp]
    public void MakeGateway() => _gateway = new EmbeddedGateway(_folder);

    [TearDown]
    public async Task MendAndRemove()
    {
        await _gateway.DisposeAsync();
        if (_mounted)
        {
            await BrokenFolder.UnmountAsync(_folder);
        }

        await BrokenFolder.ThawAsync(_folder);
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task Publishing_ServerKilledAgainAndAgain_LosesNothing()
    {
        await _gateway.StartAsync();
        await _gateway.DefineAsync();
        for (var killed = 0; killed < 3; killed++)
        {
            var victim = _gateway.NatsProcessId;
            using var ending = new CancellationTokenSource();
            var publishers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                while (!ending.IsCancellationRequested)
                {
                    await _gateway.PublishAsync();
                }
            })).ToArray();
            await _gateway.PublishUntilAsync(HttpStatusCode.OK);
            using (var process = Process.GetProcessById(victim))
            {
                process.Kill();
            }

            await Eventually.HoldsAsync(() => _gateway.NatsProcessId != victim, "another nats-server");
            await _gateway.PublishUntilAsync(HttpStatusCode.OK);
            await ending.CancelAsync();
            await Task.WhenAll(publishers);
        }

        await _gateway.NothingIsLostAsync();
    }

    [Test]
    public async Task StoreReadOnly_ReadyAndPublishesSaySo_AndItRecoversByItself()
    {
        await _gateway.StartAsync();
        await _gateway.DefineAsync();
        await _gateway.PublishUntilAsync(HttpStatusCode.OK);
        var before = _gateway.NatsProcessId;
        if (!await BrokenFolder.FreezeAsync(_gateway.Store))
        {
            Assert.Ignore("this file system has no way to refuse writing");
        }

        await _gateway.ReadyBecomesAsync(HttpStatusCode.ServiceUnavailable, $"store '{_gateway.Store}' cannot be written", Promised);
        Assert.That((await _gateway.DataAsync(HttpMethod.Get, "/v1/data/alive")).Status, Is.EqualTo(HttpStatusCode.OK));
        if (Environment.IsPrivilegedProcess)
        {
            // Permissions are asked for when a file is opened, and the open block goes on being written. Newer servers shut JetStream
            // down when they find that out, and do not start while it lasts.
            await (ServerUnderTest.Facts.StopsWhenNotPermitted
                ? _gateway.PublishUntilAsync(HttpStatusCode.ServiceUnavailable, "not writable")
                : _gateway.PublishUntilAsync(HttpStatusCode.InsufficientStorage, "cannot be written"));
        }

        await BrokenFolder.ThawAsync(_gateway.Store);
        // A server that could not be started is tried again every 5 s.
        await _gateway.ReadyBecomesAsync(
            HttpStatusCode.OK, timeLimit: ServerUnderTest.Facts.StopsWhenNotPermitted ? Promised * 3 : Promised);

        // What it kept in memory meanwhile is written by ending in order.
        await Eventually.HoldsAsync(() => _gateway.NatsProcessId != before, "nats-server started anew");
        await _gateway.PublishUntilAsync(HttpStatusCode.OK);
        await _gateway.NothingIsLostAsync();
    }

    [Test]
    public async Task DiskFull_SaysSoServesManagement_AndRecoversByItself()
    {
        _mounted = await BrokenFolder.MountAsync(_folder);
        if (!_mounted)
        {
            Assert.Ignore("mounting a small disk is not allowed here");
        }

        await _gateway.StartAsync();
        await _gateway.DefineAsync();
        await _gateway.DefineAsync("unneeded");
        await _gateway.PublishUntilAsync(HttpStatusCode.OK);
        var filler = Path.Combine(_folder, "filler");
        Fill(filler);

        // nats-server 2.9 hangs from the first write on that finds no room, until it is started anew.
        await _gateway.PublishUntilAsync(Unwritable.Status, Unwritable.Text);
        await _gateway.ReadyBecomesAsync(HttpStatusCode.ServiceUnavailable, "cannot be written (No space left on device)");
        Assert.That((await _gateway.ManageAsync(HttpMethod.Delete, "/v1/admin/stream/unneeded")).Status, Is.EqualTo(HttpStatusCode.OK));

        var full = _gateway.NatsProcessId;
        File.Delete(filler);
        await _gateway.ReadyBecomesAsync(HttpStatusCode.OK, timeLimit: Promised);
        await Eventually.HoldsAsync(() => _gateway.NatsProcessId != full, "nats-server started anew, with a higher limit");
        await _gateway.PublishUntilAsync(HttpStatusCode.OK);
        await _gateway.NothingIsLostAsync();
    }

    /// <summary>Room for what ready writes, but not for the message: nothing but the message's own fate tells.</summary>
    [Test]
    public async Task NoRoomForOneMessage_StuckStreamIsToldAndMendedOnceThereIsRoom()
    {
        _mounted = await BrokenFolder.MountAsync(_folder);
        if (!_mounted)
        {
            Assert.Ignore("mounting a small disk is not allowed here");
        }

        await _gateway.StartAsync();
        await _gateway.DefineAsync();
        await _gateway.DefineAsync("other");
        await _gateway.PublishUntilAsync(HttpStatusCode.OK);
        var before = _gateway.NatsProcessId;
        var filler = Path.Combine(_folder, "filler");
        Fill(filler, leave: 128 * 1024);

        if (!ServerUnderTest.Facts.KeepsStreamsStuck)
        {
            // 507, or no answer from 2.9, which hangs and is restarted.
            Assert.That((await _gateway.PublishAsync(300_000)).Status, Is.Not.EqualTo(HttpStatusCode.OK));
            File.Delete(filler);
            await _gateway.PublishUntilAsync(HttpStatusCode.OK, size: 300_000);
            await _gateway.NothingIsLostAsync();
            return;
        }

        await _gateway.PublishUntilAsync(Unwritable.Status, Unwritable.Text, size: 300_000);
        await _gateway.ReadyBecomesAsync(
            HttpStatusCode.ServiceUnavailable,
            "stream kept takes no message until nats-server is restarted, because writing it failed", Promised);
        Assert.That((await _gateway.PublishToAsync("other", "small")).Status, Is.EqualTo(HttpStatusCode.OK));

        // Noticed, and left alone, because a restart would not help.
        await Eventually.HoldsAsync(
            () => _gateway.Log.Contains("It is restarted once there is room", StringComparison.Ordinal), "a line in the log");
        Assert.That(_gateway.NatsProcessId, Is.EqualTo(before), _gateway.Log);

        File.Delete(filler);
        await _gateway.ReadyBecomesAsync(HttpStatusCode.OK);
        await _gateway.PublishUntilAsync(HttpStatusCode.OK, size: 300_000);
        Assert.That(_gateway.NatsProcessId, Is.Not.EqualTo(before));
        await _gateway.NothingIsLostAsync();
    }

    /// <summary>Only nats-server's monitoring knows that nothing is stuck any more.</summary>
    [Test]
    public async Task StuckStreamDeleted_ReadyAgainWithoutARestart()
    {
        _mounted = await BrokenFolder.MountAsync(_folder);
        if (!_mounted)
        {
            Assert.Ignore("mounting a small disk is not allowed here");
        }

        await _gateway.StartAsync();
        await _gateway.DefineAsync();
        await _gateway.PublishUntilAsync(HttpStatusCode.OK);
        var before = _gateway.NatsProcessId;
        Fill(Path.Combine(_folder, "filler"), leave: 128 * 1024);
        Assert.That((await _gateway.PublishAsync(300_000)).Status, Is.Not.EqualTo(HttpStatusCode.OK));
        if (ServerUnderTest.Facts.KeepsStreamsStuck)
        {
            await _gateway.ReadyBecomesAsync(HttpStatusCode.ServiceUnavailable, "stream kept takes no message");
        }
        else if (!ServerUnderTest.Facts.ReadsNewerBlocks)
        {
            // 2.9 hangs until it is restarted, which takes 18 s to notice.
            await Eventually.HoldsAsync(() => _gateway.NatsProcessId != before, "nats-server started anew", TimeSpan.FromSeconds(40));
            before = _gateway.NatsProcessId;
            await _gateway.ReadyBecomesAsync(HttpStatusCode.OK);
        }

        Assert.That((await _gateway.ManageAsync(HttpMethod.Delete, $"/v1/admin/stream/{EmbeddedGateway.Stream}")).Status, Is.EqualTo(
            HttpStatusCode.OK));
        await _gateway.ReadyBecomesAsync(HttpStatusCode.OK);
        Assert.That(_gateway.NatsProcessId, Is.EqualTo(before), _gateway.Log);
    }

    [Test]
    public async Task StoreTakenAway_NothingIsBegunAnew_UntilItIsBack()
    {
        await _gateway.StartAsync();
        await _gateway.DefineAsync();
        await _gateway.PublishUntilAsync(HttpStatusCode.OK);
        Directory.Move(_gateway.Store, _gateway.Store + ".away");

        await _gateway.ReadyBecomesAsync(HttpStatusCode.ServiceUnavailable, "is not there any more", Promised);
        await _gateway.PublishUntilAsync(HttpStatusCode.ServiceUnavailable, "Put it back and it is used again");
        Assert.That(Directory.Exists(_gateway.Store), Is.False);

        Directory.Move(_gateway.Store + ".away", _gateway.Store);
        await _gateway.ReadyBecomesAsync(HttpStatusCode.OK);
        await _gateway.NothingIsLostAsync();
    }

    [TestCase("meta.inf")]
    [TestCase("meta.sum")]
    public async Task StreamDamaged_StartNamesIt_AndTheBackupBringsItBack(string file)
    {
        await _gateway.StartAsync();
        await _gateway.DefineAsync();
        await _gateway.PublishUntilAsync(HttpStatusCode.OK);
        await _gateway.StopAsync();
        var stream = Path.Combine(_gateway.Store, "$G", "streams", EmbeddedGateway.Stream);
        var original = await File.ReadAllBytesAsync(Path.Combine(stream, file));
        await File.WriteAllTextAsync(Path.Combine(stream, file), "garbage");

        await _gateway.StartAsync();
        await _gateway.Child.WaitForOutputAsync("DAMAGE");
        Assert.That(_gateway.Child.Output, Does.Contain($"Stream kept was not loaded, because nats-server finds '{stream}' damaged"));
        await _gateway.StopAsync();
        Assert.That(
            await File.ReadAllTextAsync(Path.Combine(stream, file)), Is.EqualTo("garbage"), "Nothing is mended behind the owner's back.");

        await File.WriteAllBytesAsync(Path.Combine(stream, file), original);
        await _gateway.StartAsync();
        await _gateway.NothingIsLostAsync();
        Assert.That(_gateway.Child.Output, Does.Not.Contain("DAMAGE"));
    }

    private static void Fill(string file, int leave = 0)
    {
        using var stream = File.Create(file);
        var block = new byte[4096];
        try
        {
            while (true)
            {
                stream.Write(block);
                stream.Flush();
            }
        }
        catch (IOException)
        {
            stream.SetLength(Math.Max(0, stream.Length - leave));
        }
    }
}
