using System.Collections.Frozen;
using System.Net;
using Httpmq.Api.Http;
using Httpmq.Api.Tls;
using static Httpmq.Api.Hosting.Configuration.SettingRules;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>
/// Every key of the configuration, once: its name, default, rule and text are in the call that reads it. Errors, help and
/// docs/configuration.md come from here.
/// </summary>
internal static class Declaration
{
    internal const string DataFolder = "embedded_nats.data_folder";

    private const string Zero = "0 is none";

    /// <summary>What other programs call an option, and the key or the end of the key that it is here.</summary>
    internal static readonly FrozenDictionary<string, string> OtherNames = Names(
        (ServerSettingKeys.ListenPort, "port p http-port"),
        (ServerSettingKeys.ListenOn, "host listen bind addr address"),
        (ServerSettingKeys.PathPrefix, "prefix"),
        (ServerSettingKeys.AllowedOrigins, "cors"),
        (Catalogue.NatsServerUri, "nats nats-url nats-uri nats-server url uri server servers"));

    /// <summary>All keys.</summary>
    internal static Catalogue Catalogue { get; } = new(root => Read(root, RunMode.Management));

    /// <summary>The settings when nobody configures anything.</summary>
    internal static HttpmqSettings Defaults(RunMode mode) =>
        Read(new SettingsSection(new ConfigurationRoot([]), new Reports()), mode);

    /// <summary>The settings; worth something only if no problem was found.</summary>
    /// <param name="root">The whole configuration.</param>
    /// <param name="mode">What the process serves.</param>
    /// <param name="checksCertificates">Whether certificates must be of use: while the process runs that is no matter of its keys.</param>
    internal static HttpmqSettings Read(SettingsSection root, RunMode mode, bool checksCertificates = true)
    {
        var settings = new HttpmqSettings
        {
            Mode = mode,
            Nats = ReadNats(root.Section(Catalogue.Nats), mode),
            EmbeddedNats = new EmbeddedNatsSettings
            {
                DataFolder = root.Optional(DataFolder, null, NotBlank, "where it stores; a folder of its own", "`~/.local/share/httpmq`"),
                Port = root.Value("embedded_nats.port", "4223", Port, "its port, on loopback"),
                Executable = root.Value(
                    "embedded_nats.executable", "nats-server", NotBlank, "what to start: a path, or a name in `PATH`",
                    "`NATS_SERVER`, else `nats-server`"),
                Sync = root.Value("embedded_nats.sync", "default", Sync, "when messages are on the disk; `always` needs 2.10 or newer"),
            },
            DrainTimeout = root.Value("shutdown.drain_timeout_sec", "20", Seconds, "how long requests and subscriptions may take to end"),
            Limits = ReadLimits(root.Section("limits"), new LimitSettings()),
            Management = ReadServer(
                root.Section(ApiGroup.ManagementName), ApiGroup.Management, mode, checksCertificates && mode is not RunMode.Dataplane),
            Dataplane = ReadServer(
                root.Section(ApiGroup.DataplaneName), ApiGroup.Dataplane, mode, checksCertificates && mode is not RunMode.Management),
            Access = AccessDeclaration.Read(root),
            Traces = TraceDeclaration.Read(root),
            RateLimits = RateLimitDeclaration.Read(root),
            Metrics = MetricsDeclaration.Read(root),
            Log = new LogSettings
            {
                Level = root.Value(
                    "log.level", "warn", Level,
                    "the lowest level that is written, unless `-l` or `LOG_LEVEL` says it; changes with the file"),
                Json = false,
            },
        };
        RequireDifferentPorts(root, settings);
        if (checksCertificates)
        {
            RequireClientAuthorities(root, settings);
        }

        return settings;
    }

    private static NatsSettings ReadNats(SettingsSection nats, RunMode mode)
    {
        var settings = NatsAccess.Read(nats, ReadNatsKeys(nats, mode));
        if (settings is { Domain: not null, ApiPrefix: { } prefix })
        {
            nats.Refuse("jetstream.api_prefix", $"{PlainText.Quote(prefix)} is given beside jetstream.domain, and only one of them may be");
        }

        return settings;
    }

