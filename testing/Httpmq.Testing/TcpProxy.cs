using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Httpmq.Testing;

/// <summary>A wire that can be cut, held or muted: it passes bytes between whoever connects and one port.</summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private const int BufferSize = 64 * 1024;
    private static readonly TimeSpan LastWord = TimeSpan.FromSeconds(2);

    private readonly TcpListener _listener;
    private readonly bool _speaksNats;
    private readonly ConcurrentDictionary<Socket, byte> _sockets = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;
    private volatile TaskCompletionSource? _held;
    private volatile bool _refusing;
    private volatile bool _muted;
    private long _latency;

    /// <param name="target">The port on loopback to which it leads; 0: it is not known yet.</param>
    /// <param name="speaksNats">Whether clients speak NATS, so that it can be muted.</param>
    public TcpProxy(int target = 0, bool speaksNats = false)
    {
        (Target, _speaksNats) = (target, speaksNats);
        Port = Ports.Free();
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>The port on loopback to which it leads new connections.</summary>
    public int Target { get; set; }

    /// <summary>Its address for clients of NATS.</summary>
    public string Url => $"nats://127.0.0.1:{Port}";

    /// <summary>Resets every connection; new ones are possible at once.</summary>
    public void Cut()
    {
        foreach (var socket in _sockets.Keys)
        {
            Reset(socket);
        }
    }

    /// <summary>Resets every connection, and every new one until <see cref="Heal"/>.</summary>
    public void Break()
    {
        _refusing = true;
        Cut();
    }

    public void Heal() => _refusing = false;

    /// <summary>For wires to NATS: leaves out the messages that the client publishes, and passes everything else.</summary>
    public void Mute() => _muted = true;

    public void Unmute() => _muted = false;

    /// <summary>Passes everything on later, as to a machine far away.</summary>
    public void Slow(TimeSpan latency) => Volatile.Write(ref _latency, latency.Ticks);

    /// <summary>Passes nothing on, while all connections stay open.</summary>
    public void Hold() => _held ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Passes on what was held, and everything from now on.</summary>
    public void Release()
    {
        var held = _held;
        _held = null;
        held?.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        Release();
        Cut();
        await _accepting;
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                _ = PassAsync(await _listener.AcceptSocketAsync(_stopping.Token));
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // A client that left before it was accepted, or the end.
            }
        }
    }

    private async Task PassAsync(Socket client)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.NoDelay = server.NoDelay = true;
        _sockets[client] = _sockets[server] = 0;
        try
        {
            if (_refusing)
            {
                return;
            }

            await server.ConnectAsync(IPAddress.Loopback, Target, _stopping.Token);
            Task[] both = [CopyAsync(client, server, _speaksNats ? new NatsFilter() : null), CopyAsync(server, client, filter: null)];

            // The last word of one end must reach the other before the wire goes away.
            await Task.WhenAny(both);
            await Task.WhenAny(Task.WhenAll(both), Task.Delay(LastWord, _stopping.Token));
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Nobody there: the client is turned away below.
        }
        finally
        {
            _sockets.TryRemove(server, out _);
            _sockets.TryRemove(client, out _);
            Reset(server);
            Reset(client);
        }
    }

    private async Task CopyAsync(Socket from, Socket to, NatsFilter? filter)
    {
        var buffer = new byte[BufferSize];
        var passed = filter is null ? buffer : new byte[BufferSize + NatsFilter.MostKept];
        try
        {
            while (await from.ReceiveAsync(buffer, _stopping.Token) is > 0 and var count)
            {
                if (Volatile.Read(ref _latency) is > 0 and var latency)
                {
                    await Task.Delay(TimeSpan.FromTicks(latency), _stopping.Token);
                }

                while (_held is { } held)
                {
                    await held.Task;
                }

                var length = filter?.Filter(buffer.AsSpan(0, count), _muted, passed) ?? count;
                for (var sent = 0; sent < length;)
                {
                    sent += await to.SendAsync(passed.AsMemory(sent, length - sent), _stopping.Token);
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One end is gone, and takes the other with it.
        }
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Closed already.
        }

        socket.Dispose();
    }
}
