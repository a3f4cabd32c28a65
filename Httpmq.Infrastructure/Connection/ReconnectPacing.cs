using System.Net.Sockets;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Connection;

/// <summary>
/// Decides when a connection to NATS is attempted, and to which server. Between two attempts at the same server lies the
/// configured pause, as in every NATS client; but a server that was away and answers again is taken at once, and one that
/// takes connections and says nothing (a frozen process) is passed over while another answers; the client library would wait
/// for its first word for ever. So the pause bounds how often servers that refuse us are bothered, and not how long an
/// outage lasts.
/// </summary>
internal sealed class ReconnectPacing
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongAnswer = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan OtherLook = TimeSpan.FromSeconds(1);

    // Replaced whenever one is added: attempts and events of the connection may come at the same time.
    private readonly Lock _gate = new();
    private List<Server> _servers = [];
    private readonly TimeSpan _pause;
    private readonly TimeSpan _connectTimeout;
    private readonly TimeProvider _time;
    private readonly bool _serverSpeaksFirst;
    private readonly CancellationToken _stopping;
    private bool _connected;
    private int _known;

    /// <param name="options">The configured servers and the pause.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stopping">Ends every wait.</param>
    public ReconnectPacing(NatsOptions options, TimeProvider time, CancellationToken stopping)
    {
        _pause = options.ReconnectWait;
        _connectTimeout = options.ConnectTimeout;
        _time = time;
        _stopping = stopping;
        var uris = options.Url.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(static url => new Uri(url)).ToArray();
        foreach (var uri in uris)
        {
            Known((uri.IdnHost, uri.IsDefaultPort || uri.Port < 0 ? 4222 : uri.Port));
        }

        // With TLS from the first byte, or within WebSocket, the server waits for us.
        _serverSpeaksFirst = uris.All(static uri => string.Equals(uri.Scheme, "nats", StringComparison.Ordinal));
    }

    /// <summary>How many servers are known.</summary>
    public int Servers => Math.Max(1, Volatile.Read(ref _known));

    /// <summary>An attempt succeeded: whenever that connection is lost, the first attempts need no pause.</summary>
    public void Connected() => Volatile.Write(ref _connected, true);

    /// <summary>Servers of the cluster, as the connected one names them: <c>host:port</c>.</summary>
    public void Learn(IEnumerable<string> addresses)
    {
        foreach (var address in addresses)
        {
            if (Uri.TryCreate($"nats://{address}", UriKind.Absolute, out var uri) && uri.Port > 0)
            {
                Known((uri.IdnHost, uri.Port));
            }
        }
    }

    /// <summary>Whether a server answers that is not this one: looked for once, within a second.</summary>
    public async Task<bool> HasOtherAsync((string Host, int Port) than, CancellationToken cancellationToken)
    {
        var left = Known(than);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping, cancellationToken);
        limit.CancelAfter(OtherLook);
        var looks = Volatile.Read(ref _servers).Where(server => server != left).Select(server => LookAsync(server, limit.Token)).ToList();
        try
        {
            while (looks.Count > 0)
            {
                var look = await Task.WhenAny(looks);
                looks.Remove(look);
                if (await look)
                {
                    await limit.CancelAsync();
                    return true;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody answered in time.
        }

        return false;
    }

    /// <summary>Returns when an attempt is due, with the server to try: the one that was asked for, or another that answers.</summary>
    /// <exception cref="NatsException">The attempt failed already: the server did not answer within the connect timeout.</exception>
    public async ValueTask<(string Host, int Port)> NextAsync((string Host, int Port) asked)
    {
        var wanted = Known(asked);
        var servers = Volatile.Read(ref _servers);
        if (Interlocked.Exchange(ref _connected, false))
        {
            servers.ForEach(static server => server.TriedAt = null);
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_stopping);
        var looks = servers.OrderByDescending(server => server == wanted)
            .ToDictionary(static server => server, server => LookAsync(server, ending.Token));
        try
        {
            while (true)
            {
                await Task.WhenAny(looks.Values).WaitAsync(_stopping);
                foreach (var (server, look) in looks.Where(static look => look.Value.IsCompleted).ToList())
                {
                    var answers = await look;
                    if (answers ? server.WasAway || IsDue(server) : server == wanted && IsDue(server))
                    {
                        server.TriedAt = _time.GetTimestamp();
                        server.WasAway = !answers;
                        return answers
                            ? (server.Host, server.Port)
                            : throw new NatsException($"{server.Host}:{server.Port} does not answer");
                    }

                    looks[server] = LookAgainAsync(server, ending.Token);
                }
            }
        }
        finally
        {
            await ending.CancelAsync();
        }
    }

    private bool IsDue(Server server) => server.TriedAt is not { } at || _time.GetElapsedTime(at) >= _pause;

    private Server Known((string Host, int Port) address)
    {
        lock (_gate)
        {
            var server = _servers.Find(
                server => server.Port == address.Port && string.Equals(server.Host, address.Host, StringComparison.OrdinalIgnoreCase));
            if (server is null)
            {
                server = new Server(address.Host, address.Port);
                Volatile.Write(ref _servers, [.. _servers, server]);
                Volatile.Write(ref _known, _servers.Count);
            }

            return server;
        }
    }

    private async Task<bool> LookAgainAsync(Server server, CancellationToken cancellationToken)
    {
        await Task.Delay(LookEvery, _time, cancellationToken);
        return await LookAsync(server, cancellationToken);
    }

    /// <summary>Whether a NATS server answers there. One that needed long was away, too.</summary>
    private async Task<bool> LookAsync(Server server, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_connectTimeout);
        var start = _time.GetTimestamp();
        var answers = false;
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(server.Host.Trim('[', ']'), server.Port, limit.Token);
            answers = !_serverSpeaksFirst || await SpeaksAsync(client, limit.Token);
        }
        catch (Exception exception)
            when (exception is SocketException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // That is the answer.
        }

        server.WasAway |= !answers || _time.GetElapsedTime(start) > LongAnswer;
        return answers;
    }

    /// <summary>Its first word is INFO; one that is about to stop says that there.</summary>
    private static async Task<bool> SpeaksAsync(TcpClient client, CancellationToken cancellationToken)
    {
        var word = new byte[4096];
        var length = await client.GetStream().ReadAsync(word, cancellationToken);
        return length > 0 && word.AsSpan(0, length).IndexOf("\"ldm\":true"u8) < 0;
    }

    private sealed class Server(string host, int port)
    {
        public string Host => host;

        public int Port => port;

        /// <summary>When the last attempt began.</summary>
        public long? TriedAt { get; set; }

        /// <summary>It did not answer at some time since the last attempt.</summary>
        public bool WasAway { get; set; }
    }
}
