using System.Collections.Frozen;
using System.Net;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Infrastructure.EmbeddedNats;

namespace Httpmq.Api.Http;

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

    /// <summary>
    /// Origins whose pages may use this server, such as <c>https://app.example.com</c>; <c>*</c> for any. Default: none but its own.
    /// </summary>
    public IReadOnlySet<string> AllowedOrigins { get; init; } = FrozenSet<string>.Empty;

    /// <summary>
    /// Names that the server may be called by beside those of loopback, with or without a port; <c>*</c> for any. Default: none where it
    /// listens on loopback, any elsewhere.
    /// </summary>
    public IReadOnlySet<string> AllowedHosts { get; init; } = FrozenSet<string>.Empty;

    /// <summary>The header that carries the request id in and out. Default <c>Httpmq-Request-ID</c>.</summary>
    public required string RequestIdHeader { get; init; }

    /// <summary>Headers whose values are never logged; compared without regard to case. Default: the four that carry credentials.</summary>
    public required IReadOnlySet<string> DoNotLogHeaders { get; init; }
}

/// <summary>Keys of a server's settings that an error names; in front stands the name of the API.</summary>
internal static class ServerSettingKeys
{
    public const string PathPrefix = ".endpoint_config.path_prefix";

    public const string ServerConfig = ".api_server.server_config.";
}
