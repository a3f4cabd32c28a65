using System.Globalization;
using System.Net.Sockets;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Diagnosis;

/// <summary>One server of the list: whether somebody is there, what TLS comes to, and whether the login is taken.</summary>
internal sealed class ServerVisit : IAsyncDisposable
{
    private static readonly TimeSpan CertificateNotice = TimeSpan.FromDays(30);
    private static readonly TimeSpan LoginNotice = TimeSpan.FromDays(7);
    private static readonly TimeSpan LibraryLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DisposeLimit = TimeSpan.FromSeconds(1);

    private readonly Uri _uri;
    private readonly ServerList _servers;
    private readonly NatsOptions _options;
    private readonly TimeProvider _time;
    private readonly List<string> _refused = [];
    private readonly Lock _gate = new();
    private NatsConnection? _connection;
    private TaskCompletionSource? _marker;
    private string _markerText = "";

    private ServerVisit(Uri uri, ServerList servers, NatsOptions options, TimeProvider time) =>
        (_uri, _servers, _options, _time) = (uri, servers, options, time);

    /// <summary>The server without its login.</summary>
    public string Address => $"{_uri.Scheme}://{_uri.Host}:{ServerList.PortOf(_uri)}";

    public bool IsOpen => _connection is { ConnectionState: NatsConnectionState.Open };

    public NatsConnection Connection => _connection!;

    /// <summary>What the server said of itself.</summary>
    public ServerFacts Facts { get; private set; } = ServerFacts.Unknown;

    /// <summary>One visit for each server of the list.</summary>
    public static IReadOnlyList<ServerVisit> Of(NatsOptions options, TimeProvider time)
    {
        var servers = ServerList.Of(options.Url);
        var all = options with
        {
            Login = options.Login ?? servers.Login,
            Name = "httpmq-doctor",
            Tls = servers.HasTls && options.Tls.Mode is NatsTlsMode.Auto ? options.Tls with { Mode = NatsTlsMode.Require } : options.Tls,
        };
        return [.. servers.Uris.Select(uri => new ServerVisit(uri, servers, all with { Url = uri.OriginalString }, time))];
    }

    public async Task<IReadOnlyList<CheckResult>> MakeAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Examination.AnswerLimit, _time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var start = _time.GetTimestamp();
        ServerAnswer answer;
        try
        {
            answer = await new ServerCheck(_options.Tls, _servers).AskAsync(_uri.IdnHost, ServerList.PortOf(_uri), ended.Token)
                .WaitAsync(ended.Token);
        }
        catch (Exception exception) when (exception is SocketException or IOException
            || (exception is OperationCanceledException && limit.IsCancellationRequested))
        {
            return [NotThere(exception)];
        }

        if (answer is { Refusal: { } refusal })
        {
            return [CheckResult.Problem(BrokerDoctor.Connection, refusal, "correct what it names; docs/nats.md has a table of causes")];
        }

        if (!answer.IsThere)
        {
            return
            [
                CheckResult.Problem(
                    BrokerDoctor.Connection, "it is about to stop, or closes the connection without a word", "look at the server's log"),
            ];
        }

