using Httpmq.Api.Access;
using Httpmq.Api.Http;
using Httpmq.Api.RateLimits;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.EmbeddedNats;

namespace Httpmq.Api.Hosting.Configuration;

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

/// <summary>
/// Everything that can be configured, validated: whoever holds one need not check it again. Defaults and rules: <see cref="Declaration"/>.
/// </summary>
internal sealed record HttpmqSettings
{
    public required RunMode Mode { get; init; }

    public required LogSettings Log { get; init; }

    public required NatsSettings Nats { get; init; }

    public required EmbeddedNatsSettings EmbeddedNats { get; init; }

    public required TimeSpan DrainTimeout { get; init; }

    public required LimitSettings Limits { get; init; }

    /// <summary>Always filled in and valid, whether the mode serves it or not.</summary>
    public required ApiServerSettings Management { get; init; }

    /// <inheritdoc cref="Management"/>
    public required ApiServerSettings Dataplane { get; init; }

    /// <summary>Who may do what; null: everybody may do everything.</summary>
    public AccessSettings? Access { get; init; }

    /// <summary>Where spans go; null: there are none.</summary>
    public TraceSettings? Traces { get; init; }

    /// <summary>How much each principal and address may ask for; null: as much as they like.</summary>
    public RateLimitSettings? RateLimits { get; init; }

    /// <summary>Where metrics go; null: nothing is measured.</summary>
    public MetricSettings? Metrics { get; init; }

    /// <summary>The configuration file; null where there is none.</summary>
    public string? ConfigFile { get; init; }

    /// <param name="api">The name of an API.</param>
    /// <returns>Whether this process serves it.</returns>
    public bool Serves(string api) => Mode switch
    {
        RunMode.Management => api is ApiGroup.ManagementName,
        RunMode.Dataplane => api is ApiGroup.DataplaneName,
        _ => true,
    };

    /// <summary>True when this process runs its own NATS server: mode <see cref="RunMode.All"/> and nobody named another.</summary>
    public bool UsesEmbeddedNats => Mode == RunMode.All && Nats.ServerUri is null;

    /// <summary>The APIs that the mode serves, and how.</summary>
    public IEnumerable<(ApiGroup Group, ApiServerSettings Server)> Served()
    {
        if (Mode is RunMode.Management or RunMode.All)
        {
            yield return (ApiGroup.Management, Management);
        }

        if (Mode is RunMode.Dataplane or RunMode.All)
        {
            yield return (ApiGroup.Dataplane, Dataplane);
        }
    }

    /// <summary>How to reach the configured NATS server.</summary>
    public NatsOptions NatsOptions() => new()
    {
        Url = Nats.ServerUri!,
        Login = Nats.Login,
        LoginSettingName = NatsAccess.Login,
        Tls = Nats.Tls,
        ApiPrefix = Nats.ApiPrefix ?? Infrastructure.Connection.NatsOptions.ApiPrefixOf(Nats.Domain),
        ConnectTimeout = Nats.ConnectTimeout,
        MaxReconnectAttemptsName = $"{Catalogue.Nats}.reconnect.max_attempts",
        MaxReconnectAttempts = Nats.MaxReconnectAttempts,
        ReconnectWait = Nats.ReconnectWait,
    };

    /// <summary>How to start the embedded one.</summary>
    public EmbeddedNatsOptions EmbeddedNatsOptions()
    {
        var options = new EmbeddedNatsOptions { Port = EmbeddedNats.Port, Executable = EmbeddedNats.Executable, Sync = EmbeddedNats.Sync };
        return EmbeddedNats.DataFolder is { } folder ? options with { DataFolder = folder } : options;
    }
}

/// <summary>How the process logs.</summary>
internal sealed record LogSettings
{
    /// <summary>The lowest level written: Debug, Information, Warning or Error. By the command line, else by the configuration.</summary>
    public required LogLevel Level { get; init; }

    /// <summary>One JSON object per line instead of text. Set by the command line alone, as in the original.</summary>
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

    public required TimeSpan ConnectTimeout { get; init; }

    /// <summary>-1: the process never gives up.</summary>
    public required int MaxReconnectAttempts { get; init; }

    public required TimeSpan ReconnectWait { get; init; }

    /// <summary>The domain of JetStream; null: that of the connected server.</summary>
    public string? Domain { get; init; }

    /// <summary>What the subjects of JetStream's API begin with; null: as the domain says. Never given together with it.</summary>
    public string? ApiPrefix { get; init; }

    /// <summary>Who the gateway is; null: as the URI says, or nobody.</summary>
    public NatsLogin? Login { get; init; }

    /// <summary>How the connection is encrypted.</summary>
    public NatsTls Tls { get; init; } = new() { SettingName = $"{Catalogue.Nats}.{NatsAccess.TlsSection}" };

    /// <summary><see cref="ServerUri"/> without user names, passwords and tokens, for people and logs.</summary>
    public string? DisplayUri => ServerUri is null ? null : SettingRules.WithoutCredentials(ServerUri);

    // The generated text would put the password of the server into the first log line that prints the settings.
    public override string ToString() =>
        $"NatsSettings {{ ServerUri = {DisplayUri}, ConnectTimeout = {ConnectTimeout}, "
        + $"MaxReconnectAttempts = {MaxReconnectAttempts}, ReconnectWait = {ReconnectWait}, Domain = {Domain}, ApiPrefix = {ApiPrefix}, "
        + $"Login = {Login}, Tls = {Tls} }}";
}

/// <summary>The NATS server that this process starts itself; of use only with <see cref="HttpmqSettings.UsesEmbeddedNats"/>.</summary>
internal sealed record EmbeddedNatsSettings
{
    /// <summary>Where JetStream stores; null: not configured, the embedded server chooses.</summary>
    public required string? DataFolder { get; init; }

    /// <summary>The loopback port. The default is next to the port of a NATS server that may run here already.</summary>
    public required int Port { get; init; }

    public required string Executable { get; init; }

    public EmbeddedNatsSync Sync { get; init; }
}
