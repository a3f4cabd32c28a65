using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Infrastructure.EmbeddedNats;

/// <summary>The start of the process, seen by whoever waits for it: it can be stopped, and what it refuses is explained.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[UnsupportedOSPlatform("windows")]
[Category(ServerUnderTest.Category)]
internal sealed class EmbeddedStartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("httpmq-start-").FullName;

    private string PidFile => Path.Combine(_folder, "pid");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [TestCase("TERM", false)]
    [TestCase("INT", false)]
    [TestCase("TERM", true)]
    public async Task Signal_WhileTheStoreIsRestored_EndsBothProcessesWithZero(string signal, bool deaf)
    {
        var script = $"""
            echo "[1] 2026/11/24 12:00:00.000000 [INF] Starting restore for stream '\$G > big'"
            {(deaf ? "trap '' TERM" : "")}
            echo $$ > '{PidFile}.new'; mv '{PidFile}.new' '{PidFile}'
            exec sleep 600
            """;
        await using var child = Start(Program(script));
        await Eventually.HoldsAsync(() => File.Exists(PidFile), "the server restores", TimeSpan.FromSeconds(30));

        if (signal is "INT")
        {
            child.Interrupt();
        }
        else
        {
            child.Terminate();
        }

        Assert.That(await child.WaitForExitAsync(), Is.Zero, child.Errors);
        Assert.That(IsRunning(int.Parse(await File.ReadAllTextAsync(PidFile), CultureInfo.InvariantCulture)), Is.False);
    }

    [Test]
    public async Task Start_PortTaken_NamesTheKey()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        Assert.That(await RefusalAsync(ServerUnderTest.Executable, port), Is.EqualTo(
            $"httpmq: embedded_nats.port: Port {port} on 127.0.0.1 is in use by another program. Stop that program, or "
            + "set embedded_nats.port "
            + "(environment: Httpmq__EmbeddedNats__Port) to a free one."));
    }

    [Test]
    public async Task Start_ProgramThatPrintsNothing_NamesTheProgram()
    {
        var program = Program("exit 3");

        Assert.That(
            await RefusalAsync(program), Is.EqualTo($"httpmq: '{program}' ended while starting with exit code 3 and printed nothing"));
    }

    [Test]
    public async Task Start_FileThatIsNotExecutable_SaysSo()
    {
        var file = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(file, "");

        Assert.That(await RefusalAsync(file), Is.EqualTo(
            $"httpmq: embedded_nats.executable: '{file}' is not executable. Run 'chmod +x' on it, or name another nats-server."));
    }

    [Test]
    public async Task Start_FolderInsteadOfAProgram_SaysSo() => Assert.That(
        await RefusalAsync(_folder),
        Does.Contain($"embedded_nats.executable: '{_folder}' is a folder. Name the program in it, such as '{_folder}/nats-server'."));

    /// <summary>Not .NET's own words with a second full stop.</summary>
    [Test]
    public async Task Start_FolderThatTheSystemRefuses_ReadsAsOneSentence()
    {
        var text = await RefusalAsync(ServerUnderTest.Executable, folder: "/proc/httpmq");

        Assert.That(text, Is.EqualTo(
            "httpmq: The data folder '/proc/httpmq' cannot be created or written (No such file or directory). "
            + "Make it writable, or choose another one with --data-folder or embedded_nats.data_folder."));
    }

    [Test]
    public async Task Start_ProgramOfAnotherKind_ReadsAsOneSentence()
    {
        var file = Path.Combine(_folder, "no-program");
        await File.WriteAllBytesAsync(file, [0x7f, (byte)'E', (byte)'L', (byte)'F', 1, 2, 3]);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        Assert.That(await RefusalAsync(file), Does.StartWith("httpmq: ").And.Contain(file).And.Not.Contain("..").And.Not.Contain(".)"));
    }

    private async Task<string> RefusalAsync(string executable, int? port = null, string? folder = null)
    {
        await using var child = Start(executable, port, folder);
        Assert.That(await child.WaitForExitAsync(), Is.EqualTo(1));
        await Eventually.HoldsAsync(() => child.Errors.Contains("httpmq: ", StringComparison.Ordinal), child.Errors);
        return child.Errors.Split('\n').First(line => line.StartsWith("httpmq: ", StringComparison.Ordinal)).Trim();
    }

    private GatewayProcess Start(string executable, int? port = null, string? folder = null) => HttpmqChild.StartAll(
        folder ?? Path.Combine(_folder, "data"), Ports.Free(), Ports.Free(), port ?? Ports.Free(),
        [new("Httpmq__EmbeddedNats__Executable", executable)]);

    /// <summary>A program that answers --version as nats-server does, and otherwise does what the script says.</summary>
    private string Program(string script)
    {
        var file = Path.Combine(_folder, "nats-server");
        File.WriteAllText(file, $"#!/bin/sh\n[ \"$1\" = --version ] && echo 'nats-server: v2.15.1' && exit 0\n{script}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return file;
    }

    private static bool IsRunning(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
