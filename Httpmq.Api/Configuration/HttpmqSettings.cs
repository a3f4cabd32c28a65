using System.Net;
using Httpmq.Infrastructure.EmbeddedNats;

namespace Httpmq.Api.Configuration;

/// <summary>What one process serves.</summary>
internal enum RunMode
{
    /// <summary>The API that defines streams and consumers.</summary>
    Management,

    /// <summary>The API that publishes, subscribes and acknowledges.</summary>
    Dataplane,

    /// <summary>Both, each on its own port.</summary>
    All,
}

/// <summary>Everything that can be configured, validated: whoever holds one need not check it again.</summary>
internal sealed record HttpmqSettings
{
    public required RunMode Mode { get; init; }

    public required LogSettings Log { get; init; }

    public required NatsSettings Nats { get; init; }

    public required EmbeddedNatsSettings EmbeddedNats { get; init; }

    /// <summary>How long requests and subscriptions may take to end at shutdown. Default 20 s, at least 1 s.</summary>
    public required TimeSpan DrainTimeout { get; init; }

    public required LimitSettings Limits { get; init; }

    /// <summary>The management server. Always filled in and valid, whether the mode serves it or not.</summary>
    public required ApiServerSettings Management { get; init; }

    /// <summary>The dataplane server. Always filled in and valid, whether the mode serves it or not.</summary>
    public required ApiServerSettings Dataplane { get; init; }

    /// <summary>True when this process runs its own NATS server: mode <see cref="RunMode.All"/> and nobody named another.</summary>
    public bool UsesEmbeddedNats => Mode == RunMode.All && Nats.ServerUri is null;
}

/// <summary>How the process logs. Set by the command line, not by the configuration file, as in the original.</summary>
internal sealed record LogSettings
{
    /// <summary>The lowest level written: Debug, Information, Warning (the default) or Error.</summary>
    public required LogLevel Level { get; init; }

    /// <summary>One JSON object per line instead of text. Default false.</summary>
    public required bool Json { get; init; }
}

/// <summary>How to reach the NATS server, whoever runs it.</summary>
internal sealed record NatsSettings
{
    /// <summary>
    /// One URI, or several separated by commas (a cluster). Null only in mode <see cref="RunMode.All"/>, when it is not configured.
    /// May hold credentials: show <see cref="DisplayUri"/> instead.
    /// </summary>
    public required string? ServerUri { get; init; }

    /// <summary>Time limit of one attempt to connect. Default 30 s, at least 1 s.</summary>
    public required TimeSpan ConnectTimeout { get; init; }

    /// <summary>Attempts before the process gives up. Default -1: it never does.</summary>
    public required int MaxReconnectAttempts { get; init; }

    /// <summary>Pause between two attempts. Default 15 s, at least 1 s.</summary>
    public required TimeSpan ReconnectWait { get; init; }

    /// <summary><see cref="ServerUri"/> without user names, passwords and tokens, for people and logs.</summary>
    public string? DisplayUri => ServerUri is null ? null : SettingText.WithoutCredentials(ServerUri);

    // The generated text would put the password of the server into the first log line that prints the settings.
    public override string ToString() =>
        $"NatsSettings {{ ServerUri = {DisplayUri}, ConnectTimeout = {ConnectTimeout}, "
        + $"MaxReconnectAttempts = {MaxReconnectAttempts}, ReconnectWait = {ReconnectWait} }}";
}

/// <summary>The NATS server that this process starts itself; of use only with <see cref="HttpmqSettings.UsesEmbeddedNats"/>.</summary>
internal sealed record EmbeddedNatsSettings
{
    /// <summary>Where JetStream stores; null: not configured, the embedded server chooses.</summary>
    public required string? DataFolder { get; init; }

    /// <summary>The loopback port. Default 4223, next to the port of a NATS server that may run here already.</summary>
    public required int Port { get; init; }

    /// <summary>A path, or a name to look up in PATH. Default <c>nats-server</c>.</summary>
    public required string Executable { get; init; }

    /// <summary>Whether a message is on the disk before it is confirmed. Default: nats-server forces it there every 2 minutes.</summary>
    public EmbeddedNatsSync Sync { get; init; }
}

