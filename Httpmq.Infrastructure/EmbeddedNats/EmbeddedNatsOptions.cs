namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>How the embedded nats-server is started. The defaults suit one gateway on a developer's machine.</summary>
public sealed record EmbeddedNatsOptions
{
    /// <summary>
    /// Where everything is kept: JetStream's store (subfolder <c>jetstream</c>), the generated configuration and the lock
    /// files. Created when missing. One instance per folder. Default: <c>$XDG_DATA_HOME/httpmq</c>, or
    /// <c>~/.local/share/httpmq</c>.
    /// </summary>
    public string DataFolder { get; init; } = DefaultDataFolder();

    /// <summary>
    /// The loopback port, 1 to 65535; 0 takes any free one at the first start and keeps it for restarts.
    /// Default 4223: 4222 belongs to a nats-server that the system may already run.
    /// </summary>
    public int Port { get; init; } = 4223;

    /// <summary>
    /// A path, or a name that is looked up on PATH and then in the usual folders (services often run with a short PATH).
    /// Default <c>nats-server</c>, for which a path in the environment variable <c>NATS_SERVER</c> stands in.
    /// </summary>
    public string Executable { get; init; } = NatsServerCommand.DefaultName;

    /// <summary>When a stored message is forced to the disk. Default: as nats-server does by itself, every 2 minutes.</summary>
    public EmbeddedNatsSync Sync { get; init; }

    /// <summary>
    /// How long the server may stay silent on its way to being ready; every log line starts the count anew. It does not
    /// apply once JetStream restores its streams: a big store takes long, and killing it would only start it over.
    /// Default 15 s.
    /// </summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the server may take to flush and end after SIGTERM before it gets SIGKILL. Default 10 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    private static string DefaultDataFolder()
    {
        // The XDG rules say that a relative value is to be ignored.
        var data = Environment.GetEnvironmentVariable("XDG_DATA_HOME");
        if (string.IsNullOrEmpty(data) || !Path.IsPathRooted(data))
        {
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            data = Path.Combine(home.Length > 0 ? home : Path.GetTempPath(), ".local", "share");
        }

        return Path.Combine(data, "httpmq");
    }
}

/// <summary>When the embedded nats-server forces stored messages to the disk (fsync).</summary>
public enum EmbeddedNatsSync
{
    /// <summary>Every 2 minutes: a confirmed message survives the death of every process, not a power failure.</summary>
    Default,

    /// <summary>Before a message is confirmed, so that it survives a power failure. Needs nats-server 2.10 or newer.</summary>
    Always,
}
