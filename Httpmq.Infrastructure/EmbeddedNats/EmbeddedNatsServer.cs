using Httpmq.Application.Telemetry;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using Microsoft.Extensions.Logging;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>
/// A real nats-server as our child: on loopback, with a JetStream store that survives, restarted when it dies, gone when we
/// are. Used for one start and one stop. Dispose it asynchronously.
/// </summary>
public sealed class EmbeddedNatsServer(EmbeddedNatsOptions options, ILoggerFactory loggers, GatewayMetrics metrics, TimeProvider time)
    : IServerDiagnosis, IAsyncDisposable
{
    // A hung server hears nothing, and everything it acknowledged is with the kernel already.
    private static readonly TimeSpan FailedStopLimit = TimeSpan.FromSeconds(2);

    private readonly ILogger _log = loggers.CreateLogger("Httpmq.EmbeddedNats");
    private readonly ILogger _serverLog = loggers.CreateLogger("Httpmq.NatsServer");
    private readonly CancellationTokenSource _stopping = new();
    private readonly RestartBackoff _backoff = new(time);
    private readonly RestartBackoff _faultBackoff = new(time);
    // What made a write fail may do so again: an interruption for every client, each time.
    private readonly RestartBackoff _stuckBackoff = new(time, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10));
    private readonly EmbeddedLogin _login = new();
    private readonly string _monitoringPath = NatsServerConfiguration.NewMonitoringPath();
    private DataFolder? _folder;
    private LaunchThread? _thread;
    private string? _executable;
    private Task _supervision = Task.CompletedTask;
    private long _storeLimit;
    private ServerFacts _facts = ServerFacts.Unknown;
    private volatile NatsServerProcess? _process;
    private volatile NatsServerWatch? _watch;
    private volatile int _port = options.Port;
    private volatile EmbeddedNatsState _state;
    private volatile string? _lastFailure;
    private volatile string? _version;
    private int _started;
    private int _stopped;

    /// <summary>What it is doing now.</summary>
    public EmbeddedNatsState State => _state;

    /// <summary>Why it last died or could not be started again, in one line; null when nothing has failed.</summary>
    public string? LastFailure => _lastFailure;

    /// <summary>Where to connect, the same across restarts: <c>nats://127.0.0.1:4223</c>.</summary>
    /// <exception cref="InvalidOperationException">The port is 0 and the server has not been started yet.</exception>
    public string ServerUri => _port != 0
        ? $"nats://127.0.0.1:{_port}"
        : throw new InvalidOperationException("The port is not known before the server has started.");

    /// <summary>Who may connect, and nobody else. New with each object; nats-server's data folder has it in a file.</summary>
    public NatsLogin Login => _login.Login;

    /// <summary>The version of nats-server, such as <c>2.9.10</c>; null before the first start.</summary>
    public string? Version => _version;

    /// <summary>The full path of the folder that holds the store.</summary>
    public string DataFolder { get; } = Path.GetFullPath(options.DataFolder);

    /// <summary>The path of the program that was chosen; null before the start.</summary>
    public string? Executable => _executable;

    /// <summary>What nats-server did not load from its store at its last start, a sentence each without its full stop.</summary>
    public IReadOnlyList<string> Damage { get; private set; } = [];

    /// <summary>What its owner should know about the start, a sentence each without its full stop.</summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>nats-server's process id; null while there is no process.</summary>
    public int? ProcessId => _process is { Exited.IsCompleted: false } process ? process.ProcessId : null;

    /// <inheritdoc/>
    public string? Problem => _state switch
    {
        EmbeddedNatsState.Running => _watch?.Problem,
        EmbeddedNatsState.Restarting => $"the embedded nats-server is being restarted: {_lastFailure?.TrimEnd('.')}",
        EmbeddedNatsState.Starting => "the embedded nats-server is starting",
        _ => "the embedded nats-server has stopped",
    };

    /// <inheritdoc/>
    public async Task<string?> DiagnoseAsync(CancellationToken cancellationToken)
    {
        if (_state != EmbeddedNatsState.Running || _folder is not { } folder)
        {
            return Problem;
        }

        var watch = _watch;
        if (await folder.Probe.AskAsync(cancellationToken) is not { } problem)
        {
            return watch?.StuckStreams;
        }

        watch?.ReportStoreProblem(problem);
        return problem;
    }

    /// <summary>Starts nats-server and returns when JetStream is ready.</summary>
    /// <exception cref="EmbeddedNatsException">It cannot be started; the message says what to do.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _started, 1) != 0)
        {
            throw new InvalidOperationException("The embedded nats-server is started once.");
        }

        metrics.RestartedEmbedded(times: 0);

        if (OperatingSystem.IsWindows())
        {
            throw EmbeddedNatsException.Unsupported();
        }

        if (options.Port is < 0 or > 65535)
        {
            throw EmbeddedNatsException.BadPort(options.Port);
        }

        var wanted = NatsServerCommand.Choose(options.Executable);
        _executable = NatsServerCommand.Find(wanted) ?? throw (Path.Exists(wanted)
            ? EmbeddedNatsException.NotExecutable(wanted, options.Executable)
            : EmbeddedNatsException.BinaryMissing(wanted, options.Executable));
        _state = EmbeddedNatsState.Starting;
        try
        {
            _folder = EmbeddedNats.DataFolder.Open(options.DataFolder, time);
            if (_folder.Privacy is { } privacy)
            {
                EmbeddedNatsLog.Privacy(_log, privacy);
            }

            await _folder.WaitForPredecessorAsync(time, cancellationToken);
            _thread = new LaunchThread();
            await StartServerAsync(cancellationToken);
        }
        catch
        {
            await ReleaseAsync();
            throw;
        }

        _supervision = SuperviseAsync(_stopping.Token);
    }

    /// <summary>
    /// Stops nats-server, giving JetStream <see cref="EmbeddedNatsOptions.StopTimeout"/> to flush. Returns when the process is
    /// gone. May be called twice.
    /// </summary>
    /// <param name="cancellationToken">When cancelled, the server is killed at once. What was acknowledged is stored all the same.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _supervision;
        if (_process is { } process)
        {
            await TerminateAsync(process, options.StopTimeout, cancellationToken);
            EmbeddedNatsLog.Stopped(_log);
        }

        await ReleaseAsync();
    }

    /// <summary>Stops the server if nobody has.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _stopping.Dispose();
    }

    /// <summary>For asking what it made of its store.</summary>
    private NatsOptions Self => new() { Url = ServerUri, Login = Login, Name = "httpmq-inspection" };

    private async Task StartServerAsync(CancellationToken cancellationToken)
    {
        if (_port != 0)
        {
            EmbeddedNats.DataFolder.RequireFreePort(_port);
        }

        await LearnVersionAsync(cancellationToken);
        _storeLimit = _folder!.MeasureStoreLimit();
        _folder.WriteConfiguration(
            new NatsServerConfiguration(_storeLimit, _monitoringPath, _facts, options.Sync, _login.PublicKey).ToString());
        var inspection = StoreInspection.Read(_folder.Probe.Store);
        if (!_facts.ReadsNewerBlocks)
        {
            StoreVersion.RequireNoCompression(DataFolder, _folder.Probe.Store, _version);
        }

        var process = _process = await NatsServerProcess.LaunchAsync(_thread!, _executable!, DataFolder, _port, _serverLog, time);
        try
        {
            await process.WaitUntilReadyAsync(options.StartTimeout, _log, cancellationToken);
            _port = process.Port;
            _version = process.Version;
            if (!ServerFacts.Of(process.Version).ReadsNewerBlocks)
            {
                await StoreVersion.RequireReadableAsync(DataFolder, _folder.Probe.Store, Self, process.Version, cancellationToken);
            }

            StoreVersion.Note(DataFolder, process.Version);
            Damage = await inspection.CompareAsync(Self, cancellationToken);
        }
        catch
        {
            // Clients must not find it. A server that restores may hear SIGTERM late, one that hangs never, so it is not waited for.
            await TerminateAsync(process, FailedStopLimit, CancellationToken.None);
            throw;
        }

        foreach (var damage in Damage)
        {
            EmbeddedNatsLog.Damage(_log, damage);
        }

        if (_login.TryWrite(DataFolder) is { } unwritten)
        {
            EmbeddedNatsLog.KeyNotWritten(_log, unwritten);
        }

        _watch = null;
        _state = EmbeddedNatsState.Running;
        _backoff.Started();
        _stuckBackoff.Started();
        EmbeddedNatsLog.Ready(_log, process.Version, process.ProcessId, ServerUri, DataFolder);
    }

    /// <summary>At every start, because the program may have been replaced since the last one.</summary>
    private async Task LearnVersionAsync(CancellationToken cancellationToken)
    {
        var version = await NatsServerVersion.AskAsync(_executable!, options.StartTimeout, cancellationToken);
        _facts = ServerFacts.Of(version);
        _version = version;
        if (options.Sync == EmbeddedNatsSync.Always && !_facts.CanSyncAlways)
        {
            throw EmbeddedNatsException.CannotSync(_executable!, version);
        }

        Warnings = StoreVersion.WarningFor(DataFolder, version) is { } warning ? [warning] : [];
        foreach (var told in Warnings)
        {
            EmbeddedNatsLog.OlderServer(_log, told);
        }
    }

    /// <summary>
    /// Ends only when we stop: an exception that nobody expected must not leave nats-server without anybody to look after it.
    /// </summary>
    private async Task SuperviseAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                _faultBackoff.Started();
                await SuperviseOneAsync(stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                // We are stopping: StopAsync ends the process.
            }
            catch (Exception unexpected)
            {
                var delay = _faultBackoff.Next();
                _lastFailure = $"the supervision failed ({unexpected.Message})";
                EmbeddedNatsLog.SupervisionFailed(_log, unexpected, delay.TotalMilliseconds);
                await Task.Delay(delay, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Looks after the server that runs until it has to be started anew, and tries that once.</summary>
    private async Task SuperviseOneAsync(CancellationToken stopping)
    {
        var failure = new NatsServerFailure(_lastFailure ?? "");
        if (_process is { } process && _state == EmbeddedNatsState.Running)
        {
            var watch = _watch = new NatsServerWatch(
                process, _folder!, _login, _storeLimit, _facts.KeepsStreamsStuck ? _monitoringPath : null, _stuckBackoff, _log, time);
            failure = await watch.UntilFailureAsync(stopping);
        }

        await RestartAsync(failure, stopping);
    }

    private async Task RestartAsync(NatsServerFailure failure, CancellationToken stopping)
    {
        var delay = _backoff.Next();
        metrics.RestartedEmbedded();
        _lastFailure = failure.Reason;
        _state = EmbeddedNatsState.Restarting;
        EmbeddedNatsLog.Failed(_log, failure.Reason, delay.TotalMilliseconds);
        if (_process is { } old)
        {
            await TerminateAsync(old, failure.Answers ? options.StopTimeout : FailedStopLimit, stopping);
        }

        await Task.Delay(delay, time, stopping);
        try
        {
            if (_folder!.Probe.IsGone)
            {
                // nats-server would begin with an empty one, and nobody would notice.
                throw EmbeddedNatsException.StoreGone(_folder.Probe.Store);
            }

            await StartServerAsync(stopping);
        }
        catch (EmbeddedNatsException again)
        {
            _lastFailure = again.Message;
        }
    }

    private async Task TerminateAsync(NatsServerProcess process, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (!await process.StopAsync(limit, cancellationToken))
        {
            EmbeddedNatsLog.Killed(_log, limit.TotalSeconds);
        }

        await process.DisposeAsync();
        _process = null;
    }

    private async Task ReleaseAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            await process.DisposeAsync();
        }

        if (_folder is { } folder)
        {
            EmbeddedLogin.Remove(folder.FullPath);
        }

        // After the process: the end of this thread kills it.
        _thread?.Dispose();
        _thread = null;
        _folder?.Dispose();
        _state = EmbeddedNatsState.Stopped;
    }
}
