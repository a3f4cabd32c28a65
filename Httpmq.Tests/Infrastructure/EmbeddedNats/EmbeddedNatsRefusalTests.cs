using System.Runtime.Versioning;
using Httpmq.Infrastructure.EmbeddedNats;
using Httpmq.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NUnit.Framework;

namespace Httpmq.Tests.Infrastructure.EmbeddedNats;

/// <summary>What a person at the terminal is told when it cannot start.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class EmbeddedNatsRefusalTests : EmbeddedNatsFixture
{
    [Test]
    public async Task Start_FolderOfARunningInstance_NamesTheFolder()
    {
        var first = await StartAsync();

        Assert.That(RefusalOf(Create()), Does.Contain(Folder).And.Contain("in use by another instance"));
        Assert.That(first.State, Is.EqualTo(EmbeddedNatsState.Running));
    }

    [Test]
    public async Task Start_PortTaken_NamesThePort()
    {
        var first = await StartAsync();

        var second = Create(options => options with { DataFolder = Path.Combine(Folder, "other"), Port = PortOf(first) });

        Assert.That(RefusalOf(second), Does.Contain($"Port {PortOf(first)}").And.Contain("in use"));
    }

    [Test]
    public async Task Start_RefusedOnce_FreesTheFolder()
    {
        var first = await StartAsync(options => options with { DataFolder = Path.Combine(Folder, "other") });
        _ = RefusalOf(Create(options => options with { Port = PortOf(first) }));

        Assert.That((await StartAsync()).State, Is.EqualTo(EmbeddedNatsState.Running));
    }

    [TestCase("no-such-nats-server")]
    [TestCase("/nowhere/nats-server")]
    public void Start_NoBinary_SaysHowToInstall(string executable)
    {
        var message = RefusalOf(Create(options => options with { Executable = executable }));

        Assert.That(message, Does.Contain(executable).And.Contain("apt-get install nats-server")
            .And.Contain("brew install nats-server").And.Contain("nats.server_uri"));
    }

    [Test]
    public async Task Start_SyncAlways_StartsOrSaysWhichVersionIsNeeded()
    {
        var server = Create(options => options with { Sync = EmbeddedNatsSync.Always });
        if (ServerUnderTest.Facts.CanSyncAlways)
        {
            await server.StartAsync(CancellationToken.None);
            Assert.That(server.State, Is.EqualTo(EmbeddedNatsState.Running));
            return;
        }

        Assert.That(RefusalOf(server), Does.Contain("embedded_nats.sync: 'always' needs nats-server 2.10 or newer").And.Contain(
            $"is {ServerUnderTest.Facts.Version}"));
        Assert.That(server.ProcessId, Is.Null);
    }

    [Test]
    public async Task Start_FileInTheWayOfTheFolder_NamesTheFolder()
    {
        var folder = Path.Combine(Folder, "file");
        await File.WriteAllTextAsync(folder, "");

        Assert.That(RefusalOf(Create(options => options with { DataFolder = folder })),
            Does.Contain(folder).And.Contain("cannot be created or written"));
    }

    [Test]
    public async Task Start_ServerEndsAtOnce_QuotesItsLastWords()
    {
        await File.WriteAllTextAsync(Path.Combine(Folder, "jetstream"), "not a folder");

        Assert.That(RefusalOf(Create()), Does.Contain("ended while starting").And.Contain("Can't start JetStream"));
    }

    [Test]
    [UnsupportedOSPlatform("windows")]
    public async Task Start_ServerSaysNothing_GivesUpAfterTheTimeout()
    {
        var mute = Path.Combine(Folder, "mute");
        await File.WriteAllTextAsync(mute, "#!/bin/sh\nexec sleep 60\n");
        File.SetUnixFileMode(mute, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        var server = Create(options => options with { Executable = mute, StartTimeout = TimeSpan.FromMilliseconds(300) });

        Assert.That(RefusalOf(server), Does.Contain("said nothing for 0.3 s"));
        Assert.That(server.ProcessId, Is.Null);
    }

    [TestCase(-1)]
    [TestCase(65536)]
    public void Start_PortOutOfRange_SaysSo(int port) =>
        Assert.That(RefusalOf(Create(options => options with { Port = port })), Does.Contain("0 to 65535"));

    [Test]
    public async Task Host_ServerCannotStart_FailsWithTheReason()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddEmbeddedNats(new EmbeddedNatsOptions { DataFolder = Folder, Executable = "no-such-nats-server" });
        using var host = builder.Build();

        var started = Assert.ThrowsAsync<EmbeddedNatsException>(() => host.StartAsync());

        Assert.That(started!.Message, Does.Contain("no-such-nats-server"));
        await host.StopAsync();
    }

    [Test]
    public async Task Host_OtherServices_StartAfterItAndStopBeforeIt()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddHostedService<Witness>();
        builder.Services.AddEmbeddedNats(new EmbeddedNatsOptions { DataFolder = Folder, Port = 0 });
        using var host = builder.Build();

        await host.StartAsync();
        await host.StopAsync();

        var witness = host.Services.GetServices<IHostedService>().OfType<Witness>().Single();
        Assert.That(witness.Seen, Is.EqualTo(new[] { EmbeddedNatsState.Running, EmbeddedNatsState.Running }));
        Assert.That(host.Services.GetRequiredService<EmbeddedNatsServer>().State, Is.EqualTo(EmbeddedNatsState.Stopped));
    }

    private sealed class Witness(EmbeddedNatsServer server) : IHostedService
    {
        public List<EmbeddedNatsState> Seen { get; } = [];

        public Task StartAsync(CancellationToken cancellationToken) => Note();

        public Task StopAsync(CancellationToken cancellationToken) => Note();

        private Task Note()
        {
            Seen.Add(server.State);
            return Task.CompletedTask;
        }
    }
}
