using System.Net;
using System.Text;
using Httpmq.Api.Configuration;
using Httpmq.Api.Errors;
using Httpmq.Api.Hosting.Transport;
using Httpmq.Api.OpenApi;
using Httpmq.Api.Serialization;
using Httpmq.Api.Streaming;
using Httpmq.Application;
using Httpmq.Infrastructure;
using Httpmq.Infrastructure.JetStream;
using Microsoft.AspNetCore.Mvc.Controllers;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Httpmq.Api.Hosting;

/// <summary>
/// Builds the host of one API: its own Kestrel, its own connection to NATS, its own settings. A process in mode "all" runs
/// two of them (docs/adr/0004-one-host-per-api-group.md).
/// </summary>
internal static class ApiHost
{
    public static WebApplication Build(ApiGroup group, ApiServerSettings server, NatsOptions nats, LogSettings log)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = typeof(ApiHost).Assembly.GetName().Name });
        builder.Configuration.Sources.Clear();
        builder.Logging.Configure(log);
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, server));
        builder.Services.AddSingleton<IHostLifetime, ProcessOwnsSignals>();
        builder.Services.AddSingleton(server);
        builder.Services.AddDualProtocolTransport();
        builder.Services.AddJetStream(nats);
        builder.Services.AddApplication();
        builder.Services.AddSingleton<SubscriptionPumps>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<SubscriptionPumps>());
        builder.Services
            .AddControllers(mvc =>
            {
                mvc.InputFormatters.Clear();
                mvc.InputFormatters.Add(new JsonBodyFormatter());
                mvc.SuppressImplicitRequiredAttributeForNonNullableReferenceTypes = true;
            })
            .ConfigureApplicationPartManager(parts =>
            {
                parts.FeatureProviders.Clear();
                parts.FeatureProviders.Add(new GroupControllers(group));
            });
        builder.Services.AddOpenApi(group, server);

        var app = builder.Build();
        if (server.PathPrefix is not "/")
        {
            app.UsePathPrefix(server.PathPrefix);
        }

        app.UseMiddleware<RequestIdMiddleware>(server.RequestIdHeader);
        app.UseMiddleware<AccessLogMiddleware>();
        app.UseMiddleware<ErrorMiddleware>();
        app.UseOpenApiAndSwagger(group, server);
        app.UseRouting();
        app.UseMiddleware<ExactPathMiddleware>();
        app.MapControllers();
        return app;
    }

    private static void Configure(KestrelServerOptions kestrel, ApiServerSettings server)
    {
        kestrel.AddServerHeader = false;

        // The largest message is known to NATS alone; every route that reads a body bounds it while reading.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.KeepAliveTimeout = server.IdleTimeout ?? Timeout.InfiniteTimeSpan;
        kestrel.Limits.RequestHeadersTimeout = server.ReadTimeout ?? Timeout.InfiniteTimeSpan;

        // A subscription is a stream that stays open: 100, the default, would surprise a client that multiplexes.
        kestrel.Limits.Http2.MaxStreamsPerConnection = 1024;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 1024 * 1024;
        kestrel.RequestHeaderEncodingSelector = _ => Encoding.UTF8;
        kestrel.ResponseHeaderEncodingSelector = _ => Encoding.UTF8;
        kestrel.ListenDualProtocol(new IPEndPoint(server.ListenOn, server.ListenPort));
    }

    /// <summary>Serves below the prefix only: any other path is unknown.</summary>
    private static void UsePathPrefix(this WebApplication app, string prefix)
    {
        app.UsePathBase(prefix);
        app.Use((context, next) =>
        {
            if (!context.Request.PathBase.HasValue)
            {
                context.Request.Path = "/";
            }

            return next(context);
        });
    }
}

/// <summary>Signals are the process's business, not that of one of its hosts.</summary>
internal sealed class ProcessOwnsSignals : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
