using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Httpmq.Tests.Support;

/// <summary>A real nats-server, normally with JetStream, on a free loopback port, with a store of its own.</summary>
internal sealed class NatsServerProcess : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("httpmq-nats-").FullName;
    private readonly string[] _arguments;
    private Process? _process;

    private NatsServerProcess(int port, string[] arguments) => (Port, _arguments) = (port, arguments);

    public int Port { get; }

    public string Url => $"nats://127.0.0.1:{Port}";

    public static Task<NatsServerProcess> StartAsync(params string[] arguments) => StartAsync(jetStream: true, arguments);

    /// <summary>One on which JetStream's subjects are subjects like any other.</summary>
    public static Task<NatsServerProcess> StartWithoutJetStreamAsync() => StartAsync(jetStream: false);

    private static async Task<NatsServerProcess> StartAsync(bool jetStream, params string[] arguments)
    {
        var server = new NatsServerProcess(FreePort(), jetStream ? ["-js", .. arguments] : arguments);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>A port that was free a moment ago, and that no outgoing connection takes meanwhile.</summary>
    public static int FreePort() => Httpmq.Chaos.Servers.Ports.Free();

    /// <summary>Starts it on the same port and store, after <see cref="KillAsync"/>.</summary>
    public async Task StartAgainAsync()
    {
        ServerUnderTest.RequireCategory();
        var start = new ProcessStartInfo(ServerUnderTest.Executable) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        string[] arguments = ["-a", "127.0.0.1", "-p", Port.ToString(System.Globalization.CultureInfo.InvariantCulture), "-sd", _folder, .. _arguments];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        _process.ErrorDataReceived += static (_, _) => { };
        _process.OutputDataReceived += static (_, _) => { };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        await Eventually.HoldsAsync(IsListeningAsync, $"nats-server listening on {Port}");
    }

    /// <summary>Kills it without warning, as a crash would.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Stops it where it is: connections stay open, and nothing answers.</summary>
    public Task FreezeAsync() => SignalAsync("-STOP");

    /// <summary>Lets it go on after <see cref="FreezeAsync"/>.</summary>
    public Task ThawAsync() => SignalAsync("-CONT");

    /// <summary>Asks it to leave: it takes no more connections, and closes those that it has one after the other, 10 s later.</summary>
    public Task EnterLameDuckModeAsync() => SignalAsync("-USR2");

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await KillAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, _process!.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.That(kill.ExitCode, Is.Zero);
    }

    private async Task<bool> IsListeningAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port);
            using var reader = new StreamReader(client.GetStream());
            return (await reader.ReadLineAsync())?.StartsWith("INFO ", StringComparison.Ordinal) is true;
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return false;
        }
    }
}
