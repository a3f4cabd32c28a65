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
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(4);

    public static async Task<IReadOnlyList<Finding>> ExamineAsync(
        HttpmqSettings settings, TimeProvider time, CancellationToken cancellationToken)
    {
        var parts = await Task.WhenAll(settings.Served().Select(served => Examination.RunAsync(
            NameOf(served.Group),
            async token =>
                [await ExamineAsync(served.Group, served.Server, time, token), .. Exposure(settings, served.Group, served.Server)],
            time,
            cancellationToken)));
        return [.. parts.SelectMany(static part => part)];
    }

    private static string NameOf(ApiGroup group) => $"port.{group.Name}";

    private static async Task<Finding> ExamineAsync(
        ApiGroup group, ApiServerSettings server, TimeProvider time, CancellationToken cancellationToken)
    {
        var (name, key) = (NameOf(group), $"{group.Name}.{ServerSettingKeys.ListenPort}");
        var address = new IPEndPoint(server.ListenOn, server.ListenPort);
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (address.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true; // As the server does.
            }

            socket.Bind(address);
            socket.Listen();
            return Finding.Ok(name, $"{address} is free");
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressAlreadyInUse)
        {
            var owner = PortOwner.Of(server.ListenPort) is { } found ? $" by {found}" : "";
            return await AskAsync(group, server, time, cancellationToken) switch
            {
                (true, null) => Finding.Ok(name, $"{address} is taken{owner}: Httpmq answers there, and is ready"),
                (true, { } problem) => Finding.Problem(
                    name, $"{address} is taken{owner}: Httpmq answers there, and is not ready: {problem}", "see the checks of NATS"),
                _ => Finding.Problem(
                    name,
                    $"{address} is taken{owner}, which is not this API of Httpmq",
                    $"end that program, or choose another port with {key}"),
            };
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AccessDenied)
        {
            return Finding.Problem(
                name,
                $"{address} may not be opened by this user",
                $"choose a port above 1023 with {key}, or permit it (CAP_NET_BIND_SERVICE)");
        }
        catch (SocketException exception)
        {
            return Finding.Problem(
                name, $"{address} cannot be opened: {exception.Message}",
                $"{group.Name}.{ServerSettingKeys.ListenOn} must be an address of this machine");
        }
    }

    private static IEnumerable<Finding> Exposure(HttpmqSettings settings, ApiGroup group, ApiServerSettings server)
    {
        if (IPAddress.IsLoopback(server.ListenOn))
        {
            yield break;
        }

        if (settings.Access is null)
        {
            yield return Finding.Warning(
                NameOf(group),
                $"{server.ListenOn} can be reached from other machines, and everybody there may do everything",
                $"configure {AccessDeclaration.Section} (docs/security.md), or listen on 127.0.0.1 with "
                    + $"{group.Name}.{ServerSettingKeys.ListenOn}");
        }

        yield return Finding.Warning(
            NameOf(group),
            $"{server.ListenOn} can be reached from other machines, in the clear",
            "let a proxy with TLS be the only one that reaches it: docs/operations.md");
    }

    /// <summary>Whether it is the API of a gateway, and why that is not ready.</summary>
    private static async Task<(bool IsThere, string? Problem)> AskAsync(
        ApiGroup group, ApiServerSettings server, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(AnswerLimit, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
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
            var host = server.ListenOn.Equals(IPAddress.Any) ? IPAddress.Loopback
                : server.ListenOn.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback
                : server.ListenOn;
            var root = new UriBuilder(Uri.UriSchemeHttp, host.ToString(), server.ListenPort).Uri;
            using var answer = await client.GetAsync(
                new Uri(root, $"{server.PathPrefix.TrimEnd('/')}/v1/{group.Root}/{word}"), ended.Token);
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
}
