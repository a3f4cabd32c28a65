using System.Text;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>
/// A part of the v1 contract, over one protocol, with requests as exact as a test writes them: the path is sent as it is, and
/// a body has no content type unless the test gives one.
/// </summary>
[Category(ServerUnderTest.Category)]
internal abstract class ContractTest(string version)
{
    private HttpClient _http = null!;

    protected static Gateway Gateway => SharedServers.Gateway;

    protected bool IsHttp2 => version is "2.0";

    /// <summary>Speaks in intentions, where the wire is not what is tested.</summary>
    protected GatewayClient Client { get; private set; } = null!;

    [OneTimeSetUp]
    public void Connect()
    {
        Client = Gateway.Client(Version.Parse(version));
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ResponseDrainTimeout = TimeSpan.Zero,
            RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
        });
    }

    [OneTimeTearDown]
    public void Disconnect()
    {
        Client.Dispose();
        _http.Dispose();
    }

    protected Task<WireAnswer> ManageAsync(string method, string target, string? body = null, string? headers = null) =>
        SendAsync(Gateway.Management, method, target, Content(body), headers);

    protected Task<WireAnswer> DataAsync(string method, string target, string? body = null, string? headers = null) =>
        SendAsync(Gateway.Dataplane, method, target, Content(body), headers);

    protected async Task<WireAnswer> SendAsync(Uri server, string method, string target, HttpContent? body, string? headers = null)
    {
        using var response = await OpenAsync(server, method, target, body, headers);
        return await WireAnswer.ReadAsync(response);
    }

    /// <summary>Returns when the headers are here.</summary>
    /// <param name="server">One of the two ports.</param>
    /// <param name="method">The method.</param>
    /// <param name="target">Path and query, sent as they are.</param>
    /// <param name="body">The body, or null.</param>
    /// <param name="headers">Lines of "name: value", split by " &amp; ".</param>
    protected async Task<HttpResponseMessage> OpenAsync(Uri server, string method, string target, HttpContent? body, string? headers = null)
    {
        var uri = new Uri(server.GetLeftPart(UriPartial.Authority)
            + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(new HttpMethod(method), uri)
        {
            Content = body,
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        foreach (var line in headers?.Split(" & ") ?? [])
        {
            var (name, value) = (line[..line.IndexOf(':')], line[(line.IndexOf(':') + 1)..].Trim());
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content!.Headers.Remove(name);
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static ByteArrayContent? Content(string? body) => body is null ? null : new ByteArrayContent(Encoding.UTF8.GetBytes(body));
}
