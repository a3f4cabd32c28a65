using System.Diagnostics;
using System.Globalization;

namespace Httpmq.Testing;

/// <summary>The product as its users start it: a process of its own, with arguments and environment.</summary>
/// <param name="program">Httpmq.Api.dll.</param>
/// <param name="arguments">Its command line.</param>
/// <param name="environment">Its settings.</param>
/// <param name="name">What it is called where several are told apart.</param>
/// <param name="watcher">Is told what happens to it.</param>
internal sealed class GatewayProcess(
    string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, string name = "httpmq",
    IServerWatcher? watcher = null)
    : ServerProcess(name, watcher)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    private readonly HttpClient _client = new() { Timeout = AnswerLimit };
    private readonly int _port;
    private readonly string _ready = "/v1/data/ready";

    /// <summary>One API, on a free port of its own, in front of this NATS.</summary>
    /// <param name="program">Httpmq.Api.dll.</param>
    /// <param name="mode">management or dataplane.</param>
    /// <param name="natsUris">Addresses of NATS.</param>
    /// <param name="more">Further settings.</param>
    /// <param name="name">What it is called where several are told apart.</param>
    /// <param name="watcher">Is told what happens to it.</param>
    public GatewayProcess(
        string program, string mode, string natsUris, IReadOnlyDictionary<string, string>? more = null, string name = "httpmq",
        IServerWatcher? watcher = null)
        : this(program, mode, natsUris, Ports.Free(), more, name, watcher)
    {
    }

    private GatewayProcess(
        string program, string mode, string natsUris, int port, IReadOnlyDictionary<string, string>? more, string name,
        IServerWatcher? watcher)
        : this(program, [mode], Settings(mode, natsUris, port, more), name, watcher) =>
        (_port, _ready) = (port, mode is "management" ? "/v1/admin/ready" : _ready);

    public Uri Address => new($"http://127.0.0.1:{_port}");

    /// <summary>Where an API listens.</summary>
    public static Dictionary<string, string> Listening(string mode, int port) => new(StringComparer.Ordinal)
    {
        [$"Httpmq__{mode}__ApiServer__ServerConfig__ListenOn"] = "127.0.0.1",
        [$"Httpmq__{mode}__ApiServer__ServerConfig__ListenPort"] = port.ToString(CultureInfo.InvariantCulture),
    };

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _client.Dispose();
    }

    protected override ProcessStartInfo Describe()
    {
        var start = new ProcessStartInfo("dotnet", ["exec", program, .. arguments]);
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        return start;
    }

    protected override async Task<(bool Serves, string? Version)> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await _client.GetAsync(new Uri(Address, _ready), cancellationToken);
            return (answer.IsSuccessStatusCode, null);
        }
        catch (Exception exception)
            when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return (false, null);
        }
    }

    private static Dictionary<string, string> Settings(string mode, string natsUris, int port, IReadOnlyDictionary<string, string>? more)
    {
        var settings = Listening(mode, port);
        settings["Httpmq__Nats__ServerUri"] = natsUris;
        foreach (var (key, value) in more ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            settings[key] = value;
        }

        return settings;
    }
}
