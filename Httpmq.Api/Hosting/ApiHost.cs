using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Httpmq.Api.Access;
using Httpmq.Api.Bodies;
using Httpmq.Api.Consumers;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Hosting.Transport;
using Httpmq.Api.Http;
using Httpmq.Api.Info;
using Httpmq.Api.OpenApi;
using Httpmq.Api.Publishing;
using Httpmq.Api.Pulling;
using Httpmq.Api.RateLimits;
using Httpmq.Api.Reading;
using Httpmq.Api.Settling;
using Httpmq.Api.Streams;
using Httpmq.Api.Subscriptions;
using Httpmq.Api.Tls;
using Httpmq.Application;
using Httpmq.Application.Publishing;
using Httpmq.Application.Settling;
using Httpmq.Infrastructure;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Telemetry;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Mvc.ApplicationParts;
using Microsoft.AspNetCore.Mvc.Controllers;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Httpmq.Api.Hosting;

/// <summary>
/// Builds the host of one API: its own Kestrel, its own connection to NATS, its own settings. A process in mode "all" runs
/// two of them (docs/adr/0004-one-host-per-api-group.md).
/// </summary>
internal static class ApiHost
{
    // Kestrel adds a second to its limits, and a sum that overflows is over at once: a time without end has to leave room for it.
    private static readonly TimeSpan NoTimeout = TimeSpan.FromDays(36_500);

    // A client that vanished without closing answers no ping.
    private static readonly TimeSpan WebSocketPing = TimeSpan.FromSeconds(60);

