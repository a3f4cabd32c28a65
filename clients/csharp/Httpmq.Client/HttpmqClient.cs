using System.Net.Security;
using System.Text;

namespace Httpmq.Client;

/// <summary>Both APIs of a gateway, over HTTP/2 connections that they share and keep. Safe for concurrent use; one is enough.</summary>
public sealed class HttpmqClient : IDisposable
{
    private readonly HttpClient _management;
    private readonly HttpClient _dataplane;

    private HttpmqClient(HttpClient management, HttpClient dataplane)
    {
        (_management, _dataplane) = (management, dataplane);
        Management = new ManagementClient(management);
        Dataplane = new DataplaneClient(dataplane);
    }

    /// <summary>Streams and consumers.</summary>
    public ManagementClient Management { get; }

    /// <summary>Publish, receive, settle, read.</summary>
    public DataplaneClient Dataplane { get; }

    /// <summary>Creates a client; it connects when it is first used.</summary>
    /// <param name="managementUri">Such as <c>http://127.0.0.1:3000</c>, with the path prefix if the gateway has one.</param>
    /// <param name="dataplaneUri">Such as <c>http://127.0.0.1:3001</c>, with the path prefix if the gateway has one.</param>
    public static HttpmqClient Create(Uri managementUri, Uri dataplaneUri) => Create(managementUri, dataplaneUri, new());

    /// <inheritdoc cref="Create(Uri, Uri)"/>
    /// <param name="managementUri">Such as <c>https://mq.example:3443</c>, with the path prefix if the gateway has one.</param>
    /// <param name="dataplaneUri">Such as <c>https://mq.example:3444</c>, with the path prefix if the gateway has one.</param>
    /// <param name="tls">Whose certificates are trusted, and which one is shown.</param>
    public static HttpmqClient Create(Uri managementUri, Uri dataplaneUri, SslClientAuthenticationOptions tls)
    {
        ArgumentNullException.ThrowIfNull(tls);
        return new(Connect(managementUri, tls), Connect(dataplaneUri, tls));
    }

    /// <summary>Closes the connections; subscriptions end.</summary>
    public void Dispose()
    {
        _management.Dispose();
        _dataplane.Dispose();
    }

    private static HttpClient Connect(Uri uri, SslClientAuthenticationOptions tls) => new(new SocketsHttpHandler
    {
        SslOptions = tls,

        // A gateway takes about a thousand streams on one connection.
        EnableMultipleHttp2Connections = true,

        // A subscription may be silent for long, and a connection may be dead without a word.
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        KeepAlivePingDelay = TimeSpan.FromSeconds(30),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(15),

        // Headers of messages, as the gateway reads them.
        RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
    })
    {
        // The paths of the generated code are relative to it.
        BaseAddress = new Uri(uri.AbsoluteUri.TrimEnd('/') + "/"),
    };
}
