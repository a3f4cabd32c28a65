namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>
/// Writes a little into the store's folder, as nats-server would. JetStream goes on answering when it cannot store any more
/// (read-only, no space), and it confirms acknowledgements that it can only keep in memory.
/// </summary>
/// <param name="store">Where JetStream keeps everything.</param>
/// <param name="time">The clock.</param>
/// <param name="start">Runs the write, beside whoever asks; null: on a thread of its own, because one of the pool may come late.</param>
internal sealed class StoreProbe(string store, TimeProvider time, Action<Action>? start = null)
{
    /// <summary>How long a write may take; a file system that hangs must not make us hang.</summary>
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(1.2);

    // A process that was suspended finds the time over, and its write has not gone on yet: one part of the time is left for it then.
    private const int Parts = 2;

    // Of our own process: too many open files, here or on the whole machine. They say nothing about the store.
    private static readonly int[] OurOwn = [23, 24];

    private readonly Lock _gate = new();
    private readonly byte[] _block = new byte[4096];
    private readonly Action<Action> _start = start ?? StartThread;
    private Attempt? _running;
    private volatile string? _known;

    /// <summary>Where JetStream keeps everything.</summary>
    public string Store { get; } = store;

    /// <summary>Whether the folder is there at all; a server that runs would go on writing into files that nobody finds again.</summary>
    public bool IsGone => !Directory.Exists(Store);

    /// <summary>
    /// Why nothing can be written, or null. Those who ask at the same time share one write. Where it did not get to run in time, the
    /// machine is busy and the store may be well: then it is what was known before.
    /// </summary>
    public async Task<string?> AskAsync(CancellationToken cancellationToken)
    {
        Attempt attempt;
        lock (_gate)
        {
            attempt = _running is { Answer.IsCompleted: false } running ? running : _running = Begin();
        }

        var begun = false;
        for (var part = 0; part < Parts && !attempt.Answer.IsCompleted; part++)
        {
            begun = attempt.HasBegun;
            try
            {
                await attempt.Answer.WaitAsync(TimeLimit / Parts, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                // It may have ended all the same, while this waited for a thread.
            }
        }

        return _known = attempt.Answer.IsCompleted ? await attempt.Answer
            : begun ? Unwritable("the file system does not answer")
            : _known;
    }

    private static void StartThread(Action write) => new Thread(() => write()) { IsBackground = true, Name = "store probe" }.Start();

    private Attempt Begin()
    {
        var attempt = new Attempt();
        _start(() => attempt.Run(Write));
        return attempt;
    }

    private string? Write()
    {
        if (IsGone)
        {
            return $"the embedded nats-server's store '{Store}' is not there any more";
        }

        try
        {
            // A new file, because a full disk takes the old one again, and not an empty one, for which it has room.
            // Without a name at once, because backups stumble over files that come and go.
            var name = Path.Combine(Store, ".httpmq-probe");
            using var file = new FileStream(name, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            File.Delete(name);
            file.Write(_block);
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return OurOwn.Contains(failure.HResult) ? null : Unwritable(EmbeddedNatsException.ReasonOf(failure));
        }
    }

    private string Unwritable(string reason) => $"the embedded nats-server's store '{Store}' cannot be written ({reason})";

    /// <summary>One write, and whether it has come to run.</summary>
    private sealed class Attempt
    {
        private readonly TaskCompletionSource<string?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _begun;

        public Task<string?> Answer => _answer.Task;

        public bool HasBegun => _begun;

        public void Run(Func<string?> write)
        {
            _begun = true;
            try
            {
                _answer.SetResult(write());
            }
            catch (Exception failure)
            {
                _answer.SetException(failure);
            }
        }
    }
}
