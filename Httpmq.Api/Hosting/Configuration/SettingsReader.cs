using System.Net;
using Httpmq.Api.Http;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>Puts the layers together, applies the rule of each key to the value that won, and collects all that is wrong.</summary>
internal sealed class SettingsReader
{
    private readonly Findings _findings;
    private readonly IReadOnlyList<SettingsLayer> _layers;

    /// <param name="findings">Receives one line for each wrong value.</param>
    /// <param name="layers">The sources, from the weakest to the strongest.</param>
    internal SettingsReader(Findings findings, params SettingsLayer[] layers)
    {
        var builder = new ConfigurationBuilder();
        foreach (var layer in layers)
        {
            builder.Add(layer);
        }

        _findings = findings;
        _layers = [.. builder.Build().Providers.OfType<SettingsLayer>().Reverse()];
    }

    /// <summary>The settings; worth something only if no problem was found.</summary>
    internal HttpmqSettings Read(RunMode mode, LogSettings log)
    {
        var settings = new HttpmqSettings
        {
            Mode = mode,
            Log = log,
            Nats = new NatsSettings
            {
                ServerUri = ReadOptional(SettingKeys.NatsServerUri, SettingRules.NatsUri),
                ConnectTimeout = Read(SettingKeys.NatsConnectTimeout, SettingRules.Seconds),
                MaxReconnectAttempts = Read(SettingKeys.NatsMaxAttempts, SettingRules.Attempts),
                ReconnectWait = Read(SettingKeys.NatsWaitInterval, SettingRules.Seconds),
            },
            EmbeddedNats = new EmbeddedNatsSettings
            {
                DataFolder = ReadOptional(SettingKeys.EmbeddedDataFolder, SettingRules.NotBlank),
                Port = Read(SettingKeys.EmbeddedPort, SettingRules.Port),
                Executable = Read(SettingKeys.EmbeddedExecutable, SettingRules.NotBlank),
                Sync = Read(SettingKeys.EmbeddedSync, SettingRules.Sync),
            },
            DrainTimeout = Read(SettingKeys.DrainTimeout, SettingRules.Seconds),
            Limits = new LimitSettings
            {
                MaxMessageBytes = Read(SettingKeys.MaxMessageBytes, SettingRules.BytesOrNone),
                MaxInflightRequests = Read(SettingKeys.MaxInflightRequests, SettingRules.InflightRequests),
                BatchWindow = Read(SettingKeys.BatchWindow, SettingRules.InflightRequests),
                MaxSubscriptions = Read(SettingKeys.MaxSubscriptions, SettingRules.Count),
                MaxPendingBytes = Read(SettingKeys.MaxPendingBytes, SettingRules.Count),
                MaxTotalPendingBytes = Read(SettingKeys.MaxTotalPendingBytes, SettingRules.Bytes),
                MaxTotalBodyBytes = Read(SettingKeys.MaxTotalBodyBytes, SettingRules.Bytes),
                MaxConnections = Read(SettingKeys.MaxConnections, SettingRules.Count),
                StallTimeout = Read(SettingKeys.StallTimeout, SettingRules.Seconds),
                MaxHeaderBytes = Read(SettingKeys.MaxHeaderBytes, SettingRules.HeaderBytes),
                MinBodyRate = Read(SettingKeys.MinBodyRate, SettingRules.BytesOrNone),
            },
            Management = ReadServer(SettingKeys.Management),
            Dataplane = ReadServer(SettingKeys.Dataplane),
        };

        if (mode == RunMode.All && _findings.Problems.Count == 0)
        {
            RequireDifferentPorts(settings);
        }

        return settings;
    }

    private ApiServerSettings ReadServer(string server) => new()
    {
        PathPrefix = Read(server + SettingKeys.PathPrefix, SettingRules.Prefix),
        ListenOn = Read(server + SettingKeys.ListenOn, SettingRules.Address),
        ListenPort = Read(server + SettingKeys.ListenPort, SettingRules.Port),
        ReadTimeout = Read(server + SettingKeys.ReadTimeout, SettingRules.Timeout),
        WriteTimeout = Read(server + SettingKeys.WriteTimeout, SettingRules.Timeout),
        IdleTimeout = Read(server + SettingKeys.IdleTimeout, SettingRules.Timeout),
        AllowedOrigins = Read(server + SettingKeys.AllowedOrigins, SettingRules.Origins),
        AllowedHosts = Read(server + SettingKeys.AllowedHosts, SettingRules.Hosts),
        RequestIdHeader = Read(server + SettingKeys.RequestIdHeader, SettingRules.HeaderName),
        DoNotLogHeaders = Read(server + SettingKeys.DoNotLogHeaders, SettingRules.HeaderNames),
    };

    // The system would refuse the second one to listen, but could not say which two keys disagree.
    private void RequireDifferentPorts(HttpmqSettings settings)
    {
        var (management, dataplane) = (settings.Management, settings.Dataplane);
        if (management.ListenPort == dataplane.ListenPort && Overlap(management.ListenOn, dataplane.ListenOn))
        {
            RefusePort(SettingKeys.Dataplane + SettingKeys.ListenPort, dataplane.ListenPort, SettingKeys.Management);
        }

        foreach (var (server, name) in new[] { (management, SettingKeys.Management), (dataplane, SettingKeys.Dataplane) })
        {
            if (settings.UsesEmbeddedNats && server.ListenPort == settings.EmbeddedNats.Port && Overlap(server.ListenOn, IPAddress.Loopback))
            {
                RefusePort(name + SettingKeys.ListenPort, server.ListenPort, "the embedded NATS server");
            }
        }
    }

    private void RefusePort(string key, int port, string owner) =>
        _findings.Problem(key, $"'{port}' is also the port of {owner}", Find(key)?.Origin ?? "");

    private static bool Overlap(IPAddress one, IPAddress other) => one.Equals(other) || IsAny(one) || IsAny(other);

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private T? ReadOptional<T>(string key, SettingRule<T> rule)
        where T : class
        => Find(key) is null ? null : Read(key, rule);

    private T Read<T>(string key, SettingRule<T> rule)
    {
        var given = Find(key) ?? throw new InvalidOperationException($"The key {key} has neither a value nor a default.");
        if (!rule.TryParse(given.Text, out var value))
        {
            var text = key is SettingKeys.NatsServerUri ? SettingText.WithoutCredentials(given.Text) : given.Text;
            _findings.Problem(key, $"{PlainText.Quote(text)} {rule.Complaint}", given.Origin);
        }

        return value!;
    }

    private GivenValue? Find(string key) =>
        _layers.Select(layer => layer.Find(key)).FirstOrDefault(given => given is not null);
}
