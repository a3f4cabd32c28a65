using Httpmq.Domain.Errors;
using Httpmq.Infrastructure.Protocol;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Connection;

/// <summary>
/// A connection to NATS. It is opened in the background, so that the process starts and reports "not ready" without NATS. What becomes of
/// one that was lost is the business of its two kinds: <see cref="RequestLink"/> and <see cref="DeliveryLink"/>.
/// </summary>
internal abstract class NatsLink : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan BetweenServers = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(1);

    private readonly NatsOptions _options;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ReconnectPacing _pacing;
    private readonly ILoggerFactory _loggers;
    private readonly ConnectProblem _problem;
    private Task _connecting = Task.CompletedTask;
    private NatsConnection _connection;
    private int _failures;
    private int _openings;
    private volatile bool _disposed;
    private volatile Introduction _server = new(Info: null, ServerFacts.Unknown);

    // Why no answer arrives, although the server is connected.
    private volatile string? _deaf;

    // The server that said that it is about to stop, until there is another connection.
    private volatile string? _leaving;

    protected NatsLink(NatsOptions options, IHostApplicationLifetime lifetime, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        _lifetime = lifetime;
        _time = time;
        _logger = loggers.CreateLogger<NatsLink>();
        _pacing = new ReconnectPacing(options, time, _stopping.Token);
        _problem = new ConnectProblem(options);
        _loggers = loggers;
        _connection = Create();
    }

    /// <summary>Raised on each (re)connect, after the subscriptions were renewed.</summary>
    public event Action? Opened;

    /// <summary>Raised when the connection was lost: what was sent and not answered will not be answered any more.</summary>
    public event Action? Lost;

    /// <summary>
    /// Raised with the subject of a message that nats-server did not take, because the gateway's user may not publish there. It says so
    /// apart from the message, which nobody answers.
    /// </summary>
    public event Action<string>? PublishRefused;

    /// <summary>Raised with the subject of a subscription that the gateway's user may not have.</summary>
    public event Action<string>? SubscribeRefused;

    /// <summary>The connection of the moment; not to be kept.</summary>
    public NatsConnection Connection => Volatile.Read(ref _connection);

    /// <summary>What nats-server and the log call it.</summary>
    public string Name => _options.Name;

    /// <summary>Whether it is connected and not being disposed, which ends all subscriptions.</summary>
    public bool IsOpen => !_disposed && Connection.ConnectionState == NatsConnectionState.Open;

    /// <summary>
    /// What the connected server does, and its limits; asked again of each connection. While there is none: what may be expected of any.
    /// </summary>
    public ServerFacts Server
    {
        get
        {
            // Its INFO is another object whenever it says something new, and publishes ask for each message.
            var info = Connection.ServerInfo;
            var known = _server;
            return ReferenceEquals(known.Info, info) ? known.Facts : (_server = new Introduction(info, ServerFacts.Of(info))).Facts;
        }
    }

    public Error NotConnected => Explain(ConnectionErrors.Unavailable(_leaving));

    /// <summary>The error, with what is known to be wrong with the server.</summary>
    public Error Explain(Error error) =>
        (_options.Diagnosis?.Problem ?? _problem.Current ?? _deaf) is { } problem ? error.With("problem", problem) : error;

    /// <summary>Throws <see cref="ErrorKind.Unavailable"/> instead of waiting for a connection to come back.</summary>
    public void RequireOpen()
    {
        if (!IsOpen)
        {
            throw new HttpmqException(NotConnected);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _connecting = ConnectAsync(_stopping.Token);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _connecting;
    }

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        await Connection.DisposeAsync();
        _stopping.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Whether the client library opens a connection again that was lost, with its subscriptions.</summary>
    protected abstract bool OpensAgain { get; }

    /// <summary>The connection was lost.</summary>
    protected abstract void AfterLoss(NatsConnection lost);

    /// <summary>Leaves a server that is about to stop.</summary>
    /// <returns>Whether the connection is gone for good, so that nobody else will say that it was lost.</returns>
    protected abstract bool LeaveNow(NatsConnection lame);

    /// <summary>What the client library shall use instead of the socket that it has connected.</summary>
    protected virtual INatsSocketConnection Wrap(INatsSocketConnection socket) => socket;

    /// <summary>Takes another connection instead.</summary>
    protected void Replace()
    {
        Volatile.Write(ref _connection, Create());
        _connecting = ConnectAsync(_stopping.Token);
    }

    private async Task ConnectAsync(CancellationToken stopping)
    {
        // Leave the caller at once: the process must start without NATS.
        await Task.Yield();
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await Connection.ConnectAsync().AsTask().WaitAsync(stopping);
                return;
            }
            catch (NatsException exception)
            {
                // The library has tried one server after the other; why it failed is what it failed with.
                if (CountFailure(_problem.ReasonOf(exception), _pacing.Servers))
                {
                    return;
                }
            }
            catch (ObjectDisposedException)
            {
                // Another connection took the place of this one.
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                await Task.Delay(BetweenServers, _time, stopping);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private NatsConnection Create()
    {
        var connection = new NatsConnection(ClientSettings.Of(_options, _problem.Refused) with
        {
            ConnectTimeout = _options.ConnectTimeout,
            CommandTimeout = _options.RequestTimeout,
            RequestTimeout = _options.RequestTimeout,
            RequestReplyMode = NatsRequestReplyMode.Direct,

            // The attempts are counted here, because the library takes 0 as "for ever".
            MaxReconnectRetry = -1,

            // The pause is made before an attempt, where it can end early; here it would also come between two servers.
            ReconnectWaitMin = BetweenServers,
            ReconnectWaitMax = BetweenServers,
            ReconnectJitter = BetweenServers,
            IgnoreAuthErrorAbort = true,
            PublishTimeoutOnDisconnected = true,

            // A peer that vanished without closing is found within two intervals.
            PingInterval = TimeSpan.FromSeconds(5),
            MaxPingOut = 2,
            WriterBufferSize = 1024 * 1024,
            ReaderBufferSize = 256 * 1024,
            LoggerFactory = _loggers,
        });
        connection.OnConnectingAsync = server => connection.ConnectionState is NatsConnectionState.Reconnecting && !OpensAgain
            ? throw new NatsException("this connection is being replaced")
            : NextAsync(server);
        connection.OnSocketAvailableAsync = socket => ValueTask.FromResult(Wrap(socket));
        connection.ConnectionOpened += OnOpenedAsync;
        connection.ConnectionDisconnected += OnDisconnectedAsync;
        connection.ReconnectFailed += OnReconnectFailedAsync;
        connection.LameDuckModeActivated += OnLameDuckModeAsync;
        connection.ServerError += OnServerErrorAsync;
        return connection;
    }

    private async ValueTask<(string Host, int Port)> NextAsync((string Host, int Port) asked)
    {
        _problem.Begin();
        try
        {
            return await _pacing.NextAsync(asked);
        }
        catch (ConnectRefusedException exception)
        {
            _problem.Refused(exception.Message);
            throw;
        }
        catch (NatsException exception)
        {
            _problem.Failed(exception.Message);
            throw;
        }
    }

    private ValueTask OnOpenedAsync(object? sender, NatsEventArgs args)
    {
        Volatile.Write(ref _failures, 0);
        Interlocked.Increment(ref _openings);
        _leaving = null;
        _problem.Connected();
        _pacing.Connected();
        _pacing.Learn(Connection.ServerInfo?.ClientConnectUrls ?? []);
        _logger.Connected(_options.Name, Server.Name ?? "?", args.Message);
        Opened?.Invoke();
        return ValueTask.CompletedTask;
    }

    private ValueTask OnDisconnectedAsync(object? sender, NatsEventArgs args)
    {
        // One whose place was taken already has nothing more to say.
        if (!ReferenceEquals(sender, Connection))
        {
            return ValueTask.CompletedTask;
        }

        _deaf = null;
        if (!_stopping.IsCancellationRequested)
        {
            _logger.Disconnected(_options.Name, args.Message);
        }

        if (!_stopping.IsCancellationRequested)
        {
            AfterLoss(Connection);
        }

        Lost?.Invoke();
        return ValueTask.CompletedTask;
    }

    private ValueTask OnServerErrorAsync(object? sender, NatsServerErrorEventArgs args)
    {
        if (RequestLimit.SubjectOfRefusal(args.Error) is { } subject)
        {
            PublishRefused?.Invoke(subject);
        }
        else if (RequestLimit.SubjectOfRefusedSubscription(args.Error) is { } refused)
        {
            OnSubscriptionRefused(refused);
        }
        else if (sender is NatsConnection { ConnectionState: NatsConnectionState.Open })
        {
            _logger.ServerSaid(_options.Name, args.Error);
        }
        else
        {
            _problem.Said(args.Error);
        }

        return ValueTask.CompletedTask;
    }

    private void OnSubscriptionRefused(string subject)
    {
        var isInbox = subject.StartsWith(Inbox.Prefix, StringComparison.Ordinal);
        if (!isInbox || _deaf is null)
        {
            _logger.SubscriptionRefused(_options.Name, subject);
        }

        _deaf = isInbox
            ? $"nats-server does not permit the gateway's NATS user to subscribe to {subject} (permissions violation)"
            : _deaf;
        SubscribeRefused?.Invoke(subject);
    }

    private ValueTask OnLameDuckModeAsync(object? sender, NatsLameDuckModeActivatedEventArgs args)
    {
        if (ReferenceEquals(sender, Connection) && !_stopping.IsCancellationRequested)
        {
            LeaveAsync(Connection, args.Uri, _stopping.Token).Forget();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// The server is about to stop. From 2.10 on its JetStream is away already, and whoever waits for its answers waits in vain. An earlier
    /// one serves until it closes the connection, so it is left when there is another.
    /// </summary>
    private async Task LeaveAsync(NatsConnection lame, Uri address, CancellationToken stopping)
    {
        var where = (address.IdnHost, address.Port);
        var opening = Volatile.Read(ref _openings);
        _pacing.Learn(lame.ServerInfo?.ClientConnectUrls ?? []);
        var serves = !ServerFacts.Of(lame.ServerInfo).StopsJetStreamInLameDuckMode;
        _logger.LameDuck(_options.Name, $"{address.Host}:{address.Port}", serves
            ? "stays connected until another is available"
            : "reconnects to another");
        try
        {
            while (serves && opening == Volatile.Read(ref _openings) && IsOpen && !await _pacing.HasOtherAsync(where, stopping))
            {
                await Task.Delay(CheckInterval, _time, stopping);
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }

        // It was closed meanwhile, or opened again to another server.
        if (!ReferenceEquals(lame, Connection) || opening != Volatile.Read(ref _openings) || !IsOpen)
        {
            return;
        }

        _leaving = $"{address.Host}:{address.Port}";
        if (LeaveNow(lame))
        {
            Lost?.Invoke();
        }
    }

    private ValueTask OnReconnectFailedAsync(object? sender, NatsEventArgs args)
    {
        if (OpensAgain)
        {
            CountFailure(_problem.ReasonOr(args.Message), attempts: 1);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Counts failed attempts; as many as are configured are made at each server.</summary>
    private bool CountFailure(string reason, int attempts)
    {
        if (_stopping.IsCancellationRequested)
        {
            return true;
        }

        var failures = (Interlocked.Add(ref _failures, attempts) + _pacing.Servers - 1) / _pacing.Servers;

        // Whoever runs the server says why it is away, and here it is asked for several times a second.
        var level = failures > 1 && _options.Diagnosis is not null ? LogLevel.Debug : LogLevel.Warning;
        _logger.ConnectFailed(level, _options.Name, failures, reason, _options.ReconnectWait.TotalSeconds);
        if (_options.MaxReconnectAttempts < 0 || failures <= _options.MaxReconnectAttempts)
        {
            return false;
        }

        _logger.GaveUp(failures, _options.MaxReconnectAttemptsName, _options.MaxReconnectAttempts);
        Environment.ExitCode = 1;
        _lifetime.StopApplication();
        return true;
    }

    private sealed record Introduction(INatsServerInfo? Info, ServerFacts Facts);
}
