using System.Diagnostics;
using System.Net;
using Httpmq.Infrastructure.EmbeddedNats;
using Httpmq.Tests.Support;
using NUnit.Framework;

namespace Httpmq.Tests.Infrastructure.EmbeddedNats;

/// <summary>
/// The argument vector under a parent that can be killed: a shell. Both ways in which nats-server learns of its parent's
/// death run here, the one for Linux and the one for systems without setpriv(1).
/// </summary>
[Category(ServerUnderTest.Category)]
internal sealed class ParentDeathTests : EmbeddedNatsFixture
{
    [TestCase(true)]
    [TestCase(false)]
    public async Task ParentKilled_ServerDiesAndLetsGoOfTheFolder(bool deathSignal)
    {
        var setpriv = NatsServerCommand.FindSetpriv();
        Assume.That(!deathSignal || setpriv is not null, "This system has no setpriv.");
        using var parent = StartShell();
        var server = await LaunchUnderAsync(parent, deathSignal ? setpriv : null);

        parent.Kill();

        await Eventually.HoldsAsync(() => !IsRunning(server), "nats-server is gone");
        Assert.That((await StartAsync()).State, Is.EqualTo(EmbeddedNatsState.Running));
    }

    [Test]
    public async Task ParentAlreadyDead_ServerIsNotStarted()
    {
        WriteConfiguration();
        var vector = NatsServerCommand.Build(
            ServerUnderTest.Executable, Folder, 0, parentProcessId: int.MaxValue, NatsServerCommand.FindSetpriv());
        using var process = Process.Start(NatsServerCommand.ToStartInfo(vector))!;

        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(5));

        Assert.That(process.ExitCode, Is.EqualTo(70));
    }

    [Test]
    public async Task InterruptedTerminal_DoesNotReachTheServer()
    {
        var server = await StartAsync();

        // A terminal interrupts the process group in its foreground; this one leads a group and a session of its own.
        var stat = StatOf(server.ProcessId!.Value);
        Assert.That(stat[2], Is.EqualTo(server.ProcessId.ToString()), "process group");
        Assert.That(stat[3], Is.EqualTo(server.ProcessId.ToString()), "session");
    }

    [Test]
    public async Task ThreadThatStartedItEnds_ServerLivesOn()
    {
        var server = Create();
        var starting = Task.CompletedTask;
        var caller = new Thread(() => starting = server.StartAsync(CancellationToken.None));

        // The death signal is tied to the thread that forks, which must not be the caller's.
        caller.Start();
        caller.Join();
        await starting;

        Assert.That(IsRunning(server.ProcessId!.Value), Is.True);
        Assert.That(server.LastFailure, Is.Null);
    }

    [Test]
    public async Task Start_StoreStillHeldByAnOrphan_WaitsForItsEnd()
    {
        using var parent = StartShell();
        var orphan = await LaunchUnderAsync(parent, NatsServerCommand.FindSetpriv());

        var starting = StartAsync();
        Assert.That(starting.IsCompleted, Is.False);
        Kill(orphan);

        Assert.That((await starting).State, Is.EqualTo(EmbeddedNatsState.Running));
        parent.Kill();
    }

    private static Process StartShell() => Process.Start(new ProcessStartInfo("/bin/sh")
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    private async Task<int> LaunchUnderAsync(Process parent, string? setpriv)
    {
        WriteConfiguration();
        var port = Ports.Free();
        var vector = NatsServerCommand.Build(ServerUnderTest.Executable, Folder, port, parent.Id, setpriv);
        var quoted = string.Join(' ', vector.Select(argument => $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
        var pipe = Path.Combine(Folder, "stdin");
        // The shell holds the other end of the server's standard input, as we do.
        await parent.StandardInput.WriteLineAsync($"mkfifo {pipe}; {quoted} <{pipe} 2>/dev/null & exec 7>{pipe}; echo $!; wait");
        await parent.StandardInput.FlushAsync();
        var processId = int.Parse((await parent.StandardOutput.ReadLineAsync())!);
        await Eventually.HoldsAsync(
            async () => await NatsProbe.ReadInfoAsync(port, TimeSpan.FromSeconds(1), CancellationToken.None) is not null,
            "nats-server answers");
        Assert.That(await File.ReadAllTextAsync($"/proc/{processId}/comm"), Is.EqualTo("nats-server\n"), "It is the process itself.");
        return processId;
    }

    private void WriteConfiguration()
    {
        using var folder = DataFolder.Open(Folder, TimeProvider.System);
        folder.WriteConfiguration(
            new NatsServerConfiguration(
                folder.MeasureStoreLimit(), "/monitoring", ServerUnderTest.Facts, EmbeddedNatsSync.Default, new EmbeddedLogin().PublicKey)
                .ToString());
    }
}
