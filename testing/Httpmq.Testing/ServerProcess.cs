using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Httpmq.Testing;

/// <summary>A server did not start, or not go on; the message says what it printed.</summary>
internal sealed class ServerFailedException(string message) : Exception(message);

/// <summary>Is told what happens to servers.</summary>
internal interface IServerWatcher
{
    void Said(string name, string line);

    /// <summary>It serves, for the first time or again.</summary>
    void Serves(string name, string? version);

    /// <summary>It has ended, because it was told to or by itself. After kill -9 nobody is told.</summary>
    void Ended(string name, int code, bool told);
}

/// <summary>A program that is started, killed, paused and started again on the same ports and files.</summary>
internal abstract partial class ServerProcess(string name, IServerWatcher? watcher) : IAsyncDisposable
{
    private const int MostKept = 4 * 1024 * 1024;
    private const int SigInt = 2;
    private const int SigUsr2 = 12;
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan OutputLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan PauseLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    /// <summary>nats-server wants at least 30 s to let its clients go; with few of them it is done sooner.</summary>
    private static readonly TimeSpan LameDuckLimit = TimeSpan.FromSeconds(45);

    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private Process? _process;
    private bool _ending;

    public string Name => name;

    public bool IsRunning => _process is { HasExited: false };

    public bool HasExited => _process is { HasExited: true };

    /// <summary>What it printed since its start.</summary>
    public string Output => Read(_output);

    public string Errors => Read(_errors);

    /// <summary>What it may exit with when it is told to stop.</summary>
    protected virtual int[] StopCodes => [0];

    public void Start()
    {
        var start = Describe();
        start.UseShellExecute = false;
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _output.Clear();
        _errors.Clear();
        process.OutputDataReceived += (_, line) => Keep(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(_errors, line.Data);
        process.Exited += (_, _) => OnExited(process);
        _ending = false;
        SignalDisposition.StartUnignored(process, SigInt);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
    }

    /// <summary>Starts it, also again after <see cref="KillAsync"/>, and waits until it serves.</summary>
    public async Task StartAgainAsync()
    {
        Start();
        using var limit = new CancellationTokenSource(StartLimit);
        try
        {
            await WaitUntilServingAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new ServerFailedException($"{name} did not serve within {StartLimit}: {Output}{Errors}");
        }
    }

    /// <summary>Waits until it serves.</summary>
    public async Task WaitUntilServingAsync(CancellationToken cancellationToken)
    {
        string? version = null;
        await Poll.UntilAsync(
            async () =>
            {
                if (HasExited)
                {
                    throw new ServerFailedException($"{name} ended instead of serving: {Output}{Errors}");
                }

                (var serves, version) = await AskAsync(cancellationToken);
                return serves;
            },
            cancellationToken);
        watcher?.Serves(name, version);
    }

    /// <summary>Waits until it has printed this, or has ended.</summary>
    public async Task WaitForOutputAsync(string text)
    {
        using var limit = new CancellationTokenSource(OutputLimit);
        try
        {
            await Poll.UntilAsync(() => Task.FromResult(HasExited || Output.Contains(text, StringComparison.Ordinal)), limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new ServerFailedException($"{name} never printed '{text}': {Output}{Errors}");
        }
    }

    /// <summary>Waits until it ends, and has said its last word; the exit code.</summary>
    public async Task<int> WaitForExitAsync()
    {
        await Running.WaitForExitAsync().WaitAsync(OutputLimit);
        return Running.ExitCode;
    }

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

    /// <summary>Asks it to stop, as a supervisor does, and waits for nothing.</summary>
    public void Terminate() => Tell(SigTerm);

    /// <summary>Asks it to stop, as Ctrl-C does, and waits for nothing.</summary>
    public void Interrupt() => Tell(SigInt);

    /// <summary>Begins what <see cref="RetireAsync"/> does, and waits for nothing.</summary>
    public void EnterLameDuckMode() => Tell(SigUsr2);

    /// <summary>Stops it where it is: connections stay open, and nothing answers.</summary>
    public void Pause()
    {
        Signal(SigStop);
        if (_process is { HasExited: false } process)
        {
            // Threads go on for a moment after the signal.
            SpinWait.SpinUntil(() => Directory.EnumerateDirectories($"/proc/{process.Id}/task").All(IsStopped), PauseLimit);
        }
    }

    /// <summary>Lets it go on after <see cref="Pause"/>.</summary>
    public void Resume() => Signal(SigCont);

    /// <summary>Processor time used so far, in user and system mode.</summary>
    public TimeSpan ProcessorTime()
    {
        Running.Refresh();
        return Running.TotalProcessorTime;
    }

    /// <summary>Open files, sockets among them.</summary>
    public int Handles() => Directory.EnumerateFileSystemEntries($"/proc/{Running.Id}/fd").Count();

    public long WorkingSet()
    {
        Running.Refresh();
        return Running.WorkingSet64;
    }

    public virtual async ValueTask DisposeAsync()
    {
        await KillAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract ProcessStartInfo Describe();

    /// <summary>Whether it serves, and which version it is, where it says so.</summary>
    protected abstract Task<(bool Serves, string? Version)> AskAsync(CancellationToken cancellationToken);

    private Process Running => _process ?? throw new InvalidOperationException($"{name} does not run");

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);

    private void Tell(int signal)
    {
        _ending = true;
        Signal(signal);
    }

    private async Task EndAsync(int signal, TimeSpan timeLimit)
    {
        if (_process is not { } process)
        {
            return;
        }

        Tell(signal);
        using var limit = new CancellationTokenSource(timeLimit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            watcher?.Ended(name, StopCodes.Contains(process.ExitCode) ? 0 : process.ExitCode, told: true);
            process.Dispose();
            _process = null;
        }
        catch (OperationCanceledException)
        {
            watcher?.Ended($"{name} (killed after {timeLimit.TotalSeconds} s)", -1, told: true);
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

    private static bool IsStopped(string task)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(task, "stat"));
            return stat[stat.LastIndexOf(')') + 2] is 'T';
        }
        catch (IOException)
        {
            // It has ended.
            return true;
        }
    }

    private void OnExited(Process process)
    {
        if (!_ending)
        {
            watcher?.Ended(name, process.ExitCode, told: false);
        }
    }

    private void Keep(StringBuilder text, string? line)
    {
        if (line is null)
        {
            return;
        }

        watcher?.Said(name, line);
        lock (text)
        {
            // Whoever talks for hours is remembered with the latest.
            if (text.Length > MostKept)
            {
                text.Remove(0, MostKept / 2);
            }

            text.AppendLine(line);
        }
    }

    private static string Read(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}
