using System.Collections.Frozen;
using System.Net;

namespace Httpmq.Api.Http;

/// <summary>
/// What protects the process and its other users from one of them. The initial values are the defaults of the configuration, whose
/// declaration says what each limit does.
/// </summary>
internal sealed record LimitSettings
{
    /// <summary>0: what the NATS server takes (its max_payload).</summary>
    public int MaxMessageBytes { get; init; }

    public int MaxInflightRequests { get; init; } = 16_384;

    public int BatchWindow { get; init; } = 1024;

    public int SettleWindow { get; init; } = 2048;

    public int MaxSubscriptions { get; init; } = 20_000;

    public int MaxBatches { get; init; } = 10_000;

    public int MaxPendingBytes { get; init; } = 256 * 1024 * 1024;

    public long MaxTotalPendingBytes { get; init; } = AtMost(1024L * 1024 * 1024, memoryShare: 4);

    public long MaxTotalBodyBytes { get; init; } = AtMost(512L * 1024 * 1024, memoryShare: 8);

    public int MaxConnections { get; init; } = 32_768;

    /// <summary>It is no write time-out: a subscriber that reads, however slowly, or for whom there is nothing, stays connected.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    public int MaxHeaderBytes { get; init; } = 48 * 1024;

    /// <summary>Bytes per second on average; 0: no limit.</summary>
    public int MinBodyRate { get; init; } = 240;

    private static long AtMost(long bytes, int memoryShare) =>
        Math.Min(bytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / memoryShare);
}

/// <summary>One of the two HTTP servers. The declaration of the configuration says what each setting does, and has the defaults.</summary>
internal sealed record ApiServerSettings
{
    /// <summary><c>/</c>, or <c>/some/path</c> without a slash at the end.</summary>
    public required string PathPrefix { get; init; }

    public required IPAddress ListenOn { get; init; }

    public required int ListenPort { get; init; }

    /// <summary>Null: no TLS.</summary>
    public TlsSettings? Tls { get; init; }

    /// <summary>Null: none.</summary>
    public required TimeSpan? ReadTimeout { get; init; }

    /// <summary>Null: none.</summary>
    public required TimeSpan? WriteTimeout { get; init; }

    /// <summary>Null: a connection without requests is kept for ever.</summary>
    public required TimeSpan? IdleTimeout { get; init; }

    /// <summary>As a browser writes them; <c>*</c> for any. Empty: none but the server's own.</summary>
    public IReadOnlySet<string> AllowedOrigins { get; init; } = FrozenSet<string>.Empty;

    /// <summary>With or without a port; <c>*</c> for any. Empty: none where the server listens on loopback, any elsewhere.</summary>
    public IReadOnlySet<string> AllowedHosts { get; init; } = FrozenSet<string>.Empty;

    /// <summary>Networks of proxies, whose <c>X-Forwarded-For</c> says where a request comes from. Empty: nobody's does.</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    public required string RequestIdHeader { get; init; }

    /// <summary>Compared without regard to case.</summary>
    public required IReadOnlySet<string> DoNotLogHeaders { get; init; }
}

/// <summary>Keys of a server's settings that an error names; in front stands the name of the API.</summary>
internal static class ServerSettingKeys
{
    public const string PathPrefix = "endpoint_config.path_prefix";

    public const string ListenOn = "api_server.server_config.listen_on";

    public const string ListenPort = "api_server.server_config.listen_port";

    public const string Tls = "api_server.tls";

    public const string TlsListenPort = $"{Tls}.listen_port";

    public const string AllowedOrigins = "api_server.server_config.allowed_origins";

    public const string TrustedProxies = "api_server.server_config.trusted_proxies";

    public const string AllowedHosts = "api_server.server_config.allowed_hosts";
}
