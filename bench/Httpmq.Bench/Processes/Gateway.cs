using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Httpmq.Bench.Processes;

/// <summary>
/// Httpmq as users run it: a management and a dataplane process. Only the dataplane is measured; apart, because management has
/// no part in a message's way.
/// </summary>
internal sealed class Gateway : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ChildProcess _management;
    private readonly string _folder = Directory.CreateTempSubdirectory("httpmq-bench-").FullName;

    private Gateway(string app, string natsUrl)
    {
        var (management, dataplane) = (ChildProcess.FreePort(), ChildProcess.FreePort());
        ManagementUri = new Uri($"http://127.0.0.1:{management}");
        DataplaneUri = new Uri($"http://127.0.0.1:{dataplane}");
        _management = Start(app, "management", management, natsUrl, []);
        Dataplane = Start(app, "dataplane", dataplane, natsUrl, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["DOTNET_STARTUP_HOOKS"] = typeof(Gateway).Assembly.Location,
            [StartupHook.SocketVariable] = ProbePath,
        });
    }

    public Uri ManagementUri { get; }

    public Uri DataplaneUri { get; }

    /// <summary>The measured process.</summary>
    public ChildProcess Dataplane { get; }

    private string ProbePath => Path.Combine(_folder, "probe");

    public static async Task<Gateway> StartAsync(string app, string natsUrl)
    {
        var gateway = new Gateway(app, natsUrl);
        using var client = new HttpClient();
        using var patience = new CancellationTokenSource(Patience);
        await gateway.WaitUntilReadyAsync(gateway._management, client, new Uri(gateway.ManagementUri, "/v1/admin/ready"), patience.Token);
        await gateway.WaitUntilReadyAsync(gateway.Dataplane, client, new Uri(gateway.DataplaneUri, "/v1/data/ready"), patience.Token);
        return gateway;
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

        return Encoding.ASCII.GetString(buffer, 0, length).Split(' ').Select(text => long.Parse(text, CultureInfo.InvariantCulture)).ToArray();
    }

    private static ChildProcess Start(string app, string mode, int port, string natsUrl, Dictionary<string, string> more)
    {
        var server = $"Httpmq__{mode}__ApiServer__ServerConfig__";
        var environment = new Dictionary<string, string>(more, StringComparer.Ordinal)
        {
            ["Httpmq__Nats__ServerUri"] = natsUrl,
            [server + "ListenOn"] = "127.0.0.1",
            [server + "ListenPort"] = port.ToString(CultureInfo.InvariantCulture),
        };
        return ChildProcess.Start("dotnet", [app, mode], environment);
    }

    private async Task WaitUntilReadyAsync(ChildProcess process, HttpClient client, Uri url, CancellationToken patience)
    {
        while (true)
        {
            try
            {
                using var response = await client.GetAsync(url, CancellationToken.None);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            if (process.HasExited || patience.IsCancellationRequested)
            {
                var lines = process.LastLines;
                await DisposeAsync();
                throw new BenchException($"Httpmq did not get ready at {url}:{Environment.NewLine}{lines}");
            }

            await Task.Delay(100, CancellationToken.None);
        }
    }
}
