using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

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

    /// <summary>What is sent arrives a millisecond later or two, in order.</summary>
    public bool Delayed { get; init; }

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

    private async Task PumpAsync(TcpClient from, TcpClient to)
    {
        try
        {
            await (Delayed ? CopySlowlyAsync(from.GetStream(), to.GetStream()) : from.GetStream().CopyToAsync(to.GetStream()));
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut.
        }

        from.Dispose();
        to.Dispose();
    }

    private static async Task CopySlowlyAsync(NetworkStream from, NetworkStream to)
    {
        var way = Channel.CreateUnbounded<byte[]>();
        var arriving = ArriveAsync(way.Reader, to);
        var buffer = new byte[64 * 1024];
        while (await from.ReadAsync(buffer) is > 0 and var read)
        {
            way.Writer.TryWrite(buffer[..read]);
        }

        way.Writer.Complete();
        await arriving;
    }

    private static async Task ArriveAsync(ChannelReader<byte[]> way, NetworkStream to)
    {
        using var clock = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (await way.WaitToReadAsync())
        {
            await clock.WaitForNextTickAsync();
            for (var count = way.Count; count > 0; count--)
            {
                await to.WriteAsync(await way.ReadAsync());
            }
        }
    }
}
