using System.Text;
using Httpmq.Domain.Errors;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.JetStream;

/// <summary>
/// The connection to NATS for everything that is asked and answered; deliveries have their own, <see cref="DeliveryLink"/>.
/// It is opened in the background, so that the process starts and reports "not ready" without NATS, and reopened by the client
/// library. When the configured attempts are used up it stops the process with an error.
/// </summary>
internal class NatsLink : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan BetweenServers = TimeSpan.FromMilliseconds(50);

    private readonly NatsOptions _options;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ReconnectPacing _pacing;
    private Task _connecting = Task.CompletedTask;
    private int _failures;

    public NatsLink(NatsOptions options, IHostApplicationLifetime lifetime, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        _lifetime = lifetime;
        _time = time;
        _logger = loggers.CreateLogger<NatsLink>();
        _pacing = new ReconnectPacing(options, time, _stopping.Token);
        Connection = new NatsConnection(new NatsOpts
        {
            Url = options.Url,
            Name = options.Name,
            ConnectTimeout = options.ConnectTimeout,
            CommandTimeout = options.RequestTimeout,
            RequestTimeout = options.RequestTimeout,
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
            SubjectEncoding = Encoding.UTF8,
            HeaderEncoding = Encoding.UTF8,
            WriterBufferSize = 1024 * 1024,
            ReaderBufferSize = 256 * 1024,
            LoggerFactory = loggers,
        });
        Connection.OnConnectingAsync = _pacing.NextAsync;
        Connection.ConnectionOpened += OnOpenedAsync;
        Connection.ConnectionDisconnected += OnDisconnectedAsync;
        Connection.ReconnectFailed += OnReconnectFailedAsync;
    }

    /// <summary>Raised on each (re)connect, after the subscriptions were renewed.</summary>
    public event Action? Opened;

    /// <summary>Raised when the connection was lost: what was sent and not answered will not be answered any more.</summary>
    public event Action? Lost;

    public NatsConnection Connection { get; }

    public bool IsOpen => Connection.ConnectionState == NatsConnectionState.Open;

    /// <summary>Version of the connected server; null before the first connection.</summary>
    public Version? ServerVersion => ParseVersion(Connection.ServerInfo?.Version);

    public Error NotConnected => Explain(new Error(
        ErrorKind.Unavailable,
        "NATS is not available",
        "the gateway has no connection to NATS at the moment and keeps trying; nothing was stored or changed"));

    /// <summary>The error, with what is known to be wrong with the server.</summary>
    public Error Explain(Error error) =>
        _options.Diagnosis?.Trouble is { } trouble ? error with { Detail = $"{error.Detail}; {trouble}" } : error;

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
        await Connection.DisposeAsync();
        _stopping.Dispose();
        GC.SuppressFinalize(this);
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
                if (CountFailure(exception.Message))
                {
                    return;
                }
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

    private ValueTask OnOpenedAsync(object? sender, NatsEventArgs args)
    {
        Volatile.Write(ref _failures, 0);
        _pacing.Connected();
        _logger.Connected(_options.Name, Connection.ServerInfo?.Version ?? "?", args.Message);
        Opened?.Invoke();
        return ValueTask.CompletedTask;
    }

    private ValueTask OnDisconnectedAsync(object? sender, NatsEventArgs args)
    {
        if (!_stopping.IsCancellationRequested)
        {
            _logger.Disconnected(_options.Name, args.Message);
        }

        Lost?.Invoke();
        return ValueTask.CompletedTask;
    }

    private ValueTask OnReconnectFailedAsync(object? sender, NatsEventArgs args)
    {
        CountFailure(args.Message);
        return ValueTask.CompletedTask;
    }

    private bool CountFailure(string reason)
    {
        if (_stopping.IsCancellationRequested)
        {
            return true;
        }

        var failures = Interlocked.Increment(ref _failures);

        // Whoever runs the server says why it is away, and here it is asked for several times a second.
        var level = failures > 1 && _options.Diagnosis is not null ? LogLevel.Debug : LogLevel.Warning;
        _logger.ConnectFailed(level, _options.Name, failures, reason, _options.ReconnectWait.TotalSeconds);
        if (_options.MaxReconnectAttempts < 0 || failures <= _options.MaxReconnectAttempts)
        {
            return false;
        }

        _logger.GaveUp(failures, _options.MaxReconnectAttempts);
        Environment.ExitCode = 1;
        _lifetime.StopApplication();
        return true;
    }

    private static Version? ParseVersion(string? text)
    {
        // Pre-releases look like 2.12.0-preview.1; their behaviour is that of the release.
        return Version.TryParse(text?.Split('-', 2)[0], out var version) ? version : null;
    }
}

/// <summary>
/// The connection for deliveries alone. nats-server closes a connection for which too much waits (max_pending, 64 MiB), and on one
/// connection everything queues behind everything: subscribers who are behind by a large backlog must not hold up, let alone cost,
/// the publishes and acknowledgements of others.
/// </summary>
internal sealed class DeliveryLink(NatsOptions options, IHostApplicationLifetime lifetime, TimeProvider time, ILoggerFactory loggers)
    : NatsLink(options with { Name = $"{options.Name}-deliveries", MaxReconnectAttempts = -1 }, lifetime, time, loggers);
