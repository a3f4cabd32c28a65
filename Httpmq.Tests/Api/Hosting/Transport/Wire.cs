using System.Net;
using System.Net.Sockets;
using System.Text;
using NUnit.Framework;

namespace Httpmq.Tests.Api.Hosting.Transport;

/// <summary>Clients: well-behaved ones through HttpClient, and bare sockets for the others.</summary>
internal static class Wire
{
    /// <summary>Every wait in these tests ends here at the latest: a limit for failures, never a pause.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static HttpClient Client(DualProtocolServer server, Version version, Func<Stream, Stream>? wrap = null)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                var stream = new NetworkStream(socket, ownsSocket: true);
                return wrap is null ? stream : wrap(stream);
            },
        };
        return new HttpClient(handler)
        {
            BaseAddress = server.Address,
            DefaultRequestVersion = version,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Limit,
        };
    }

    public static async Task<Socket> ConnectAsync(DualProtocolServer server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server.EndPoint);
        return socket;
    }

    public static async Task<Socket> SendAsync(DualProtocolServer server, string text)
    {
        var socket = await ConnectAsync(server);
        await socket.SendAsync(Encoding.ASCII.GetBytes(text));
        return socket;
    }

    /// <summary>What the server sends until it closes the connection; a reset ends it too.</summary>
    public static async Task<string> ReadToCloseAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(Limit);
        var received = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, limit.Token) is > 0 and var length)
            {
                received.Append(Encoding.ASCII.GetString(buffer, 0, length));
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            received.Append("<reset>");
        }

        return received.ToString();
    }

    /// <summary>One round trip. Accepting is in order, so whoever connected before has been accepted when this returns.</summary>
    public static async Task<string> RoundTripAsync(DualProtocolServer server, Version version)
    {
        using var client = Client(server, version);
        return await EchoAsync(client, "x");
    }

    /// <summary>The protocol that the server saw; fails when the body does not come back as it was sent.</summary>
    public static async Task<string> EchoAsync(HttpClient client, string body)
    {
        using var content = new StringContent(body);
        using var response = await client.PostAsync(new Uri("/", UriKind.Relative), content);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo(body));
        return response.Headers.GetValues("X-Protocol").Single();
    }
}
