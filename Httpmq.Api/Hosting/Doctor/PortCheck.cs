using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;
using Httpmq.Infrastructure.Diagnosis;

namespace Httpmq.Api.Hosting.Doctor;

/// <summary>Whether the ports can be opened, or who has them: a gateway that answers is well. And who can reach them.</summary>
internal static class PortCheck
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(3);

    public static async Task<IReadOnlyList<CheckResult>> ExamineAsync(
        HttpmqSettings settings, TimeProvider time, CancellationToken cancellationToken)
    {
        var parts = await Task.WhenAll(settings.Served().SelectMany(served => PortsOf(served.Group, served.Server)).Select(port =>
            Examination.RunAsync(
                NameOf(port.Group),
                async token => [await ExamineAsync(port, time, token) with { Subject = port.Subject }, .. Exposure(settings, port)],
                time,
                cancellationToken)));
        return [.. parts.SelectMany(static part => part)];
    }

    /// <summary>The ports that an API has: in the clear, with TLS, or both.</summary>
    internal static IEnumerable<ApiPort> PortsOf(ApiGroup group, ApiServerSettings server)
    {
        if (server.Tls is not { Only: true })
        {
            yield return new ApiPort(group, server, Tls: null);
        }

        if (server.Tls is { } tls)
        {
            yield return new ApiPort(group, server, tls);
        }
    }

    private static string NameOf(ApiGroup group) => $"port.{group.Name}";

    private static async Task<CheckResult> ExamineAsync(ApiPort port, TimeProvider time, CancellationToken cancellationToken)
    {
        var (name, key, address) = (NameOf(port.Group), port.PortKey, port.Address);
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (address.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true; // As the server does.
            }

            socket.Bind(address);
            socket.Listen();
            return CheckResult.Ok(name, $"{address} is free");
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressAlreadyInUse)
        {
            var owner = PortOwner.Of(address.Port) is { } found ? $" by {found}" : "";
            if (port.Tls is { RequireClientCertificate: true })
            {
                return CheckResult.Ok(name, $"{address} is taken{owner}; it is not asked without a client certificate");
            }

            return await AskAsync(port, time, cancellationToken) switch
            {
                (true, null) => CheckResult.Ok(name, $"{address} is taken{owner}: Httpmq answers there, and is ready"),
                (true, { } problem) => CheckResult.Problem(
                    name, $"{address} is taken{owner}: Httpmq answers there, and is not ready: {problem}", "see the checks of NATS"),
                _ => CheckResult.Problem(
                    name,
                    $"{address} is taken{owner}, which is not this API of Httpmq",
                    $"end that program, or choose another port with {key}"),
            };
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AccessDenied)
        {
            return CheckResult.Problem(
                name,
                $"{address} may not be opened by this user",
                $"choose a port above 1023 with {key}, or permit it (CAP_NET_BIND_SERVICE)");
        }
        catch (SocketException exception)
        {
            return CheckResult.Problem(
                name, $"{address} cannot be opened: {exception.Message}",
                $"{port.AddressKey} must be an address of this machine");
        }
    }

    private static IEnumerable<CheckResult> Exposure(HttpmqSettings settings, ApiPort port)
    {
        var (name, address) = (NameOf(port.Group), port.Address.Address);
        if (IPAddress.IsLoopback(address))
        {
            yield break;
        }

        if (settings.Access is null && port.Tls is not { RequireClientCertificate: true })
        {
            yield return CheckResult.Warning(
                name,
                $"{address} can be reached from other machines, and everybody there may do everything",
                $"configure {AccessDeclaration.Section} (docs/security.md), or listen on 127.0.0.1 with {port.AddressKey}")
                with
            { Subject = port.Subject };
        }

        if (port.Tls is null)
        {
            var remedy = $"{port.Group.Name}.{ServerSettingKeys.Tls}{(port.Server.Tls is null ? string.Empty : ".only")}";
            yield return CheckResult.Warning(
                name,
                $"{address} can be reached from other machines, in the clear",
                $"set {remedy}, or let a proxy with TLS be the only one that reaches it: docs/operations.md")
                with
            { Subject = port.Subject };
        }
    }

    /// <summary>Whether it is the API of a gateway, and why that is not ready.</summary>
    private static async Task<(bool IsThere, string? Problem)> AskAsync(
        ApiPort port, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(AnswerLimit, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };

        // Which certificate it has is looked at in its file; no secret is sent.
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, shown, _, _) => shown is not null;
        using var client = new HttpClient(handler);
        try
        {
            return await IsWellAsync("alive") is null ? (true, await IsWellAsync("ready")) : (false, null);
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or OperationCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            return (false, null);
        }

        // Null: well. Whoever does not answer as Httpmq does throws.
        async Task<string?> IsWellAsync(string word)
        {
            var address = port.Address.Address;
            var host = address.Equals(IPAddress.Any) ? IPAddress.Loopback
                : address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback
                : address;
            var scheme = port.Tls is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;
            var root = new UriBuilder(scheme, host.ToString(), port.Address.Port).Uri;
            using var answer = await client.GetAsync(
                new Uri(root, $"{port.Server.PathPrefix.TrimEnd('/')}/v1/{port.Group.Root}/{word}"), ended.Token);
            using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(ended.Token));
            return body.RootElement is { ValueKind: JsonValueKind.Object } root2 && root2.TryGetProperty("success", out var success)
                ? success.ValueKind is JsonValueKind.True ? null : DetailOf(root2, answer.StatusCode)
                : throw new JsonException();
        }
    }

    private static string DetailOf(JsonElement answer, HttpStatusCode status) =>
        answer.TryGetProperty("error", out var error) && error.ValueKind is JsonValueKind.Object
            && error.TryGetProperty("detail", out var detail) && detail.ValueKind is JsonValueKind.String
            ? detail.GetString()!
            : ((int)status).ToString(CultureInfo.InvariantCulture);

    /// <summary>One port of an API.</summary>
    /// <param name="Group">The API.</param>
    /// <param name="Server">Its settings.</param>
    /// <param name="Tls">Those of the port with TLS; null: the one without.</param>
    internal sealed record ApiPort(ApiGroup Group, ApiServerSettings Server, TlsSettings? Tls)
    {
        /// <summary>What tells the two ports of an API apart; null for the one without TLS.</summary>
        public string? Subject => Tls is null ? null : "tls";

        public IPEndPoint Address => Tls is null
            ? new IPEndPoint(Server.ListenOn, Server.ListenPort)
            : new IPEndPoint(Tls.ListenOn, Tls.ListenPort);

        public string AddressKey => $"{Group.Name}.{(Tls is null ? ServerSettingKeys.ListenOn : $"{ServerSettingKeys.Tls}.listen_on")}";

        public string PortKey => $"{Group.Name}.{(Tls is null ? ServerSettingKeys.ListenPort : ServerSettingKeys.TlsListenPort)}";
    }
}
