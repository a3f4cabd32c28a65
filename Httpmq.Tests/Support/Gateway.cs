using System.Net;
using Httpmq.Api.Access;
using Httpmq.Api.Hosting;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;
using Httpmq.Api.RateLimits;
using Httpmq.Infrastructure.Connection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Httpmq.Tests.Support;

/// <summary>
/// A management and a dataplane server: the product's own hosts, on real sockets, in this process; or, where
/// HTTPMQ_MANAGEMENT_URL and HTTPMQ_DATAPLANE_URL are set, a pair that runs already.
/// </summary>
internal sealed class Gateway : IAsyncDisposable
{
    private readonly WebApplication[] _hosts;

    private Gateway(Uri management, Uri dataplane, params WebApplication[] hosts)
    {
        _hosts = hosts;
        Management = management;
        Dataplane = dataplane;
    }

    public Uri Management { get; }

    public Uri Dataplane { get; }

    /// <summary>The management's URL with TLS; only where it was configured.</summary>
    public Uri ManagementTls => AddressOf(_hosts[0], Uri.UriSchemeHttps);

    /// <summary>The dataplane's URL with TLS; only where it was configured.</summary>
    public Uri DataplaneTls => AddressOf(_hosts[1], Uri.UriSchemeHttps);

    /// <summary>The services of the dataplane's host, for what cannot be seen from outside; in-process only.</summary>
    public IServiceProvider DataplaneServices => _hosts[1].Services;

    /// <summary>The routes of both hosts, such as <c>GET /v1/admin/stream/{stream}</c>; in-process only.</summary>
    public IEnumerable<string> Routes => _hosts
        .SelectMany(host => host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        .SelectMany(route => route.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Select(
            method => $"{method} /{route.RoutePattern.RawText}"));

    /// <summary>The pair that runs already, or null.</summary>
    public static Gateway? Running()
    {
        var management = Environment.GetEnvironmentVariable("HTTPMQ_MANAGEMENT_URL");
        var dataplane = Environment.GetEnvironmentVariable("HTTPMQ_DATAPLANE_URL");
        return management is null || dataplane is null ? null : new Gateway(new Uri(management), new Uri(dataplane));
    }

    /// <summary>Starts a pair against this NATS.</summary>
    public static async Task<Gateway> StartAsync(
        string natsUrl,
        Func<ApiServerSettings, ApiServerSettings>? configure = null,
        Func<NatsOptions, NatsOptions>? configureNats = null,
        LimitSettings? limits = null,
        ICallerSource? callers = null,
        ConfiguredCallers? access = null,
        RateLimiter? rates = null)
    {
        var options = new NatsOptions
        {
            Url = natsUrl,
            ConnectTimeout = TimeSpan.FromSeconds(2),
            ReconnectWait = TimeSpan.FromMilliseconds(100),
        };
        var nats = configureNats?.Invoke(options) ?? options;
        var server = configure?.Invoke(DefaultServer) ?? DefaultServer;
        var log = new ProcessLog(new LogSettings { Level = LogLevel.Error, Json = false });
        limits ??= new LimitSettings();
        var management = ApiHost.Build(ApiGroup.Management, server, nats, log, limits, callers: callers, access: access, rates: rates);
        var dataplane = ApiHost.Build(ApiGroup.Dataplane, server, nats, log, limits, callers: callers, access: access, rates: rates);
        await management.StartAsync();
        await dataplane.StartAsync();
        return new Gateway(AddressOf(management), AddressOf(dataplane), management, dataplane);
    }

    /// <summary>A client of both ports that speaks this protocol version: 1.1, or 2.0 with prior knowledge.</summary>
    public GatewayClient Client(Version? version = null) => new(this, version ?? HttpVersion.Version20);

    /// <summary>Stops the dataplane as a shutdown would: subscriptions are drained.</summary>
    public Task StopDataplaneAsync() => _hosts[1].StopAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.StopAsync();
            await host.DisposeAsync();
        }
    }

    private static ApiServerSettings DefaultServer { get; } = new()
    {
        PathPrefix = "/",
        ListenOn = IPAddress.Loopback,
        ListenPort = 0,
        ReadTimeout = TimeSpan.FromSeconds(60),
        WriteTimeout = TimeSpan.FromSeconds(60),
        IdleTimeout = TimeSpan.FromSeconds(600),
        RequestIdHeader = "Httpmq-Request-ID",
        DoNotLogHeaders = new HashSet<string>(StringComparer.OrdinalIgnoreCase),
    };

    private static Uri AddressOf(WebApplication host, string scheme = "") =>
        new(host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .First(address => address.StartsWith(scheme, StringComparison.Ordinal)));
}
