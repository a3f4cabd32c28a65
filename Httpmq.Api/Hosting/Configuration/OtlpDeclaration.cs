using Httpmq.Api.Http;
using Httpmq.Infrastructure.Connection;
using OpenTelemetry.Exporter;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>
/// Where telemetry goes, in OTLP. What is null is as the variables <c>OTEL_EXPORTER_OTLP_…</c> say, or the library's default.
/// </summary>
internal sealed record OtlpSettings
{
    /// <summary>The collector, without the path of a signal.</summary>
    public Uri? Endpoint { get; init; }

    public OtlpExportProtocol? Protocol { get; init; }

    /// <summary>A file with <c>name=value</c> pairs, separated by commas; what it holds is a secret.</summary>
    public string? HeadersFile { get; init; }

    /// <summary>For the library: what the environment says, and in its place what is configured.</summary>
    /// <param name="path">The path of the signal over HTTP, such as <c>/v1/traces</c>.</param>
    public OtlpExporterOptions ToOptions(string path)
    {
        // The library's own default is gRPC; what most collectors and clouds take is HTTP.
        var options = new OtlpExporterOptions();
        options.Protocol = Protocol
            ?? (Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_PROTOCOL") is null
                ? OtlpExportProtocol.HttpProtobuf
                : options.Protocol);
        if (Endpoint is not null)
        {
            // What is set here is taken as it is, and what comes from the environment gets the path by itself.
            options.Endpoint = options.Protocol is OtlpExportProtocol.HttpProtobuf
                ? new Uri(Endpoint.AbsoluteUri.TrimEnd('/') + path)
                : Endpoint;
        }

        if (HeadersFile is not null)
        {
            options.Headers = File.ReadAllText(HeadersFile).Trim();
        }

        return options;
    }
}

/// <summary>The keys of a section <c>otlp</c>.</summary>
internal static class OtlpDeclaration
{
    private static readonly SettingRule<Uri> Endpoint = new(
        "a URL like http://127.0.0.1:4318",
        static (string text, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out Uri value) =>
            Uri.TryCreate(text, UriKind.Absolute, out value)
            && value is { Scheme: "http" or "https", Host.Length: > 0, Query: "", Fragment: "", UserInfo: "" })
    { Display = static text => WithoutQuery(SettingRules.WithoutCredentials(text)) };

    private static readonly SettingRule<string> Protocol = new(
        "'http/protobuf' or 'grpc'",
        static (string text, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out string value) =>
            (value = text) is "http/protobuf" or "grpc");

    // Some clouds take their token there.
    private static string WithoutQuery(string url) =>
        url.IndexOf('?', StringComparison.Ordinal) is var at and >= 0 ? $"{url[..at]}?***" : url;

    internal static OtlpSettings Read(SettingsSection otlp)
    {
        var endpoint = otlp.Optional(
            "endpoint", null, Endpoint, "the collector; over HTTP the path of the signal, such as `/v1/traces`, is appended",
            "`OTEL_EXPORTER_OTLP_ENDPOINT`, else `http://localhost:4318`, with gRPC `http://localhost:4317`");
        var protocol = otlp.Optional(
            "protocol", null, Protocol, "how it is spoken to", "`OTEL_EXPORTER_OTLP_PROTOCOL`, else `http/protobuf`");
        var headers = otlp.Optional(
            "headers_file", null, SettingRules.FilePath,
            "a file with headers for the collector, such as a token: `name=value`, several separated by commas; read at the start",
            "`OTEL_EXPORTER_OTLP_HEADERS`");
        if (headers is not null && SecretFile.ProblemOf(headers) is { } problem)
        {
            otlp.Refuse("headers_file", $"{PlainText.Quote(headers)} {problem}");
        }
        else if (headers is not null && SecretFile.IsOpenToAll(headers))
        {
            otlp.Warn("headers_file", $"every user of this machine can read {PlainText.Quote(headers)}; run 'chmod 600' on it");
        }

        return new OtlpSettings
        {
            Endpoint = endpoint,
            Protocol = protocol switch
            {
                null => null,
                "grpc" => OtlpExportProtocol.Grpc,
                _ => OtlpExportProtocol.HttpProtobuf,
            },
            HeadersFile = headers,
        };
    }
}
