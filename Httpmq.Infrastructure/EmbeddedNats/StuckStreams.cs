using System.Net;
using System.Text.Json;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>
/// Asks nats-server which streams had a write error. From 2.14 on such a stream answers no publish until the server is started anew,
/// also when there is room again; clients are told nothing, and only the monitoring endpoint knows.
/// </summary>
internal sealed class StuckStreams : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // On loopback, and whatever proxy the environment names is not for us.
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = Patience }) { Timeout = Patience };
    private readonly Uri _health;

    public StuckStreams(int port, string basePath) => _health = new Uri($"http://127.0.0.1:{port}{basePath}/healthz?details=true");

    /// <summary>One clause that names the first of them and its error; empty when there is none; null when nobody answered.</summary>
    public async Task<string?> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync(_health, cancellationToken);
            return response.StatusCode == HttpStatusCode.OK ? "" : Describe(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Of the body of a 503. It lists other things as well, such as streams that could not be restored, which others look for.</summary>
    internal static string Describe(ReadOnlyMemory<byte> body)
    {
        using var answer = JsonDocument.Parse(body);
        if (!answer.RootElement.TryGetProperty("errors", out var errors) || errors.ValueKind != JsonValueKind.Array)
        {
            return "";
        }

        var stuck = errors.EnumerateArray().Select(ErrorOf).Where(static text => text.Contains("write error", StringComparison.Ordinal)).ToArray();
        return stuck.Length == 0 ? "" : $"{Describe(stuck[0])}{(stuck.Length == 1 ? "" : $" (and {stuck.Length - 1} more)")}";
    }

    /// <summary>Of a line such as <c>JetStream stream '$G > orders' critical write error: write /...: no space left on device</c>.</summary>
    internal static string Describe(string line)
    {
        var stream = line.IndexOf("'$G > ", StringComparison.Ordinal) is var start and >= 0 && line.IndexOf('\'', start + 6) is var end and > 0
            ? $"stream {line[(start + 6)..end]}"
            : "a stream";
        var cause = line.LastIndexOf(": ", StringComparison.Ordinal) is var colon and >= 0 ? line[(colon + 2)..] : line;
        return $"{stream} takes no message until nats-server is restarted, because writing it failed ({cause})";
    }

    private static string ErrorOf(JsonElement error) => error.TryGetProperty("error", out var text) ? text.GetString() ?? "" : "";
}
