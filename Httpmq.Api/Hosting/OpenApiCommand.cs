using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;
using Httpmq.Infrastructure.Connection;
using NSwag.Generation;

namespace Httpmq.Api.Hosting;

/// <summary>Prints an API's OpenAPI document, without serving anything: <c>httpmq openapi management|dataplane</c>.</summary>
internal static class OpenApiCommand
{
    private const string Usage = "choose the API: httpmq openapi management, or httpmq openapi dataplane";

    private static readonly ApiGroup[] Groups = [ApiGroup.Management, ApiGroup.Dataplane];

    /// <param name="names">What follows <c>openapi</c> on the command line: one name.</param>
    /// <param name="output">Receives the document.</param>
    /// <param name="errors">Receives what is wrong with the names.</param>
    public static async Task<int> RunAsync(string[] names, TextWriter output, TextWriter errors)
    {
        var group = names is [var name] ? Array.Find(Groups, group => string.Equals(group.Name, name, StringComparison.Ordinal)) : null;
        if (group is null)
        {
            var given = names.Length == 0
                ? ""
                : $"{PlainText.Quote(PlainText.OneLine(string.Join(' ', names)))} is not management or dataplane; ";
            await errors.WriteLineAsync($"httpmq: openapi: {given}{Usage}");
            return CommandLine.InvalidExitCode;
        }

        await output.WriteLineAsync(await GenerateAsync(group));
        return 0;
    }

    /// <summary>The document as JSON.</summary>
    public static async Task<string> GenerateAsync(ApiGroup group)
    {
        var settings = Declaration.Defaults(RunMode.All);
        var server = group == ApiGroup.Management ? settings.Management : settings.Dataplane;
        await using var app = ApiHost.Build(group, server, new NatsOptions(), new ProcessLog(settings.Log), settings.Limits);
        var document = await app.Services.GetRequiredService<IOpenApiDocumentGenerator>().GenerateAsync("v1");
        return document.ToJson();
    }
}
