using System.Net;
using System.Net.Sockets;

namespace Httpmq.Tests.Subscriptions;

/// <summary>A wire between the gateway and NATS that can be cut while both live on.</summary>
internal sealed class TcpDetour : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<TcpClient> _ends = [];
    private readonly Task _accepting;
    private int _target;
    private volatile bool _cut;
    private volatile bool _stopped;

    public TcpDetour()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Url => $"nats://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public void To(int port) => _target = port;

    /// <summary>Breaks what is connected, and lets nothing through until it is mended.</summary>
    public void Cut()
    {
        _cut = true;
        lock (_ends)
        {
            _ends.ForEach(end => end.Dispose());
            _ends.Clear();
        }
    }

    public void Mend() => _cut = false;

    public async ValueTask DisposeAsync()
    {
        Cut();
        _stopped = true;
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var near = await _listener.AcceptTcpClientAsync();
                var far = new TcpClient();
                await far.ConnectAsync(IPAddress.Loopback, _target);
                lock (_ends)
                {
                    _ends.AddRange([near, far]);
                    if (_cut)
                    {
                        near.Dispose();
                        far.Dispose();
                        continue;
                    }
                }

                _ = PumpAsync(near, far);
                _ = PumpAsync(far, near);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                if (_stopped)
                {
                    return;
                }
            }
        }
    }

    private static async Task PumpAsync(TcpClient from, TcpClient to)
    {
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream());
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut.
        }

        from.Dispose();
        to.Dispose();
    }
}
