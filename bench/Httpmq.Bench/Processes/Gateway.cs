using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Httpmq.Testing;

namespace Httpmq.Bench.Processes;

/// <summary>
/// Httpmq as users run it: a management and a dataplane process. Only the dataplane is measured; apart, because management has
/// no part in a message's way.
/// </summary>
internal sealed class Gateway : IAsyncDisposable
{
    private readonly GatewayProcess _management;
    private readonly string _folder = Directory.CreateTempSubdirectory("httpmq-bench-").FullName;

    private Gateway(string app, string natsUrl, string? configuration)
    {
        _management = new GatewayProcess(app, "management", natsUrl);
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["DOTNET_STARTUP_HOOKS"] = typeof(Gateway).Assembly.Location,
            [StartupHook.SocketVariable] = ProbePath,
        };
        if (configuration is not null)
        {
            settings["CONFIG_FILE"] = Path.Combine(_folder, "httpmq.yaml");
            File.WriteAllText(settings["CONFIG_FILE"], configuration);
        }

        Dataplane = new GatewayProcess(app, "dataplane", natsUrl, settings);
    }

    public Uri ManagementUri => _management.Address;

    public Uri DataplaneUri => Dataplane.Address;

    /// <summary>The measured process.</summary>
    public GatewayProcess Dataplane { get; }

    private string ProbePath => Path.Combine(_folder, "probe");

    /// <summary>Starts both, and waits until they serve.</summary>
    /// <param name="app">Httpmq.Api.dll.</param>
    /// <param name="natsUrl">The nats-server.</param>
    /// <param name="configuration">The dataplane's configuration file; null: none.</param>
    public static async Task<Gateway> StartAsync(string app, string natsUrl, string? configuration = null)
    {
        var gateway = new Gateway(app, natsUrl, configuration);
        try
        {
            await Task.WhenAll(gateway._management.StartAgainAsync(), gateway.Dataplane.StartAgainAsync());
            return gateway;
        }
        catch
        {
            await gateway.DisposeAsync();
            throw;
        }
    }

    /// <summary>Bytes that the dataplane has allocated since its start, and the time its just-in-time compiler took.</summary>
    public (long AllocatedBytes, TimeSpan Compiling) Probe()
    {
        var figures = Ask(StartupHook.Spent);
        return (figures[0], TimeSpan.FromTicks(figures[1]));
    }

    /// <summary>Bytes of managed memory that a full collection of the dataplane leaves.</summary>
    public long LiveBytes() => Ask(StartupHook.Live)[0];

    public async ValueTask DisposeAsync()
    {
        await Dataplane.DisposeAsync();
        await _management.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private long[] Ask(byte question)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(ProbePath));
        socket.Send([question]);
        var buffer = new byte[64];
        var length = 0;
        while (socket.Receive(buffer.AsSpan(length)) is > 0 and var read)
        {
            length += read;
        }

        return Encoding.ASCII.GetString(buffer, 0, length).Split(' ')
            .Select(text => long.Parse(text, CultureInfo.InvariantCulture)).ToArray();
    }
}
