using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>
/// Asks nats-server which streams had a write error. From 2.14 on such a stream answers no publish until the server is started anew,
/// also when there is room again; clients are told nothing, and only the monitoring endpoint knows.
/// </summary>
internal sealed class StuckStreams(int port, string basePath)
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(2);

    // HTTP/1.0, so that the answer ends with the connection. An HTTP client of its own would be the only one in this layer.
    private readonly byte[] _request = Encoding.ASCII.GetBytes(
        $"GET {basePath}/healthz?details=true HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n");

    /// <summary>One clause that names the first of them and its error; empty when there is none; null when nobody answered.</summary>
    public async Task<string?> AskAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeLimit);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
            var stream = client.GetStream();
            await stream.WriteAsync(_request, limit.Token);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            var answer = await reader.ReadToEndAsync(limit.Token);
            return Read(answer);
        }
        catch (Exception failure) when (failure is SocketException or IOException or JsonException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>Of a whole answer; null for one that is neither 200 nor 503.</summary>
    internal static string? Read(string answer)
    {
        var status = answer.Split(' ', 3) is [_, var code, _] ? code : "";
        var body = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return status switch
        {
            "200" => "",
            "503" when body > 0 => Describe(Encoding.UTF8.GetBytes(answer[(body + 4)..]).AsMemory()),
            _ => null,
        };
    }

    /// <summary>
    /// Of the body of a 503. It lists other things as well, such as streams that could not be restored, which others look for.
    /// </summary>
    internal static string Describe(ReadOnlyMemory<byte> body)
    {
        using var answer = JsonDocument.Parse(body);
        if (!answer.RootElement.TryGetProperty("errors", out var errors) || errors.ValueKind != JsonValueKind.Array)
        {
            return "";
        }

        var stuck = errors.EnumerateArray().Select(ErrorOf)
            .Where(static text => text.Contains("write error", StringComparison.Ordinal)).ToArray();
        return stuck.Length == 0 ? "" : $"{Describe(stuck[0])}{(stuck.Length == 1 ? "" : $" (and {stuck.Length - 1} more)")}";
    }

    /// <summary>
    /// Of a line such as <c>JetStream stream '$G > orders' critical write error: write /...: no space left on device</c>.
    /// </summary>
    internal static string Describe(string line)
    {
        var stream = line.IndexOf("'$G > ", StringComparison.Ordinal) is var start and >= 0
            && line.IndexOf('\'', start + 6) is var end and > 0
            ? $"stream {line[(start + 6)..end]}"
            : "a stream";
        var cause = line.LastIndexOf(": ", StringComparison.Ordinal) is var colon and >= 0 ? line[(colon + 2)..] : line;
        return $"{stream} takes no message until nats-server is restarted, because writing it failed ({cause})";
    }

    private static string ErrorOf(JsonElement error) => error.TryGetProperty("error", out var text) ? text.GetString() ?? "" : "";
}
