namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>
/// Writes a little into the store's folder, as nats-server would. JetStream goes on answering when it cannot store any more
/// (read-only, no space), and it confirms acknowledgements that it can only keep in memory.
/// </summary>
internal sealed class StoreProbe(string store, TimeProvider time)
{
    /// <summary>How long a write may take; a file system that hangs must not make us hang.</summary>
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(1.2);

    // Of our own process: too many open files, here or on the whole machine. They say nothing about the store.
    private static readonly int[] OurOwn = [23, 24];

    private readonly Lock _gate = new();
    private readonly byte[] _block = new byte[4096];
    private Task<string?>? _asking;

    /// <summary>Where JetStream keeps everything.</summary>
    public string Store { get; } = store;

    /// <summary>Whether the folder is there at all; a server that runs would go on writing into files that nobody finds again.</summary>
    public bool IsGone => !Directory.Exists(Store);

    /// <summary>Why nothing can be written, or null. Those who ask at the same time share one write.</summary>
    public async Task<string?> AskAsync(CancellationToken cancellationToken)
    {
        Task<string?> asking;
        lock (_gate)
        {
            asking = _asking is { IsCompleted: false } running ? running : _asking = Task.Run(Write, CancellationToken.None);
        }

        try
        {
            return await asking.WaitAsync(TimeLimit, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return Unwritable("the file system does not answer");
        }
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
}