    public static WebApplication Build(
        ApiGroup group,
        ApiServerSettings server,
        NatsOptions nats,
        ProcessLog log,
        LimitSettings limits,
        TimeSpan? drainTimeout = null,
        ICallerSource? callers = null,
        ConfiguredCallers? access = null,
        RateLimiter? rates = null,
        LagOptions? lag = null)
    {
        var timeouts = new BodyTimeouts(server.ReadTimeout, limits.MinBodyRate, TimeProvider.System);
        var buffers = new BodyBuffers(limits.MaxTotalBodyBytes);
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ApplicationName = typeof(ApiHost).Assembly.GetName().Name });
        builder.Configuration.Sources.Clear();
        builder.Logging.Configure(log);
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, server, limits));
        builder.Services.AddSingleton<IHostLifetime, ProcessOwnsSignals>();
        if (drainTimeout is { } drain)
        {
            // Whoever stops the host ends the draining in time; its own limit is for when that fails.
            builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = drain + TimeSpan.FromSeconds(10));
        }

        builder.Services.AddSingleton(server);
        builder.Services.AddSingleton(limits);
        builder.Services.AddSingleton(timeouts);
        builder.Services.AddSingleton(buffers);
        builder.Services.AddSingleton<UnknownNames>();
        if (access is not null)
        {
            builder.Services.AddSingleton<AuditLog>();
        }

        rates ??= new RateLimiter(settings: null);
        builder.Services.AddSingleton(rates);
        builder.Services.AddSingleton<ICallerSource>(
            new LimitedCallers(callers ?? (access is null ? new AnonymousCallers() : access), rates));
        builder.Services.AddSingleton<DiagnosticSource, RejectedRequests>();
        builder.Services.AddDualProtocolTransport();
        builder.Services.AddTls(server.Tls);
        builder.Services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = Bind);
        builder.Services.AddJetStream(nats with
        {
            MaxMessageBytes = limits.MaxMessageBytes,
            MaxInflightRequests = limits.MaxInflightRequests,
            MaxPendingBytes = limits.MaxPendingBytes,
            MaxTotalPendingBytes = limits.MaxTotalPendingBytes,
        }, deliveries: group == ApiGroup.Dataplane);
        if (lag is not null)
        {
            builder.Services.AddConsumerLag(lag);
        }

        builder.Services.AddApplication(new PublishBatchOptions(limits.BatchWindow), new SettleOptions(limits.SettleWindow));
        builder.Services.AddSingleton<OpenStreams>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<OpenStreams>());
        builder.Services.AddPublishing().AddSettling().AddSubscriptions().AddPulling().AddReading();
        builder.Services.AddSingleton<AnswerLimits>();
        var controllers = new GroupControllers(group);

        // Empty: MVC would load every library that knows MVC, to look for controllers in it.
        builder.Services.AddSingleton(new ApplicationPartManager());
        var bodies = new JsonBodyFormatter(
            timeouts,
            buffers,
            [SettlingJson.Wire.Options, PullingJson.Wire.Options, StreamsJson.Wire.Options, ConsumersJson.Wire.Options]);
        builder.Services.AddSingleton(bodies);
        builder.Services
            .AddMvcCore(mvc =>
            {
                // Only the path is bound by name: a form's provider would read the body of a client that calls its JSON a form.
                mvc.ValueProviderFactories.Clear();
                mvc.ValueProviderFactories.Add(new RouteValueProviderFactory());
                mvc.InputFormatters.Clear();
                mvc.InputFormatters.Add(bodies);
                mvc.Conventions.Add(controllers);
                mvc.SuppressImplicitRequiredAttributeForNonNullableReferenceTypes = true;
            })
            .AddApiExplorer()
            .ConfigureApplicationPartManager(parts =>
            {
                parts.FeatureProviders.Clear();
                parts.FeatureProviders.Add(controllers);
            });
        builder.Services.AddPageAccess(server);
        builder.Services.AddOpenApi(group, server, StreamsJson.Wire, ConsumersJson.Wire, InfoJson.Wire);

        var app = builder.Build();
        var prefix = server.PathPrefix.TrimEnd('/');
        app.UsePathBase(prefix);
        app.UseMiddleware<RequestIdMiddleware>(server.RequestIdHeader);
        app.UseTrustedProxies(server);
        app.UseMiddleware<AccessLogMiddleware>();
        if (access is not null && group == ApiGroup.Management)
        {
            app.UseMiddleware<AuditMiddleware>();
        }

        app.UseMiddleware<HeaderLimitMiddleware>();
        app.UseMiddleware<ErrorMiddleware>(new RouteAdvice(group, server, app.Services.GetRequiredService<EndpointDataSource>()));
        app.UsePageAccess(server, group);
        app.ServeBelow(prefix);
        app.UseOnDemand(
            static context => context.Request.Path.StartsWithSegments("/swagger", StringComparison.Ordinal),
            branch =>
            {
                if (access is not null)
                {
                    branch.UseMiddleware<DocumentGuard>(access);
                }

                branch.UseOpenApiAndSwagger(group, server);
            });
        app.UseErrorPages();

        // No WebSocket is asked for by POST, the method of the hot paths.
        app.UseWhen(
            static context => !HttpMethods.IsPost(context.Request.Method),
            static branch => branch.UseWebSockets(
                new WebSocketOptions { KeepAliveInterval = WebSocketPing, KeepAliveTimeout = WebSocketPing }));
        app.UseRouting();
        app.UseMiddleware<ExactPathMiddleware>();
        app.UseMiddleware<CallerMiddleware>();
        app.UseMiddleware<BodyEncodingMiddleware>();
        app.UseMiddleware<QueryMiddleware>();
        app.MapControllers().ServeHotEndpoints(app.Services);
        return app;
    }

    private static void Configure(KestrelServerOptions kestrel, ApiServerSettings server, LimitSettings limits)
    {
        kestrel.AddServerHeader = false;

        // A proxy that takes TLS from clients and speaks HTTP/2 in the clear here passes on their scheme, https; Kestrel would reset it.
        kestrel.AllowAlternateSchemes = true;

        // The largest message is known to NATS alone; every route that reads a body bounds it while reading.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MaxConcurrentConnections = limits.MaxConnections;
        kestrel.Limits.KeepAliveTimeout = server.IdleTimeout ?? NoTimeout;
        kestrel.Limits.RequestHeadersTimeout = server.ReadTimeout ?? NoTimeout;

        // HeaderLimitMiddleware refuses less. Up to twice its limit of all headers Kestrel reads on and answers 431 without a body, beyond
        // it closes the connection, with all other streams. Nor must a single header be a reason for that.
        kestrel.Limits.MaxRequestHeaderCount = HeaderLimitMiddleware.KestrelCount;
        kestrel.Limits.MaxRequestHeadersTotalSize = HeaderLimitMiddleware.KestrelBytes(limits);
        kestrel.Limits.Http2.MaxRequestHeaderFieldSize = 2 * HeaderLimitMiddleware.KestrelBytes(limits);

        // Kestrel would close a whole HTTP/2 connection because one of its streams is sent or read slowly, with all other
        // subscriptions on it. A slow body is refused alone: BodyDeadline. A subscriber that stops reading is cut off alone:
        // OpenStreams.
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;

        // A client that vanished without closing would keep a quiet subscription, and its consumer bound, for ever.
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(60);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(60);

        // A subscription is a stream that stays open: 100, the default, would surprise a client that multiplexes.
        kestrel.Limits.Http2.MaxStreamsPerConnection = 1024;
        kestrel.Limits.Http2.InitialStreamWindowSize = OpenStreams.StreamWindow;
        kestrel.Limits.Http2.InitialConnectionWindowSize = OpenStreams.ConnectionWindow;
        kestrel.RequestHeaderEncodingSelector = _ => Encoding.UTF8;
        kestrel.ResponseHeaderEncodingSelector = _ => Encoding.UTF8;
        if (server.Tls is not { Only: true })
        {
            kestrel.ListenDualProtocol(new IPEndPoint(server.ListenOn, server.ListenPort));
        }

        if (server.Tls is { } tls)
        {
            kestrel.ListenTls(tls);
        }
    }

    /// <summary>
    /// Accepted sockets inherit the keep-alive: HTTP/1.1 has no pings, and a subscriber that vanished without closing would
    /// keep its consumer bound until the next message.
    /// </summary>
    private static Socket Bind(EndPoint endPoint)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, optionValue: true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 60);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        return socket;
    }

    /// <summary>Takes the address of a request from what trusted proxies say: the last one that none of them has.</summary>
    private static void UseTrustedProxies(this WebApplication app, ApiServerSettings server)
    {
        if (server.TrustedProxies.Count == 0)
        {
            return;
        }

        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor, ForwardLimit = null };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in server.TrustedProxies)
        {
            options.KnownIPNetworks.Add(network);
        }

        app.UseForwardedHeaders(options);
    }

    /// <summary>
    /// A branch that is built for the first request that wants it: most gateways are never asked for their document, and NSwag would cost
    /// each of them time and memory at the start.
    /// </summary>
    private static void UseOnDemand(this WebApplication app, Func<HttpContext, bool> isWanted, Action<IApplicationBuilder> configure) =>
        app.Use(next =>
        {
            var branch = new Lazy<RequestDelegate>(() =>
            {
                var builder = ((IApplicationBuilder)app).New();
                configure(builder);
                builder.Run(next);
                return builder.Build();
            });
            return context => isWanted(context) ? branch.Value(context) : next(context);
        });

    /// <summary>Serves below the prefix, as it is written; any other path is unknown.</summary>
    private static void ServeBelow(this WebApplication app, string prefix) => app.Use((context, next) =>
    {
        if (string.Equals(context.Request.PathBase.Value, prefix, StringComparison.Ordinal))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    });
}

/// <summary>Signals are the process's business, not that of one of its hosts.</summary>
internal sealed class ProcessOwnsSignals : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
