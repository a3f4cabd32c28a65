using System.Net;
using Httpmq.Api.Hosting.Transport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Httpmq.Tests.Api.Hosting.Transport;

/// <summary>Real Kestrel on a loopback port, by default one that answers with the protocol and echoes the body.</summary>
internal sealed class DualProtocolServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private DualProtocolServer(WebApplication app) => _app = app;

    public ICollection<string> Addresses =>
        _app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;

    public Uri Address => new(Addresses.First());

    public IPEndPoint EndPoint => new(IPAddress.Loopback, Address.Port);

    public static async Task<DualProtocolServer> StartAsync(
        int port = 0,
        RequestDelegate? handler = null,
        Action<DualProtocolTransportOptions>? transport = null,
        Action<KestrelServerOptions>? kestrel = null,
        ILoggerProvider? logs = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddDualProtocolTransport();
        builder.Services.Configure(transport ?? (_ => { }));
        builder.WebHost.ConfigureKestrel(options =>
        {
            kestrel?.Invoke(options);
            options.ListenDualProtocol(new IPEndPoint(IPAddress.Loopback, port));
        });
        if (logs is not null)
        {
            builder.Logging.SetMinimumLevel(LogLevel.Trace).AddProvider(logs);
        }

        var app = builder.Build();
        app.Run(handler ?? EchoAsync);
        try
        {
            await app.StartAsync();
            return new DualProtocolServer(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public Task StopAsync(CancellationToken cancellationToken = default) => _app.StopAsync(cancellationToken);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task EchoAsync(HttpContext context)
    {
        context.Response.Headers["X-Protocol"] = context.Request.Protocol;
        // First all in, then all out: HttpClient reads nothing of an HTTP/2 answer while it still sends a body.
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        await context.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length));
    }
}
