using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

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
    private const string AskJetStream = "SUB _INBOX.httpmq.probe 1\r\nPUB $JS.API.INFO _INBOX.httpmq.probe 0\r\n\r\n";

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
                TextOf(root, "version"), root.TryGetProperty("jetstream", out var jetStream) && jetStream.ValueKind == JsonValueKind.True);
        }
        catch (Exception failure) when (IsExpected(failure) && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Whether JetStream's API answers within the time.</summary>
    public static async Task<JetStreamAnswer> AskJetStreamAsync(
        int port, EmbeddedLogin login, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
            var stream = client.GetStream();
            using var reader = new StreamReader(stream);
            if (await reader.ReadLineAsync(limit.Token) is not { } greeting || !greeting.StartsWith("INFO {", StringComparison.Ordinal))
            {
                return JetStreamAnswer.Silent;
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes($"CONNECT {Introduce(greeting[5..], login)}\r\n{AskJetStream}"), limit.Token);
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

    private static string Introduce(string info, EmbeddedLogin login)
    {
        using var read = JsonDocument.Parse(info);
        return new JsonObject
        {
            ["verbose"] = false,
            ["pedantic"] = false,
            ["headers"] = true,
            ["no_responders"] = true,
            ["name"] = "httpmq-probe",
            ["nkey"] = login.PublicKey,
            ["sig"] = login.Sign(TextOf(read.RootElement, "nonce")),
        }.ToJsonString();
    }

    private static string TextOf(JsonElement info, string name) => info.TryGetProperty(name, out var text) ? text.GetString() ?? "" : "";

    private static bool IsExpected(Exception failure) =>
        failure is SocketException or IOException or JsonException or OperationCanceledException;
}