/// <summary>What protects the process and its other users from one of them.</summary>
internal sealed record LimitSettings
{
    internal static readonly long DefaultTotalPendingBytes = Math.Min(1024L * 1024 * 1024, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4);

    internal static readonly long DefaultTotalBodyBytes = Math.Min(512L * 1024 * 1024, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8);

    /// <summary>The largest message, in bytes. Default 0: what the NATS server takes (its max_payload). Beyond: 413.</summary>
    public int MaxMessageBytes { get; init; }

    /// <summary>Publishes and acknowledgements that may wait for JetStream at once. Default 16384, at most 65536. Beyond: 503.</summary>
    public int MaxInflightRequests { get; init; } = 16_384;

    /// <summary>Records of one batch that may wait for JetStream at once; a batch waits for room. Default 1024.</summary>
    public int BatchWindow { get; init; } = 1024;

    /// <summary>Subscriptions that may be open at once. Default 20000. Beyond: 429.</summary>
    public int MaxSubscriptions { get; init; } = 20_000;

    /// <summary>Bytes that may wait for one subscriber before its stream is ended as too slow. Default 268435456 (256 MiB).</summary>
    public int MaxPendingBytes { get; init; } = 256 * 1024 * 1024;

    /// <summary>
    /// Bytes that may wait for all subscribers together; beyond, the stream of the one for whom the most waits is ended. Default: 1
    /// GiB, or a quarter of the memory that the process may use where that is less.
    /// </summary>
    public long MaxTotalPendingBytes { get; init; } = DefaultTotalPendingBytes;

    /// <summary>
    /// Bytes of all request bodies that are being read or wait for JetStream; small ones (4 KiB) do not count. Beyond: 503. Default: 512
    /// MiB, or an eighth of the memory that the process may use where that is less.
    /// </summary>
    public long MaxTotalBodyBytes { get; init; } = DefaultTotalBodyBytes;

    /// <summary>Connections that may be open on each port. Default 32768. Beyond, a new one is closed.</summary>
    public int MaxConnections { get; init; } = 32_768;

    /// <summary>
    /// How long a subscriber may take nothing of what waits for it, before it is cut off. Default 60 s. It is no write timeout: one
    /// that reads, however slowly, or for whom there is nothing, stays connected.
    /// </summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Bytes of all headers of a request. Default 32768. Beyond: 431.</summary>
    public int MaxHeaderBytes { get; init; } = 32 * 1024;

    /// <summary>Bytes per second that a body must bring on average, after 5 s of grace. Default 240; 0: no limit. Slower: 408.</summary>
    public int MinBodyRate { get; init; } = 240;
}

/// <summary>One of the two HTTP servers.</summary>
internal sealed record ApiServerSettings
{
    /// <summary>What every route starts with: <c>/</c> (the default), or <c>/some/path</c> without a slash at the end.</summary>
    public required string PathPrefix { get; init; }

    /// <summary>Default 0.0.0.0; in mode <see cref="RunMode.All"/> 127.0.0.1, because nobody is asked who they are.</summary>
    public required IPAddress ListenOn { get; init; }

    /// <summary>Default 3000 for management, 3001 for the dataplane.</summary>
    public required int ListenPort { get; init; }

    /// <summary>Time limit to read a request. Default 60 s; null: none.</summary>
    public required TimeSpan? ReadTimeout { get; init; }

    /// <summary>How long a client may leave what is written to it waiting; a subscriber that reads is never cut off. Default 60 s; null: none.</summary>
    public required TimeSpan? WriteTimeout { get; init; }

    /// <summary>How long a connection without requests is kept. Default 600 s; null: for ever.</summary>
    public required TimeSpan? IdleTimeout { get; init; }

    /// <summary>The header that carries the request id in and out. Default <c>Httpmq-Request-ID</c>.</summary>
    public required string RequestIdHeader { get; init; }

    /// <summary>Headers whose values are never logged; compared without regard to case. Default: the four that carry credentials.</summary>
    public required IReadOnlySet<string> DoNotLogHeaders { get; init; }
}
