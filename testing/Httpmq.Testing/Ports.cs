using System.Net;
using System.Net.Sockets;

namespace Httpmq.Testing;

/// <summary>
/// Free loopback ports, below the range from which the system takes those of outgoing connections: a server that is started
/// again must find its port as it left it.
/// </summary>
internal static class Ports
{
    private const int Lowest = 20_000;
    private const int Highest = 32_000;

    // One after the other, so that nobody in this process gets the same one again soon.
    private static int _next = Random.Shared.Next(Highest - Lowest);

    public static int Free()
    {
        while (true)
        {
            var port = Lowest + (int)((uint)Interlocked.Increment(ref _next) % (Highest - Lowest));
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: another one.
            }
        }
    }
}
