using System.Collections.Frozen;
using Httpmq.Api.Http;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>
/// The catalogue of keys: what they are called, and what they are when nobody says anything. Keys are compared without regard to
/// case and underscores, so that the original's <c>server_uri</c> and .NET's <c>ServerUri</c> are the same key.
/// </summary>
internal static class SettingKeys
{
    internal const string Nats = "nats";
    internal const string NatsServerUri = "nats.server_uri";
    internal const string NatsConnectTimeout = "nats.connect_timeout_sec";
    internal const string NatsMaxAttempts = "nats.reconnect.max_attempts";
    internal const string NatsWaitInterval = "nats.reconnect.wait_interval_sec";
    internal const string EmbeddedDataFolder = "embedded_nats.data_folder";
    internal const string EmbeddedPort = "embedded_nats.port";
    internal const string EmbeddedExecutable = "embedded_nats.executable";
    internal const string EmbeddedSync = "embedded_nats.sync";

    internal const string DrainTimeout = "shutdown.drain_timeout_sec";
    internal const string MaxMessageBytes = "limits.max_message_bytes";
    internal const string MaxInflightRequests = "limits.max_inflight_requests";
    internal const string BatchWindow = "limits.batch_window";
    internal const string MaxSubscriptions = "limits.max_subscriptions";
    internal const string MaxPendingBytes = "limits.max_pending_bytes";
    internal const string MaxTotalPendingBytes = "limits.max_total_pending_bytes";
    internal const string MaxTotalBodyBytes = "limits.max_total_body_bytes";
    internal const string MaxConnections = "limits.max_connections";
    internal const string StallTimeout = "limits.stall_timeout_sec";
    internal const string MaxHeaderBytes = "limits.max_header_bytes";
    internal const string MinBodyRate = "limits.min_body_bytes_per_sec";

    // The keys that each of the two servers has, below its own name.
    internal const string Management = "management";
    internal const string Dataplane = "dataplane";
    internal const string PathPrefix = ServerSettingKeys.PathPrefix;
    internal const string ServerConfig = ServerSettingKeys.ServerConfig;
    internal const string ListenOn = ".api_server.server_config.listen_on";
    internal const string ListenPort = ".api_server.server_config.listen_port";
    internal const string ReadTimeout = ".api_server.server_config.read_timeout_sec";
    internal const string WriteTimeout = ".api_server.server_config.write_timeout_sec";
    internal const string IdleTimeout = ".api_server.server_config.idle_timeout_sec";
    internal const string AllowedOrigins = ".api_server.server_config.allowed_origins";
    internal const string AllowedHosts = ".api_server.server_config.allowed_hosts";
    internal const string RequestIdHeader = ".api_server.logging_config.request_id_header";
    internal const string DoNotLogHeaders = ".api_server.logging_config.do_not_log_headers";

    internal static int ManagementPort => ApiGroup.Management.DefaultPort;
    internal static int DataplanePort => ApiGroup.Dataplane.DefaultPort;
    internal const int DefaultEmbeddedPort = 4223;

    private static readonly string[] ServerKeys =
        [PathPrefix, ListenOn, ListenPort, ReadTimeout, WriteTimeout, IdleTimeout, AllowedOrigins, AllowedHosts, RequestIdHeader, DoNotLogHeaders];

    // What other programs call the address of a NATS server.
    private static readonly FrozenSet<string> NatsAddressNames = FrozenSet.Create(
        StringComparer.Ordinal, "URI", "URIS", "URL", "URLS", "SERVER", "SERVERS", "SERVERURLS", "ADDRESS", "ADDR", "HOST", "HOSTS", "ENDPOINT", "ENDPOINTS");

    private static readonly string[] ListKeys = [AllowedOrigins, AllowedHosts, DoNotLogHeaders];

    /// <summary>Every key, in the order in which problems are reported.</summary>
    internal static readonly IReadOnlyList<string> All =
    [
        NatsServerUri, NatsConnectTimeout, NatsMaxAttempts, NatsWaitInterval,
        EmbeddedDataFolder, EmbeddedPort, EmbeddedExecutable, EmbeddedSync,
        DrainTimeout,
        MaxMessageBytes, MaxInflightRequests, BatchWindow, MaxSubscriptions, MaxPendingBytes, MaxTotalPendingBytes, MaxTotalBodyBytes,
        MaxConnections, StallTimeout, MaxHeaderBytes, MinBodyRate,
        .. ServerKeys.Select(key => Management + key),
        .. ServerKeys.Select(key => Dataplane + key),
    ];

