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
    // Of those that were learned. Nodes that are replaced come back with other addresses, and each known one is asked at each reconnect.
    private const int MostLearned = 16;

    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan TlsCheckInterval = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongAnswer = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(1);

    // Replaced whenever one comes or goes: attempts and events of the connection may come at the same time.
    private readonly Lock _gate = new();
    private List<Server> _servers = [];
    private readonly TimeSpan _pause;
    private readonly TimeSpan _connectTimeout;
    private readonly TimeProvider _time;
    private readonly ServerCheck _check;
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
        var servers = ServerList.Of(options.Url);
        _check = new ServerCheck(options.Tls, servers);
        foreach (var uri in servers.Uris)
        {
            Known((uri.IdnHost, ServerList.PortOf(uri))).IsConfigured = true;
        }
    }

    /// <summary>How many servers are known.</summary>
    public int Servers => Math.Max(1, Volatile.Read(ref _known));

    /// <summary>An attempt succeeded: whenever that connection is lost, the first attempts need no pause.</summary>
    public void Connected() => Volatile.Write(ref _connected, true);

    /// <summary>
    /// Servers of the cluster, as the connected one names them: <c>host:port</c>. Those that were named longest ago are forgotten when
    /// there are many.
    /// </summary>
    public void Learn(IEnumerable<string> addresses)
    {
        lock (_gate)
        {
            var named = addresses
                .Select(static address => Uri.TryCreate($"nats://{address}", UriKind.Absolute, out var uri) && uri.Port > 0 ? uri : null)
                .OfType<Uri>()
                .Select(uri => Known((uri.IdnHost, uri.Port)))
                .ToHashSet();
            var others = _servers.Where(server => !named.Contains(server)).ToList();
            var surplus = others.Count(static server => !server.IsConfigured) - Math.Max(0, MostLearned - named.Count);
            others.RemoveAll(server => !server.IsConfigured && surplus-- > 0);
            Replace([.. others, .. named]);
        }
    }

    /// <summary>Whether a server answers that is not this one: looked for once, within a second.</summary>
    public async Task<bool> HasOtherAsync((string Host, int Port) than, CancellationToken cancellationToken)
    {
        var left = Known(than);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping, cancellationToken);
        limit.CancelAfter(CheckTimeout);
        var checks = Volatile.Read(ref _servers).Where(server => server != left).Select(server => CheckAsync(server, limit.Token)).ToList();
        try
        {
            while (checks.Count > 0)
            {
                var check = await Task.WhenAny(checks);
                checks.Remove(check);
                if (await check is { IsThere: true, Refusal: null })
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
    /// <exception cref="ConnectRefusedException">The attempt failed already, and why is known.</exception>
    public async ValueTask<(string Host, int Port)> NextAsync((string Host, int Port) asked)
    {
        var wanted = Known(asked);
        var servers = Volatile.Read(ref _servers);
        if (Interlocked.Exchange(ref _connected, false))
        {
            servers.ForEach(static server => server.TriedAt = null);
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_stopping);
        var checks = servers.OrderByDescending(server => server == wanted)
            .ToDictionary(static server => server, server => CheckAsync(server, ending.Token));
        try
        {
            while (true)
            {
                await Task.WhenAny(checks.Values).WaitAsync(_stopping);
                foreach (var (server, check) in checks.Where(static check => check.Value.IsCompleted).ToList())
                {
                    var answer = await check;
                    if (answer.IsThere ? server.WasAway || IsDue(server) : server == wanted && IsDue(server))
                    {
                        server.TriedAt = _time.GetTimestamp();
                        server.WasAway = !answer.IsThere;
                        return answer switch
                        {
                            { Refusal: { } refusal } => throw new ConnectRefusedException(refusal),
                            { IsThere: false } => throw new NatsException($"{server.Host}:{server.Port} does not answer"),
                            _ => (server.Host, server.Port),
                        };
                    }

                    checks[server] = CheckAgainAsync(server, answer.UsesTls ? TlsCheckInterval : CheckInterval, ending.Token);
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
                Replace([.. _servers, server]);
            }

            return server;
        }
    }

    private void Replace(List<Server> servers)
    {
        Volatile.Write(ref _servers, servers);
        Volatile.Write(ref _known, servers.Count);
    }

    private async Task<ServerAnswer> CheckAgainAsync(Server server, TimeSpan pause, CancellationToken cancellationToken)
    {
        await Task.Delay(pause, _time, cancellationToken);
        return await CheckAsync(server, cancellationToken);
    }

    /// <summary>Whether a NATS server answers there. One that needed long was away, too.</summary>
    private async Task<ServerAnswer> CheckAsync(Server server, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_connectTimeout);
        var start = _time.GetTimestamp();
        var answer = default(ServerAnswer);
        try
        {
            answer = await _check.AskAsync(server.Host, server.Port, limit.Token);
        }
        catch (Exception exception)
            when (exception is SocketException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // That is the answer.
        }

        server.WasAway |= !answer.IsThere || _time.GetElapsedTime(start) > LongAnswer;
        return answer;
    }

    private sealed class Server(string host, int port)
    {
        public string Host => host;

        public int Port => port;

        /// <summary>It is one of the configuration, which is never forgotten.</summary>
        public bool IsConfigured { get; set; }

        /// <summary>When the last attempt began.</summary>
        public long? TriedAt { get; set; }

        /// <summary>It did not answer at some time since the last attempt.</summary>
        public bool WasAway { get; set; }
    }
}