    private static NatsSettings ReadNatsKeys(SettingsSection nats, RunMode mode) => new()
    {
        ServerUri = nats.Optional(
            "server_uri", mode is RunMode.All ? null : "nats://127.0.0.1:4222", NatsUri, "the NATS server, or the servers of one cluster",
            "`nats://127.0.0.1:4222`; in mode `all` none: the embedded server"),
        ConnectTimeout = nats.Value("connect_timeout_sec", "30", Seconds, "the time limit of one attempt to connect"),
        MaxReconnectAttempts = nats.Value(
            "reconnect.max_attempts", "-1", Attempts, "attempts to connect again; used up: the process ends with an error"),
        ReconnectWait = nats.Value(
            "reconnect.wait_interval_sec", "15", Seconds,
            "the pause between attempts at the same server, unless it was away and is back: then at once"),
        Domain = nats.Optional(
            "jetstream.domain", null, JetStreamDomain, "the JetStream domain whose streams are used; not of the embedded server",
            "none: that of the NATS server"),
        ApiPrefix = nats.Optional(
            "jetstream.api_prefix", null, ApiPrefix,
            "what the subjects of JetStream's API begin with, where an account imports it; instead of a domain", "none: `$JS.API`"),
    };

    private static LimitSettings ReadLimits(SettingsSection limits, LimitSettings defaults) => new()
    {
        MaxMessageBytes = limits.Value(
            "max_message_bytes", $"{defaults.MaxMessageBytes}", BytesOrNone,
            "the largest message; beyond: 413", "`0`: what the NATS server takes"),
        MaxInflightRequests = limits.Value(
            "max_inflight_requests", $"{defaults.MaxInflightRequests}", InflightRequests,
            "publishes and acknowledgements that wait for JetStream; beyond: 503"),
        BatchWindow = limits.Value(
            "batch_window", $"{defaults.BatchWindow}", InflightRequests,
            "records of one batch that wait for JetStream; the batch waits for room"),
        SettleWindow = limits.Value(
            "settle_window", $"{defaults.SettleWindow}", InflightRequests,
            "entries of all settlements together that wait for JetStream, beside one of each; the others wait for room"),
        MaxSubscriptions = limits.Value("max_subscriptions", $"{defaults.MaxSubscriptions}", Count, "that are open at once; beyond: 429"),
        MaxBatches = limits.Value("max_batches", $"{defaults.MaxBatches}", Count, "that are open at once; beyond: 429"),
        MaxPendingBytes = limits.Value(
            "max_pending_bytes", $"{defaults.MaxPendingBytes}", Count,
            "what may wait for one subscriber; beyond, its stream ends as too slow"),
        MaxTotalPendingBytes = limits.Value(
            "max_total_pending_bytes", $"{defaults.MaxTotalPendingBytes}", Bytes,
            "what may wait for all subscribers together; beyond, the one for whom the most waits is ended",
            "`1073741824`, or a quarter of the memory"),
        MaxTotalBodyBytes = limits.Value(
            "max_total_body_bytes", $"{defaults.MaxTotalBodyBytes}", Bytes,
            "what bodies of requests (of more than 4 KiB) may hold while they are read and until JetStream answers; beyond: 503",
            "`536870912`, or an eighth of the memory"),
        MaxConnections = limits.Value(
            "max_connections", $"{defaults.MaxConnections}", Count, "that are open at once on each port; beyond, a new one is closed"),
        StallTimeout = limits.Value(
            "stall_timeout_sec", $"{defaults.StallTimeout.TotalSeconds}", Seconds,
            "how long a subscriber may take nothing of what waits for it, before it is cut off"),
        MaxHeaderBytes = limits.Value(
            "max_header_bytes", $"{defaults.MaxHeaderBytes}", HeaderBytes,
            "headers of a request; beyond: 431, and over HTTP/2 beyond eight times as many the end of the connection"),
        MinBodyRate = limits.Value(
            "min_body_bytes_per_sec", $"{defaults.MinBodyRate}", BytesOrNone,
            $"what a body must bring per second on average, after 5 s of grace; {Zero}; slower: 408"),
    };

    private static ApiServerSettings ReadServer(SettingsSection server, ApiGroup group, RunMode mode, bool checksCertificates)
    {
        var settings = ReadServerKeys(server, group, mode);

        // Where the address is wrong it is null, and was named.
        return settings with { Tls = TlsDeclaration.Read(server, group, $"{settings.ListenOn ?? IPAddress.Any}", checksCertificates) };
    }