    private static readonly FrozenDictionary<string, string> Keys = All.ToFrozenDictionary(Normalize, StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> Sections = All
        .SelectMany(Ancestors)
        .Distinct(StringComparer.Ordinal)
        .ToFrozenDictionary(Normalize, StringComparer.Ordinal);

    /// <summary>The name of a key as the catalogue spells it, or null when there is none.</summary>
    internal static string? FindKey(string path) => Keys.GetValueOrDefault(Normalize(path));

    /// <summary>The name of a section (what keys stand below) as the catalogue spells it, or null when there is none.</summary>
    internal static string? FindSection(string path) => Sections.GetValueOrDefault(Normalize(path));

    /// <summary>The known key or section that an unknown path probably stands for, or null.</summary>
    internal static string? FindMeant(string path)
    {
        var dot = path.LastIndexOf('.');
        var (parent, last) = dot < 0 ? ("", path) : (path[..dot], path[(dot + 1)..]);
        if (FindSection(path) is Nats || (FindSection(parent) is Nats && NatsAddressNames.Contains(Normalize(last))))
        {
            return NatsServerUri;
        }

        if (FindKey(parent) is { } single)
        {
            return single; // An item of what is no list.
        }

        var siblings = All.Concat(Sections.Values).Where(key => string.Equals(ParentOf(key), FindSection(parent) ?? parent, StringComparison.Ordinal)).ToArray();
        return Spelling.Nearest(last, siblings.Select(NameOf)) is { } near
            ? Array.Find(siblings, key => string.Equals(NameOf(key), near, StringComparison.Ordinal))
            : All.FirstOrDefault(key => string.Equals(Normalize(NameOf(key)), Normalize(last), StringComparison.Ordinal));
    }

    /// <summary>The environment variable that sets the key: <c>Httpmq__Nats__ServerUri</c>.</summary>
    internal static string VariableOf(string key) => $"Httpmq__{string.Join("__", key.Split('.').Select(Pascal))}";

    /// <summary>True for a key that holds a list; everything else holds one value.</summary>
    internal static bool IsList(string key) => Array.Exists(ListKeys, list => key.EndsWith(list, StringComparison.Ordinal));

    /// <summary>The defaults, as a file would write them. A key that is absent has no default.</summary>
    internal static SettingsLayer Defaults(RunMode mode)
    {
        var layer = new SettingsLayer();
        layer.Add(NatsConnectTimeout, "30");
        layer.Add(NatsMaxAttempts, "-1");
        layer.Add(NatsWaitInterval, "15");
        layer.Add(EmbeddedPort, $"{DefaultEmbeddedPort}");
        layer.Add(EmbeddedExecutable, "nats-server");
        layer.Add(EmbeddedSync, "default");
        layer.Add(DrainTimeout, "20");
        layer.Add(MaxMessageBytes, "0");
        layer.Add(MaxInflightRequests, "16384");
        layer.Add(BatchWindow, "1024");
        layer.Add(MaxSubscriptions, "20000");
        layer.Add(MaxPendingBytes, "268435456");
        layer.Add(MaxTotalPendingBytes, $"{LimitSettings.DefaultTotalPendingBytes}");
        layer.Add(MaxTotalBodyBytes, $"{LimitSettings.DefaultTotalBodyBytes}");
        layer.Add(MaxConnections, "32768");
        layer.Add(StallTimeout, "60");
        layer.Add(MaxHeaderBytes, "32768");
        layer.Add(MinBodyRate, "240");
        if (mode != RunMode.All)
        {
            layer.Add(NatsServerUri, "nats://127.0.0.1:4222");
        }

        foreach (var (server, port) in new[] { (Management, ManagementPort), (Dataplane, DataplanePort) })
        {
            layer.Add(server + PathPrefix, "/");
            layer.Add(server + ListenOn, mode == RunMode.All ? "127.0.0.1" : "0.0.0.0");
            layer.Add(server + ListenPort, $"{port}");
            layer.Add(server + ReadTimeout, "60");
            layer.Add(server + WriteTimeout, "60");
            layer.Add(server + IdleTimeout, "600");
            layer.Add(server + AllowedOrigins, "");
            layer.Add(server + AllowedHosts, "");
            layer.Add(server + RequestIdHeader, "Httpmq-Request-ID");
            layer.Add(server + DoNotLogHeaders, "WWW-Authenticate,Authorization,Proxy-Authenticate,Proxy-Authorization");
        }

        return layer;
    }

    private static string NameOf(string key) => key[(key.LastIndexOf('.') + 1)..];

    private static string ParentOf(string key) => key.LastIndexOf('.') is > 0 and var dot ? key[..dot] : "";

    private static string Pascal(string name) => string.Concat(name.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));

    private static string Normalize(string path) => path.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();

    private static IEnumerable<string> Ancestors(string key)
    {
        for (var dot = key.LastIndexOf('.'); dot > 0; dot = key.LastIndexOf('.', dot - 1))
        {
            yield return key[..dot];
        }
    }
}
