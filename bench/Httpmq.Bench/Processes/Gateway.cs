using Httpmq.Testing;

namespace Httpmq.Bench.Processes;

/// <summary>
/// Httpmq as users run it: a management and a dataplane process. Only the dataplane is measured; apart, because management has
/// no part in a message's way. Beside it stands the floor: what a server can be at best that is made of the same Kestrel.
/// </summary>
internal sealed class Gateway : IAsyncDisposable
{
    private readonly GatewayProcess _management;
    private readonly string _folder = Directory.CreateTempSubdirectory("httpmq-bench-").FullName;

    private Gateway(string app, string natsUrl, string? configuration)
    {
        _management = new GatewayProcess(app, "management", natsUrl);
        Probe = new Probe(_folder);
        FloorProbe = new Probe(_folder);
        var settings = new Dictionary<string, string>(Probe.Environment, StringComparer.Ordinal);
        if (configuration is not null)
        {
            settings["CONFIG_FILE"] = Path.Combine(_folder, "httpmq.yaml");
            File.WriteAllText(settings["CONFIG_FILE"], configuration);
        }

        Dataplane = new GatewayProcess(app, "dataplane", natsUrl, settings);
        Floor = new FloorProcess(FloorProbe.Environment);
    }

    public Uri ManagementUri => _management.Address;

    public Uri DataplaneUri => Dataplane.Address;

    /// <summary>The measured process.</summary>
    public GatewayProcess Dataplane { get; }

    public Probe Probe { get; }

    /// <summary>A bare Kestrel, for requests of the same shape.</summary>
    public FloorProcess Floor { get; }

    public Probe FloorProbe { get; }

    /// <summary>Starts both, and waits until they serve.</summary>
    /// <param name="app">Httpmq.Api.dll.</param>
    /// <param name="natsUrl">The nats-server.</param>
    /// <param name="configuration">The dataplane's configuration file; null: none.</param>
    public static async Task<Gateway> StartAsync(string app, string natsUrl, string? configuration = null)
    {
        var gateway = new Gateway(app, natsUrl, configuration);
        try
        {
            await Task.WhenAll(
                gateway._management.StartAgainAsync(), gateway.Dataplane.StartAgainAsync(), gateway.Floor.StartAgainAsync());
            return gateway;
        }
        catch
        {
            await gateway.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Floor.DisposeAsync();
        await Dataplane.DisposeAsync();
        await _management.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
