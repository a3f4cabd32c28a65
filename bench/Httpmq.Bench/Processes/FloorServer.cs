using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Httpmq.Bench.Processes;

/// <summary>
/// What a request costs where nothing is done with it: a bare Kestrel with no routing and no middleware that reads the body of a publish or
/// an acknowledgement and answers with headers and a body of the same lengths.
/// </summary>
internal static class FloorServer
{
    public const string Option = "--floor-server";
    public const string Ready = "floor: ready";

    private const string RequestId = "8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77";

    private static readonly byte[] Acknowledged = Encoding.ASCII.GetBytes($$"""{"success":true,"request_id":"{{RequestId}}"}""");

    private static readonly byte[] Published = Encoding.ASCII.GetBytes(
        $$"""{"success":true,"request_id":"{{RequestId}}","stream":"bench-publish-16","sequence":100000}""");

    public static async Task RunAsync(string port, CancellationToken stopping)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1024;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(
                IPAddress.Loopback,
                int.Parse(port, CultureInfo.InvariantCulture),
                static listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.Run(AnswerAsync);
        await app.StartAsync(stopping);
        await Console.Out.WriteLineAsync(Ready);
        await app.WaitForShutdownAsync(stopping);
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        var body = context.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync();
            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        var answer = context.Request.Path.Value!.EndsWith("/ack", StringComparison.Ordinal) ? Acknowledged : Published;
        context.Response.Headers["Httpmq-Request-ID"] = RequestId;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = answer.Length;
        var free = context.Response.BodyWriter.GetMemory(answer.Length);
        answer.CopyTo(free);
        context.Response.BodyWriter.Advance(answer.Length);
    }
}
