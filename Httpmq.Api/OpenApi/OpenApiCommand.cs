using System.Net;
using Httpmq.Api.Configuration;
using Httpmq.Api.Hosting;
using Httpmq.Infrastructure.JetStream;
using NSwag.Generation;

namespace Httpmq.Api.OpenApi;

/// <summary>Prints an API's OpenAPI document, without serving anything: <c>httpmq openapi management|dataplane</c>.</summary>
internal static class OpenApiCommand
{
    public static async Task<int> RunAsync(string name, TextWriter output, TextWriter errors)
    {
        var group = name switch
        {
            "management" => ApiGroup.Management,
            "dataplane" => ApiGroup.Dataplane,
            _ => null,
        };
        if (group is null)
        {
            await errors.WriteLineAsync($"httpmq: openapi: '{name}' is not management or dataplane");
            return CommandLine.InvalidExitCode;
        }

        await output.WriteLineAsync(await GenerateAsync(group));
        return 0;
    }

    /// <summary>The document as JSON.</summary>
    public static async Task<string> GenerateAsync(ApiGroup group)
    {
        var server = new ApiServerSettings
        {
            PathPrefix = "/",
            ListenOn = IPAddress.Loopback,
            ListenPort = 1,
            ReadTimeout = null,
            WriteTimeout = null,
            IdleTimeout = null,
            RequestIdHeader = "Httpmq-Request-ID",
            DoNotLogHeaders = new HashSet<string>(StringComparer.OrdinalIgnoreCase),
        };
        await using var app = ApiHost.Build(group, server, new NatsOptions(), new LogSettings { Level = LogLevel.Error, Json = false }, new LimitSettings());
        var document = await app.Services.GetRequiredService<IOpenApiDocumentGenerator>().GenerateAsync("v1");
        return document.ToJson();
    }
}
