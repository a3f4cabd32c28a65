using System.Diagnostics;
using System.Runtime.InteropServices;
using Httpmq.Checker;

namespace Httpmq.Chaos.Servers;

/// <summary>A server that is started, killed, paused and started again on the same ports and files. Its output goes to a file.</summary>
internal abstract partial class ServerProcess(string name, string folder, RunClock clock, JournalWriter journal) : IAsyncDisposable
{
    private const int SigUsr2 = 12;
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    /// <summary>nats-server wants at least 30 s to let its clients go; with few of them it is done sooner.</summary>
    private static readonly TimeSpan LameDuckLimit = TimeSpan.FromSeconds(45);

    private readonly StreamWriter _log = new(Path.Combine(folder, $"{name}.log")) { AutoFlush = true };
    private readonly Lock _gate = new();
    private Process? _process;
    private bool _ending;

    public string Name => name;

    public bool IsRunning => _process is { HasExited: false };

    protected string Folder => folder;

    protected RunClock Clock => clock;

    protected JournalWriter Journal => journal;

    /// <summary>What it may exit with when it is told to stop.</summary>
    protected virtual int[] StopCodes => [0];

    public void Start()
    {
        var start = Describe();
        start.UseShellExecute = false;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += Log;
        process.ErrorDataReceived += Log;
        process.Exited += (_, _) => OnExited(process);
        _ending = false;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
    }

    /// <summary>Waits until it serves, or throws.</summary>
    public abstract Task WaitUntilServingAsync(CancellationToken cancellationToken);

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            _ending = true;
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
            _process = null;
        }
    }

    /// <summary>Asks it to stop, and kills it when it does not.</summary>
    public Task StopAsync() => EndAsync(SigTerm, StopLimit);

    /// <summary>Lame duck, nats-server's way to stop: it takes no new clients, asks those that it has to go elsewhere, and ends.</summary>
    public Task RetireAsync() => EndAsync(SigUsr2, LameDuckLimit);

    public void Pause() => Signal(SigStop);

    public void Resume() => Signal(SigCont);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await _log.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract ProcessStartInfo Describe();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);

    private async Task EndAsync(int signal, TimeSpan patience)
    {
        if (_process is not { } process)
        {
            return;
        }

        _ending = true;
        Signal(signal);
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            journal.Write(new ExitEntry(clock.Now, name, StopCodes.Contains(process.ExitCode) ? 0 : process.ExitCode, Told: true));
            process.Dispose();
            _process = null;
        }
        catch (OperationCanceledException)
        {
            journal.Write(new ExitEntry(clock.Now, $"{name} (killed after {patience.TotalSeconds} s)", -1, Told: true));
            await KillAsync();
        }
    }

    private void Signal(int signal)
    {
        if (_process is { HasExited: false } process && SendSignal(process.Id, signal) != 0)
        {
            throw new InvalidOperationException($"cannot send signal {signal} to {name}: error {Marshal.GetLastPInvokeError()}");
        }
    }

    private void OnExited(Process process)
    {
        if (!_ending)
        {
            journal.Write(new ExitEntry(clock.Now, name, process.ExitCode, Told: false));
        }
    }

    private void Log(object sender, DataReceivedEventArgs args)
    {
        lock (_gate)
        {
            if (args.Data is not null && _log.BaseStream is { CanWrite: true })
            {
                _log.WriteLine(args.Data);
            }
        }
    }
}