        var elapsed = _time.GetElapsedTime(start);
        return await ConnectAsync(answer, elapsed, ended.Token, limit.Token);
    }

    /// <summary>Sends what a marker ends, and says what the server did not permit of it, in its words.</summary>
    /// <param name="send">What may be refused.</param>
    /// <param name="cancellationToken">The server does not answer in time.</param>
    public async Task<IReadOnlyCollection<string>> RefusalsOfAsync(Func<Task> send, CancellationToken cancellationToken)
    {
        var marker = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _refused.Clear();
            _markerText = $"{Inbox.Prefix}{Inbox.NewId()}..end";
            _marker = marker;
        }

        await send();

        // The server reads in order, and complains in order: a subject that none can be is its last complaint, whatever it permits.
        await using var last = await Connection.SubscribeCoreAsync<byte[]>(_markerText, cancellationToken: cancellationToken);
        await marker.Task.WaitAsync(cancellationToken);
        lock (_gate)
        {
            return [.. _refused];
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not { } connection)
        {
            return;
        }

        try
        {
            await connection.DisposeAsync().AsTask().WaitAsync(DisposeLimit, _time);
        }
        catch (TimeoutException)
        {
            // The process ends soon.
        }
    }

    private async Task<IReadOnlyList<CheckResult>> ConnectAsync(
        ServerAnswer answer, TimeSpan elapsed, CancellationToken cancellationToken, CancellationToken limit)
    {
        var problem = new ConnectProblem(_options);
        problem.Begin();
        var connection = _connection = new NatsConnection(ClientSettings.Of(_options, problem.Refused) with
        {
            // Whoever waits has a limit of its own.
            ConnectTimeout = LibraryLimit,
            CommandTimeout = LibraryLimit,
            RequestTimeout = LibraryLimit,
            MaxReconnectRetry = 1,
        });
        connection.ServerError += (_, args) =>
        {
            Hear(args.Error, problem);
            return ValueTask.CompletedTask;
        };
        var reached = Reached(answer, elapsed);
        try
        {
            await connection.ConnectAsync().AsTask().WaitAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is NatsException || limit.IsCancellationRequested)
        {
            var reason = exception is NatsException ? problem.ReasonOf(exception) : problem.ReasonOr("it did not answer in time");
            return [reached, CheckResult.Problem(BrokerDoctor.Login, reason, "docs/nats.md has a table of causes")];
        }

        Facts = ServerFacts.Of(connection.ServerInfo);
        return
        [
            reached with { Seen = $"nats-server {Facts.Name} answers{reached.Seen}" },
            await DescribeLoginAsync(cancellationToken),
        ];
    }

    private CheckResult Reached(ServerAnswer answer, TimeSpan elapsed)
    {
        var seen = string.Create(
            CultureInfo.InvariantCulture, $" in {elapsed.TotalMilliseconds:0.#} ms, {(answer.UsesTls ? "with TLS" : "in the clear")}");
        if (answer.CertificateEnds is not { } end)
        {
            return CheckResult.Ok(BrokerDoctor.Connection, seen);
        }

        seen += string.Create(CultureInfo.InvariantCulture, $", its certificate ends {end:yyyy-MM-dd}");
        return end - _time.GetUtcNow() > CertificateNotice
            ? CheckResult.Ok(BrokerDoctor.Connection, seen)
            : CheckResult.Warning(BrokerDoctor.Connection, seen, "renew the certificate of nats-server");
    }

    private async Task<CheckResult> DescribeLoginAsync(CancellationToken cancellationToken)
    {
        if (_options.Login is not { } login)
        {
            return CheckResult.Ok(BrokerDoctor.Login, "none is configured, and the server demands none");
        }

        var seen = $"the server takes {login.SettingName}";
        if (await login.ReadEndAsync(cancellationToken) is not { } end)
        {
            return CheckResult.Ok(BrokerDoctor.Login, seen);
        }

        seen += string.Create(CultureInfo.InvariantCulture, $", which ends {end:yyyy-MM-dd HH:mm} UTC");
        return end - _time.GetUtcNow() > LoginNotice
            ? CheckResult.Ok(BrokerDoctor.Login, seen)
            : CheckResult.Warning(BrokerDoctor.Login, seen, "renew the file before; it is read again at each connect");
    }

    private CheckResult NotThere(Exception exception) => exception switch
    {
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData } =>
            CheckResult.Problem(BrokerDoctor.Connection, $"the name '{_uri.Host}' is not known", "correct the name, or DNS"),
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } =>
            CheckResult.Problem(BrokerDoctor.Connection, "nobody listens there", "start the server, or correct address and port"),
        OperationCanceledException => CheckResult.Problem(
            BrokerDoctor.Connection,
            $"there is no answer within {Examination.AnswerLimit.TotalSeconds:0} s",
            $"look whether it is a NATS server, whether a firewall is in between, and {_options.Tls.SettingName}.mode"),
        _ => CheckResult.Problem(
            BrokerDoctor.Connection,
            exception.GetBaseException().Message.TrimEnd('.'),
            "look at the network in between, and at the server's log"),
    };

    private void Hear(string error, ConnectProblem problem)
    {
        if (!IsOpen)
        {
            problem.Said(error);
            return;
        }

        lock (_gate)
        {
            var isMarker = error.Contains(_markerText, StringComparison.Ordinal)
                || !error.Contains("Permissions Violation", StringComparison.Ordinal);
            if (!isMarker)
            {
                _refused.Add(error);
            }
            else
            {
                _marker?.TrySetResult();
            }
        }
    }
}
