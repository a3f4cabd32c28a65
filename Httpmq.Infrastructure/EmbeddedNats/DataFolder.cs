using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>The data folder while it is ours: created, locked, closed to others, and with the configuration for the next start.</summary>
internal sealed class DataFolder : IDisposable
{
    /// <summary>Of the folder in which JetStream stores.</summary>
    public const string StoreName = "jetstream";

    public const string LockFileName = "httpmq.lock";

    private static readonly TimeSpan PredecessorLimit = TimeSpan.FromSeconds(5);

    private readonly FileStream _lock;

    private DataFolder(string path, FileStream @lock, TimeProvider time)
    {
        FullPath = path;
        Probe = new StoreProbe(Path.Combine(path, StoreName), time);
        _lock = @lock;
    }

    public string FullPath { get; }

    /// <summary>What its owner should know of who can enter it, a sentence without its full stop; null: nothing.</summary>
    public string? Privacy { get; private init; }

    /// <summary>Whether JetStream could write now.</summary>
    public StoreProbe Probe { get; }

    /// <summary>Creates and locks the folder.</summary>
    /// <exception cref="EmbeddedNatsException">It cannot be written, or another instance has it.</exception>
    public static DataFolder Open(string folder, TimeProvider time)
    {
        var path = Path.GetFullPath(folder);
        var lockFile = Path.Combine(path, LockFileName);
        try
        {
            FolderPrivacy.CreateFolder(path);
            // What fails here is the folder's, what fails below is another instance's.
            var probe = Path.Combine(path, Path.GetRandomFileName());
            using var writable = new FileStream(
                probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw EmbeddedNatsException.FolderUnusable(path, failure);
        }

        try
        {
            // The operating system lets go of it when we end, however we end.
            var @lock = FolderPrivacy.Create(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return new DataFolder(path, @lock, time) { Privacy = FolderPrivacy.Ensure(path) };
        }
        catch (IOException failure)
        {
            throw EmbeddedNatsException.FolderInUse(path, failure);
        }
    }

    /// <summary>Waits for the nats-server of an instance that was killed a moment ago to be gone from the store.</summary>
    public async Task WaitForPredecessorAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50), time);
        for (var start = time.GetTimestamp(); IsHeld(); await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (time.GetElapsedTime(start) > PredecessorLimit)
            {
                throw EmbeddedNatsException.FolderHeld(FullPath);
            }
        }
    }

    /// <summary>Bytes that may still be written, by whoever runs this process.</summary>
    public long FreeSpace => new DriveInfo(FullPath).AvailableFreeSpace;

    /// <summary>
    /// What the store may grow to, in bytes: three quarters of the space that is free or already its own. nats-server's
    /// default is three quarters of what is free when it starts, which forgets what its store occupies already: with a
    /// store bigger than that it refuses every publish after a restart. On an empty store the two are the same. The margin
    /// matters, because nats-server 2.9 hangs when a write finds the disk full.
    /// </summary>
    /// <exception cref="EmbeddedNatsException">The folder cannot be read.</exception>
    public long MeasureStoreLimit()
    {
        try
        {
            var store = new DirectoryInfo(Probe.Store);
            var used = store.Exists ? store.EnumerateFiles("*", SearchOption.AllDirectories).Sum(Length) : 0;
            // Never 0, which the server would take for "not set".
            return Math.Max(1, (used + FreeSpace) / 4 * 3);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw EmbeddedNatsException.FolderUnusable(FullPath, failure);
        }

        // The server deletes files while we look.
        static long Length(FileInfo file)
        {
            file.Refresh();
            return file.Exists ? file.Length : 0;
        }
    }

    /// <summary>
    /// Writes the configuration for the next start over the old one, and never more than a block: on a full disk there is
    /// room for nothing else, and the server must start, because whoever makes room deletes streams through it.
    /// </summary>
    /// <exception cref="EmbeddedNatsException">The folder cannot be written.</exception>
    public void WriteConfiguration(string text)
    {
        var file = Path.Combine(FullPath, NatsServerCommand.ConfigFileName);
        try
        {
            using var stream = FolderPrivacy.Create(file, FileMode.OpenOrCreate);
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.SetLength(stream.Position);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw EmbeddedNatsException.FolderUnusable(FullPath, failure);
        }
    }

    /// <summary>Asks before the store is opened for nothing, and so that the answer does not depend on the server's words.</summary>
    public static void RequireFreePort(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
        }
        catch (SocketException failure) when (failure.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw EmbeddedNatsException.PortInUse(port);
        }
    }

    public void Dispose() => _lock.Dispose();

    private bool IsHeld()
    {
        try
        {
            using var free = FolderPrivacy.Create(
                Path.Combine(FullPath, NatsServerCommand.LockFileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
