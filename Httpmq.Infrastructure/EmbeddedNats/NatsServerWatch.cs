using Microsoft.Extensions.Logging;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>Why a nats-server is to be started anew.</summary>
/// <param name="Reason">For people.</param>
/// <param name="Answers">It still does what it is told, so that it may take its time to write what it keeps in memory.</param>
internal readonly record struct NatsServerFailure(string Reason, bool Answers = false);

/// <summary>
/// Looks after a running nats-server until there is a reason to start it anew. <paramref name="monitoringPath"/>: where its monitoring
/// endpoint begins; null when it has none, or nothing to tell.
/// </summary>
internal sealed class NatsServerWatch(
    NatsServerProcess process, DataFolder folder, EmbeddedLogin login, long storeLimit, string? monitoringPath, RestartBackoff stuckBackoff,
    ILogger log, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // Generous together (about 18 s): a restart costs every client its connection, so a busy server must not be taken for
    // a hung one. It is needed all the same: nats-server 2.9 deadlocks when a write finds the disk full. Then there is
    // nothing to be patient with.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan UnwritableAnswerLimit = TimeSpan.FromSeconds(1);
    private const int SilencesAllowed = 3;

    private readonly StuckStreamWatch? _stuck = monitoringPath is null
        ? null
        : new StuckStreamWatch(process, folder, monitoringPath, stuckBackoff, log, time);
    private volatile string? _storeProblem;
    private volatile string? _silence;

    /// <summary>What is wrong although it runs, as far as was seen last.</summary>
    public string? Problem => (_silence, _storeProblem) switch
    {
        ({ } silence, { } store) => $"{silence}: {store}",
        (null, { } store) when StuckStreams is { } stuck => $"{store}: {stuck}",
        (var silence, var store) => silence ?? store ?? StuckStreams ?? (process.IsStoreFull ? LimitReached : null),
    };

    /// <summary>Which streams answer no publish any more, and why; null when all do.</summary>
    public string? StuckStreams => _stuck?.Problem;

    private string LimitReached =>
        $"the embedded nats-server's store '{folder.Probe.Store}' has reached its limit of {storeLimit} bytes, three quarters of "
            + "the space there was";

    /// <summary>Returns why the server needs to be started anew.</summary>
    public async Task<NatsServerFailure> UntilFailureAsync(CancellationToken cancellationToken)
    {
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var health = WatchHealthAsync(watching.Token);
        await Task.WhenAny(process.Exited, health).WaitAsync(cancellationToken);
        if (!process.Exited.IsCompleted)
        {
            try
            {
                return await health;
            }
            catch (EmbeddedNatsException unreadable)
            {
                return new NatsServerFailure(unreadable.Message);
            }
        }

        await watching.CancelAsync();
        return new NatsServerFailure(process.DescribeEnd());
    }

    /// <summary>Somebody else found that the store cannot be written, which may have ended before it is looked at here.</summary>
    public void ReportStoreProblem(string problem)
    {
        if (Interlocked.CompareExchange(ref _storeProblem, problem, null) is null)
        {
            EmbeddedNatsLog.StoreUnwritable(log, problem);
        }
    }

    private async Task<NatsServerFailure> WatchHealthAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var silences = 0;
        while (true)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            if (process.IsJetStreamDown)
            {
                return new NatsServerFailure("JetStream shut itself down inside nats-server; the server's log says why.");
            }

            if (await CheckStoreAsync(cancellationToken) is { } reason)
            {
                return reason;
            }

            if (_stuck is not null && await _stuck.CheckAsync(_storeProblem is null, cancellationToken) is { } mendable)
            {
                return mendable;
            }

            var limit = _storeProblem is null ? AnswerLimit : UnwritableAnswerLimit;
            switch (await NatsProbe.AskJetStreamAsync(process.Port, login, limit, cancellationToken))
            {
                case JetStreamAnswer.Alive:
                    silences = 0;
                    _silence = null;
                    break;
                case JetStreamAnswer.Gone:
                    return new NatsServerFailure("JetStream is switched off inside nats-server; the server's log says why.");
                default:
                    _silence = $"the embedded nats-server (process {process.ProcessId}) does not answer";
                    EmbeddedNatsLog.NoAnswer(log, ++silences);
                    if (await folder.Probe.AskAsync(cancellationToken) is { } unwritable)
                    {
                        return new NatsServerFailure($"nats-server hangs: {unwritable}.");
                    }

                    if (silences >= SilencesAllowed)
                    {
                        return new NatsServerFailure("nats-server's JetStream does not answer (a full disk makes some versions hang).");
                    }

                    break;
            }
        }
    }

    /// <summary>A reason to start anew that the store gives, or null.</summary>
    private async Task<NatsServerFailure?> CheckStoreAsync(CancellationToken cancellationToken)
    {
        var before = _storeProblem;
        var problem = _storeProblem = await folder.Probe.AskAsync(cancellationToken);
        if (problem is not null)
        {
            if (folder.Probe.IsGone)
            {
                // It would go on storing into files that have no name any more.
                return new NatsServerFailure($"nats-server must be restarted: {problem}.");
            }

            if (before is null)
            {
                EmbeddedNatsLog.StoreUnwritable(log, problem);
            }

            return null;
        }

        if (before is not null)
        {
            // Consumers' positions that could not be written are in memory alone, and written when the server ends in order.
            return new NatsServerFailure(
                "The store can be written again, and nats-server is restarted to write what it kept in memory.", Answers: _silence is null);
        }

        // The limit is fixed when the server starts, and it refuses every publish, so nothing is interrupted.
        return process.IsStoreFull && folder.MeasureStoreLimit() > storeLimit + (storeLimit / 16)
            ? new NatsServerFailure("The store had reached its limit, and there is more space now.", Answers: true)
            : null;
    }
}
