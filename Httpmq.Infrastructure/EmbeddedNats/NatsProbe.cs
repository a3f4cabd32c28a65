using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>What a nats-server says in its first line.</summary>
internal readonly record struct NatsServerInfo(string Version, bool JetStream);

/// <summary>How JetStream answered.</summary>
internal enum JetStreamAnswer
{
    /// <summary>It answered.</summary>
    Alive,

    /// <summary>Nothing came in time, or the connection failed.</summary>
    Silent,

    /// <summary>The server says that nobody is there to answer: JetStream was switched off.</summary>
    Gone,
}

/// <summary>
/// Asks a nats-server how it is, in its own protocol (https://docs.nats.io/reference/reference-protocols/nats-protocol).
/// A full client would reconnect and buffer, which is what must not happen here.
/// </summary>
internal static class NatsProbe
{
    private static readonly byte[] AskJetStream =
    [
        .. """CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"name":"httpmq-probe"}"""u8,
        .. "\r\nSUB _INBOX.httpmq.probe 1\r\nPUB $JS.API.INFO _INBOX.httpmq.probe 0\r\n\r\n"u8,
    ];

    /// <summary>The server's INFO, or null when nothing that speaks NATS answers there within the time.</summary>
    public static async Task<NatsServerInfo?> ReadInfoAsync(int port, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
            using var reader = new StreamReader(client.GetStream());
            var line = await reader.ReadLineAsync(limit.Token);
            if (line is null || !line.StartsWith("INFO {", StringComparison.Ordinal))
            {
                return null;
            }

            using var info = JsonDocument.Parse(line.AsMemory(5));
            var root = info.RootElement;
            return new NatsServerInfo(
                root.TryGetProperty("version", out var version) ? version.GetString() ?? "" : "",
                root.TryGetProperty("jetstream", out var jetStream) && jetStream.ValueKind == JsonValueKind.True);
        }
        catch (Exception failure) when (IsExpected(failure) && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Whether JetStream's API answers within the time.</summary>
    public static async Task<JetStreamAnswer> AskJetStreamAsync(int port, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
            var stream = client.GetStream();
            await stream.WriteAsync(AskJetStream, limit.Token);
            using var reader = new StreamReader(stream);
            while (await reader.ReadLineAsync(limit.Token) is { } line)
            {
                if (line.StartsWith("MSG ", StringComparison.Ordinal))
                {
                    return JetStreamAnswer.Alive;
                }

                if (line.StartsWith("HMSG ", StringComparison.Ordinal))
                {
                    return JetStreamAnswer.Gone;
                }
            }
        }
        catch (Exception failure) when (IsExpected(failure) && !cancellationToken.IsCancellationRequested)
        {
            // Silence is the answer.
        }

        return JetStreamAnswer.Silent;
    }

    private static bool IsExpected(Exception failure) =>
        failure is SocketException or IOException or JsonException or OperationCanceledException;
}
