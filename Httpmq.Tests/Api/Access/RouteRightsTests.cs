using System.Net;
using System.Text;
using Httpmq.Tests.Api.Http;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Access;

/// <summary>
/// Every route, asked by everybody, over sockets: the table in docs/security.md. NATS is not there, so who is let through is answered 503.
/// </summary>
internal sealed class RouteRightsTests
{
    private const string Page = "docs/security.md";
    private const string Begin = "<!-- rights: made by asking each route, by `make snapshots` -->\n";
    private const string End = "<!-- end of rights -->";

    private const string Head =
        "\n| route | nobody | wrong key | wrong certificate | `publish` | `consume` | `consume`, by certificate | `read` | `admin` |"
        + "\n|---|---|---|---|---|---|---|---|---|\n";

    private const string Yaml = """
        dataplane: { api_server: { tls: { cert_file: c, key_file: k, client_ca_file: a } } }
        auth:
          mtls: [{ san: worker.corp, roles: [worker] }]
          api_keys:
            - { name: publisher, sha256: "{sha256:publisher}", roles: [publisher] }
            - { name: worker, sha256: "{sha256:worker}", roles: [worker] }
            - { name: reader, sha256: "{sha256:reader}", roles: [reader] }
            - { name: ops, sha256: "{sha256:ops}", roles: [ops] }
          roles:
            publisher: { publish: { allow: ["a"] } }
            worker: { consume: { allow: ["s/c"] } }
            reader: { read: { allow: [">"] } }
            ops: { admin: { allow: ["*"] } }
        """;

    [Test]
    public async Task Routes_AskedByEverybody_PermitWhatTheTableSays()
    {
        await using var server = await TlsGateway.StartAsync(
            configure: static (tls, authority) => tls with { ClientCaFile = authority }, access: Yaml);
        using var known = server.Authority.ClientOf(["worker.corp"]);
        using var unknown = server.Authority.ClientOf(["another.corp"]);
        using HttpClient nobody = server.Client(), stranger = server.Client(shown: unknown), certified = server.Client(shown: known);
        (HttpClient Client, string? Key)[] everybody =
        [
            (nobody, null), (nobody, "wrong"), (stranger, null), (nobody, "publisher"), (nobody, "worker"), (certified, null),
            (nobody, "reader"), (nobody, "ops"),
        ];
        var table = new StringBuilder(Head);
        foreach (var route in CallerMiddlewareTests.Routes().Where(static route => route.Method is not "HEAD"))
        {
            var answers = await Task.WhenAll(everybody.Select(caller => AskAsync(server, caller.Client, route, caller.Key)));
            table.Append($"| `{route.Name}` | {string.Join(" | ", answers)} |\n");
        }

        var page = Repository.Read(Page);
        var (begin, end) = (page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, page.IndexOf(End, StringComparison.Ordinal));
        Snapshot.Check(Page, $"{page[..begin]}{table}\n{page[end..]}");
    }

    private static async Task<string> AskAsync(TlsGateway server, HttpClient http, SampleRequest route, string? key)
    {
        var api = route.Path.StartsWith("/v1/admin", StringComparison.Ordinal) ? server.Management : server.Dataplane;
        using var request = new HttpRequestMessage(new HttpMethod(route.Method), new Uri(api, route.Path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = route.Body is null ? null : new StringContent(route.Body, Encoding.UTF8, "application/json"),
        };
        if (key is not null)
        {
            request.Headers.Add("X-API-Key", key);
        }

        using var answer = await http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();

        // Of a batch each record is judged by itself.
        var status = text.Contains("\"code\":403", StringComparison.Ordinal) ? HttpStatusCode.Forbidden : answer.StatusCode;
        return status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? $"{(int)status}" : "yes";
    }
}
