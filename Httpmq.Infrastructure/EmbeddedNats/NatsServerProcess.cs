using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>One run of nats-server, from its launch to its end.</summary>
internal sealed partial class NatsServerProcess : IAsyncDisposable
{
    private const int LastLinesKept = 5;
    private const int Terminate = 15; // SIGTERM has this number on every system that runs .NET.

    private readonly Process _process;
    private readonly string _executable;
    private readonly ILogger _serverLog;
    private readonly TimeProvider _time;
    private readonly Queue<string> _lastLines = new();
    private readonly Task _output;
    private long _lastLineAt;
    private volatile bool _saidReady;
    private volatile bool _restoring;
    private volatile bool _portInUse;
    private volatile bool _storeFull;
    private volatile bool _jetStreamDown;
    private volatile int _port;
    private volatile int _monitoringPort;
    private volatile string? _stuckStream;

    private NatsServerProcess(Process process, string executable, int port, ILogger serverLog, TimeProvider time)
    {
        _process = process;
        _executable = executable;
        _port = port;
        _serverLog = serverLog;
        _time = time;
        _lastLineAt = time.GetTimestamp();
        ProcessId = process.Id;
        Exited = process.WaitForExitAsync();
        // Always read, whatever becomes of the lines: a full pipe would stop the server.
        _output = Task.WhenAll(ForwardAsync(process.StandardError), ForwardAsync(process.StandardOutput));
    }

    public int ProcessId { get; }

    public int Port => _port;

    public string Version { get; private set; } = "";

    public Task Exited { get; }

    /// <summary>Where it answers requests about itself; 0 when it does not.</summary>
    public int MonitoringPort => _monitoringPort;

    /// <summary>The last line that said that a stream cannot be written any more; null when there was none.</summary>
    public string? StuckStream => _stuckStream;

    /// <summary>The server said that it refuses publishes because its store has reached the limit.</summary>
    public bool IsStoreFull => _storeFull;

    /// <summary>JetStream ended inside the server, which itself may live on.</summary>
    public bool IsJetStreamDown => _jetStreamDown;

    /// <summary>Launches nats-server and returns at once; <see cref="WaitUntilReadyAsync"/> tells what became of it.</summary>
    /// <exception cref="EmbeddedNatsException">Nothing could be launched.</exception>
    public static async Task<NatsServerProcess> LaunchAsync(
        LaunchThread thread, string server, string dataFolder, int port, ILogger serverLog, TimeProvider time)
    {
        var vector = NatsServerCommand.Build(server, dataFolder, port, Environment.ProcessId, NatsServerCommand.FindSetpriv());
        try
        {
            var process = await thread.LaunchAsync(NatsServerCommand.ToStartInfo(vector));
            return new NatsServerProcess(process, server, port, serverLog, time);
        }
        catch (Exception failure) when (failure is System.ComponentModel.Win32Exception or InvalidOperationException or IOException)
        {
            throw EmbeddedNatsException.NotLaunched(vector[0], failure);
        }
    }

    /// <summary>Waits until clients can connect and JetStream is there.</summary>
    /// <param name="silence">The longest time without a log line; it does not count while JetStream restores streams.</param>
    /// <param name="log">Hears once per <paramref name="silence"/> that a restore goes on.</param>
    /// <param name="cancellationToken">Ends the wait, not the server.</param>
    /// <exception cref="EmbeddedNatsException">The server ended, or was silent, or has no JetStream.</exception>
    public async Task WaitUntilReadyAsync(TimeSpan silence, ILogger log, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20), _time);
        while (true)
        {
            if (Exited.IsCompleted)
            {
                throw await DescribeEarlyEndAsync();
            }

            if (_saidReady && await NatsProbe.ReadInfoAsync(_port, silence, cancellationToken) is { } info)
            {
                if (!info.JetStream)
                {
                    throw EmbeddedNatsException.NoJetStream(_executable);
                }

                Version = info.Version;
                return;
            }

            if (_time.GetElapsedTime(Volatile.Read(ref _lastLineAt)) > silence)
            {
                if (!_restoring || _saidReady)
                {
                    throw EmbeddedNatsException.Silent(_executable, silence, LastLines());
                }

                EmbeddedNatsLog.StillRestoring(log);
                Volatile.Write(ref _lastLineAt, _time.GetTimestamp());
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    /// <summary>How it ended, for people; complete once <see cref="Exited"/> is.</summary>
    public string DescribeEnd() =>
        _process.ExitCode > 128
            ? $"nats-server (process {ProcessId}) was killed by signal {_process.ExitCode - 128}."
            : $"nats-server (process {ProcessId}) ended with exit code {_process.ExitCode} and {LastLines()}";

    /// <summary>SIGTERM, upon which JetStream flushes; SIGKILL when that takes too long or the token is cancelled.</summary>
    /// <returns>False when it had to be killed.</returns>
    public async Task<bool> StopAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        if (!Exited.IsCompleted)
        {
            _ = Kill(ProcessId, Terminate);
        }

        try
        {
            await Exited.WaitAsync(limit, _time, cancellationToken);
            return true;
        }
        catch (Exception failure) when (failure is TimeoutException or OperationCanceledException)
        {
            _process.Kill();
            await Exited;
            return false;
        }
    }

    /// <summary>Kills it if it still runs, and frees what it held.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!Exited.IsCompleted)
        {
            _process.Kill();
        }

        await Exited;
        try
        {
            // Where there is a watchdog, this line tells it that there is nothing left to kill.
            await _process.StandardInput.WriteLineAsync();
            await _process.StandardInput.DisposeAsync();
        }
        catch (IOException)
        {
            // No watchdog: nobody holds the other end.
        }

        await _output;
        _process.Dispose();
    }

    private async Task ForwardAsync(StreamReader reader)
    {
        var repeats = new RepeatedLines(_time);
        while (await reader.ReadLineAsync() is { } raw)
        {
            var line = NatsServerLogLine.Parse(raw);
            Volatile.Write(ref _lastLineAt, _time.GetTimestamp());
            Note(line);
            EmbeddedNatsLog.ServerLine(_serverLog, repeats.IsNew(line) ? line.Level : LogLevel.Trace, line.Text);
        }
    }

    private void Note(NatsServerLogLine line)
    {
        lock (_lastLines)
        {
            _lastLines.Enqueue(line.Text);
            if (_lastLines.Count > LastLinesKept)
            {
                _lastLines.Dequeue();
            }

            // Under the lock too: two pipes report here, and none may undo what the other has set.
            _port = line.ListeningPort ?? _port;
            _saidReady |= line.SaysReady;
            _restoring |= line.SaysRestoring;
            _portInUse |= line.SaysPortInUse;
            _storeFull |= line.SaysStoreFull;
            _monitoringPort = line.MonitoringPort ?? _monitoringPort;
            _stuckStream = line.SaysStreamStuck ? line.Text : _stuckStream;
            _jetStreamDown |= line.SaysJetStreamDown;
        }
    }

    private async Task<EmbeddedNatsException> DescribeEarlyEndAsync()
    {
        await _output;
        return _portInUse
            ? EmbeddedNatsException.PortInUse(_port)
            : EmbeddedNatsException.ExitedAtOnce(_executable, _process.ExitCode, LastLines());
    }

    private string LastLines()
    {
        lock (_lastLines)
        {
            return _lastLines.All(static line => line.Length == 0)
                ? "printed nothing"
                : $"printed last: {string.Join(" / ", _lastLines.Where(static line => line.Length > 0))}";
        }
    }

    // Process.Kill only knows SIGKILL.
    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