    private static ApiServerSettings ReadServerKeys(SettingsSection server, ApiGroup group, RunMode mode) => new()
    {
        PathPrefix = server.Value(ServerSettingKeys.PathPrefix, "/", Prefix, "what all paths start with; a missing leading slash is added"),
        ListenOn = server.Value(
            ServerSettingKeys.ListenOn, mode is RunMode.All ? "127.0.0.1" : "0.0.0.0", Address, "the address to listen on",
            "`0.0.0.0`; in mode `all` `127.0.0.1`, so that a first try is closed to other machines"),
        ListenPort = server.Value(ServerSettingKeys.ListenPort, $"{group.DefaultPort}", Port, "the port to listen on"),
        ReadTimeout = server.Value(
            "api_server.server_config.read_timeout_sec", "60", SecondsOrNone, $"the time limit to read a request; {Zero}"),
        WriteTimeout = server.Value(
            "api_server.server_config.write_timeout_sec", "60", SecondsOrNone,
            $"how long a client may leave what is written to it waiting; {Zero}; never cuts a live subscription"),
        IdleTimeout = server.Value(
            "api_server.server_config.idle_timeout_sec", "600", SecondsOrNone, $"how long a connection without requests is kept; {Zero}"),
        AllowedOrigins = server.Value(ServerSettingKeys.AllowedOrigins, "", Origins, "origins whose web pages may use this API"),
        AllowedHosts = server.Value(
            ServerSettingKeys.AllowedHosts, "", Hosts,
            "names that this API may be called by, beside loopback names. Without it: over loopback (a proxy on the same machine, too) "
            + "loopback names and the machine's own, over other connections every name"),
        TrustedProxies = server.Value(
            ServerSettingKeys.TrustedProxies, "", Networks,
            "proxies whose `X-Forwarded-For` says which address a request comes from, for `rate_limits` and logs; the header of others is "
            + "ignored"),
        RequestIdHeader = server.Value(
            "api_server.logging_config.request_id_header", "Httpmq-Request-ID", HeaderName, "carries the request id in and out"),
        DoNotLogHeaders = server.Value(
            "api_server.logging_config.do_not_log_headers", "WWW-Authenticate,Authorization,Proxy-Authenticate,Proxy-Authorization",
            HeaderNames, "headers whose values are never logged; compared without regard to case"),
    };

    // Nobody could show a certificate.
    private static void RequireClientAuthorities(SettingsSection root, HttpmqSettings settings)
    {
        (string Name, ApiServerSettings Server)[] all =
            [(ApiGroup.ManagementName, settings.Management), (ApiGroup.DataplaneName, settings.Dataplane)];
        var served = Array.FindAll(all, one => settings.Serves(one.Name));
        if (settings.Access is { Certificates.Count: > 0 } && Array.TrueForAll(served, static one => one.Server.Tls?.ClientCaFile is null))
        {
            var keys = served.Select(static one => $"{one.Name}.{ServerSettingKeys.Tls}.{TlsFiles.AuthoritiesKey}");
            root.Refuse($"{AccessDeclaration.Section}.mtls", $"needs {string.Join(" or ", keys)}");
        }
    }

    // The system would refuse the second one to listen, but could not say which two keys disagree.
    private static void RequireDifferentPorts(SettingsSection root, HttpmqSettings settings)
    {
        if (root.HasProblems)
        {
            return;
        }

        var taken = new List<(string Owner, IPAddress Address, int Port)>();
        if (settings.UsesEmbeddedNats)
        {
            taken.Add(("the embedded NATS server", IPAddress.Loopback, settings.EmbeddedNats.Port));
        }

        var (management, dataplane) = ((ApiGroup.ManagementName, settings.Management), (ApiGroup.DataplaneName, settings.Dataplane));
        foreach (var (name, server) in new[] { management, dataplane }.Where(one => settings.Serves(one.Item1)))
        {
            if (server.Tls is not { Only: true })
            {
                Take(name, $"{name}.{ServerSettingKeys.ListenPort}", server.ListenOn, server.ListenPort);
            }

            if (server.Tls is { } tls)
            {
                Take($"{name} with TLS", $"{name}.{ServerSettingKeys.TlsListenPort}", tls.ListenOn, tls.ListenPort);
            }
        }

        if (settings.Metrics is { } metrics)
        {
            Take(
                MetricsDeclaration.Section,
                $"{MetricsDeclaration.Section}.{MetricsDeclaration.ListenPort}",
                metrics.ListenOn,
                metrics.ListenPort);
        }

        void Take(string owner, string key, IPAddress address, int port)
        {
            foreach (var other in taken.Where(other => other.Port == port && Overlap(other.Address, address)))
            {
                root.Refuse(key, $"'{port}' is also the port of {other.Owner}");
            }

            taken.Add((owner, address, port));
        }
    }

    private static bool Overlap(IPAddress one, IPAddress other) => one.Equals(other) || IsAny(one) || IsAny(other);

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static FrozenDictionary<string, string> Names(params (string Key, string Names)[] keys) => keys
        .SelectMany(key => key.Names.Split(' '), (key, name) => KeyValuePair.Create(name, key.Key))
        .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
}
