using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Httpmq.Infrastructure.Connection;

/// <summary>How a server was found.</summary>
/// <param name="IsThere">It answers, and is not about to stop.</param>
/// <param name="Refusal">Why no connection can be made although somebody is there, in one clause; null: nothing speaks against it.</param>
/// <param name="UsesTls">The check took a TLS handshake.</param>
/// <param name="CertificateEnds">When the server's certificate ends; null without a handshake.</param>
internal readonly record struct ServerAnswer(
    bool IsThere, string? Refusal = null, bool UsesTls = false, DateTimeOffset? CertificateEnds = null);

/// <summary>
/// Asks a server for its first word, and shakes hands where the connection will be encrypted: the client library does not tell what was
/// wrong with TLS, and nats-server takes a client that leaves before the handshake for an error. It needs no login.
/// </summary>
internal sealed class ServerCheck(NatsTls tls, ServerList servers)
{
    private const int LongestInfo = 1024 * 1024;

    private bool IsFirst => tls.Mode is NatsTlsMode.First;

    /// <param name="host">Its name or address.</param>
    /// <param name="port">Its port.</param>
    /// <param name="cancellationToken">Nobody answers in time.</param>
    public async Task<ServerAnswer> AskAsync(string host, int port, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(host.Trim('[', ']'), port, cancellationToken);
        if (servers.HasWebSocket)
        {
            // The server waits for a request.
            return new ServerAnswer(IsThere: true);
        }

        try
        {
            if (IsFirst)
            {
                await using var encrypted = await ShakeHandsAsync(client.GetStream(), host, port, cancellationToken);
                var (judged, _) = Judge(await ReadInfoAsync(encrypted, cancellationToken), host, port);
                return judged with { CertificateEnds = EndOf(encrypted) };
            }

            var (answer, info) = Judge(await ReadInfoAsync(client.GetStream(), cancellationToken), host, port);
            if (answer is { IsThere: true, Refusal: null } && info.HasTls)
            {
                await using var encrypted = await ShakeHandsAsync(client.GetStream(), host, port, cancellationToken);
                return answer with { UsesTls = true, CertificateEnds = EndOf(encrypted) };
            }

            return answer;
        }
        catch (ConnectRefusedException exception)
        {
            return new ServerAnswer(IsThere: true, exception.Message, UsesTls: true);
        }
    }

    private static DateTimeOffset? EndOf(SslStream encrypted) => (encrypted.RemoteCertificate as X509Certificate2)?.NotAfter;

    private (ServerAnswer Answer, Info Info) Judge(string? line, string host, int port)
    {
        if (line is null)
        {
            return (new ServerAnswer(IsThere: false, IsFirst ? null
                : $"{host}:{port} closes the connection without a word; for a server with handshake_first set {tls.SettingName}.mode "
                    + "to 'first'"), default);
        }

        var info = Info.Read(line);
        var refusal = !info.HasTls && !IsFirst && ClientSettings.DemandsTls(tls, servers)
            ? $"{host}:{port} offers no TLS, and without TLS nothing is sent ({tls.SettingName}, or tls:// in the server's URI)"
            : info.WantsCertificate && tls.CertFile is null
            ? $"{host}:{port} demands a client certificate; set {tls.SettingName}.cert_file and {tls.SettingName}.key_file"
            : null;
        return (new ServerAnswer(!info.IsLeaving, info.IsLeaving ? null : refusal, IsFirst), info);
    }

    private async Task<SslStream> ShakeHandsAsync(Stream stream, string host, int port, CancellationToken cancellationToken)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = host.Trim('[', ']') };
        tls.Configure(options, servers);
        var encrypted = new SslStream(stream);
        try
        {
            await encrypted.AuthenticateAsClientAsync(options, cancellationToken);
            return encrypted;
        }
        catch (Exception exception)
        {
            await encrypted.DisposeAsync();
            throw exception is AuthenticationException or IOException
                ? new ConnectRefusedException(Describe(exception.GetBaseException().Message.TrimEnd('.'), options.TargetHost!, host, port))
                : exception;
        }
    }

    private string Describe(string error, string name, string host, int port) => error switch
    {
        _ when error.Contains("NameMismatch", StringComparison.Ordinal) =>
            $"the certificate of {host}:{port} is not for '{name}'; the server's URI needs a name that is in it",
        _ when error.Contains("certificate", StringComparison.Ordinal) =>
            $"the certificate of {host}:{port} is not trusted ({error}); {tls.SettingName}.ca_file says who may sign it",
        _ when IsFirst =>
            $"{host}:{port} does not begin with TLS ({error}); for a server without handshake_first set {tls.SettingName}.mode to "
                + "'require'",
        _ => $"TLS with {host}:{port} failed ({error})",
    };

    /// <summary>Its first line; null: it closed the connection before.</summary>
    private static async Task<string?> ReadInfoAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var line = new MemoryStream();
        var buffer = new byte[4096];
        while (line.Length < LongestInfo)
        {
            var length = await stream.ReadAsync(buffer, cancellationToken);
            if (length == 0)
            {
                return line.Length == 0 ? null : Text();
            }

            await line.WriteAsync(buffer.AsMemory(0, length), cancellationToken);
            if (buffer.AsSpan(0, length).Contains((byte)'\n'))
            {
                return Text();
            }
        }

        return Text();

        string Text() => System.Text.Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length);
    }

    /// <summary>What INFO says of TLS, and of the server's end.</summary>
    private readonly record struct Info(bool HasTls, bool WantsCertificate, bool IsLeaving)
    {
        public static Info Read(string line)
        {
            try
            {
                using var info = JsonDocument.Parse(line.AsMemory(Math.Max(0, line.IndexOf('{', StringComparison.Ordinal))));
                return new Info(Is("tls_required") || Is("tls_available"), Is("tls_verify"), Is("ldm"));

                bool Is(string name) =>
                    info.RootElement.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True;
            }
            catch (JsonException)
            {
                // Whatever it is; the client library says what it makes of it.
                return default;
            }
        }
    }
}
