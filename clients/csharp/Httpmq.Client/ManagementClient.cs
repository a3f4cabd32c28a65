using System.Net;

namespace Httpmq.Client;

/// <summary>Streams and consumers. <see cref="HttpmqClient"/> creates one.</summary>
public partial class ManagementClient
{
    /// <summary>2.0, from the first byte as the gateway speaks it without TLS; 1.1 where something in between speaks no HTTP/2.</summary>
    public Version ProtocolVersion { get; set; } = HttpVersion.Version20;

    // So that an exception can show what somebody else answered, such as a proxy.
    partial void Initialize() => ReadResponseAsString = true;

    partial void PrepareRequest(HttpClient client, HttpRequestMessage request, string url) =>
        (request.Version, request.VersionPolicy) = (ProtocolVersion, HttpVersionPolicy.RequestVersionExact);
}
