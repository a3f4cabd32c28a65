using System.Diagnostics;
using System.Globalization;
using System.Text;
using Httpmq.Bench.Loads;
using Httpmq.Bench.Measuring;
using Httpmq.Testing;

namespace Httpmq.Bench.Cases;

/// <summary>
/// Mode "all" as a new user meets it: how long until it is ready, what the first publishes cost, and what it keeps of memory when it has
/// nothing to do. Gateways of its own, each with an embedded nats-server and an empty data folder.
/// </summary>
internal sealed class StartCase(string name, string description, Target target) : BenchCase(name, description, target)
{
    private const double MiB = 1024 * 1024;
    private const int Starts = 5;
    private const int FirstPublishes = 10_000;
    private const int WarmUps = 5;
    private const int SessionRequests = 20;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(25);

    public override bool ByDefault => false;

    public override bool IsCompared => false;

    public override Task PrepareAsync(BenchContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    public override Task CleanUpAsync(BenchContext context) => Task.CompletedTask;

    public override async Task<Sample> RunAsync(BenchContext context, Side side, CancellationToken cancellationToken)
    {
        var ready = new List<TimeSpan>();
        for (var start = 0; start < Starts; start++)
        {
            await using var gateway = new Started(context.Options.App!);
            ready.Add(await gateway.StartAsync(cancellationToken));
        }

        return new Sample(0, 0, null, 0, 0, 0, 0, 0)
        {
            Start = new StartCost(
                ready.Order().ElementAt(Starts / 2),
                await CompareFirstAsync(context.Options.App!, cancellationToken),
                await IdleBytesAsync(context.Options.App!, cancellationToken)),
        };
    }

    public override string? Describe(CaseResult result) => result.Gateway?.Start is not { } start ? null : string.Create(
        CultureInfo.InvariantCulture,
        $"ready after {start.Ready.TotalSeconds:0.00} s; the first {FirstPublishes:#,0} publishes cost {start.FirstPublishes:0.0} times "
            + $"as much CPU as later ones; {start.IdleBytes / MiB:0} MB resident");

    /// <summary>What is resident when a short session is over, and what only the start needed is given back.</summary>
    private async Task<double> IdleBytesAsync(string app, CancellationToken cancellationToken)
    {
        await using var gateway = new Started(app);
        await gateway.StartAsync(cancellationToken);
        await UseAsync(gateway);
        await Task.Delay(Settling, cancellationToken);
        return gateway.Process.WorkingSet();
    }

    private async Task UseAsync(Started gateway)
    {
        using var management = new Management(gateway.Management);
        await management.CreateStreamAsync(StreamName, SubjectName);
        await management.CreatePushConsumerAsync(StreamName, "consumer", maxInflight: 4);
        using var client = new HttpClient();
        for (var request = 0; request < SessionRequests; request++)
        {
            using var body = new StringContent(Convert.ToBase64String("Hello World"u8), Encoding.ASCII);
            using var answer = await client.PostAsync(new Uri(gateway.Dataplane, $"/v1/data/subject/{SubjectName}"), body);
            answer.EnsureSuccessStatusCode();
        }
    }

    /// <summary>What a publish costs the gateway among the first, as a multiple of what it costs later.</summary>
    private async Task<double> CompareFirstAsync(string app, CancellationToken cancellationToken)
    {
        await using var gateway = new Started(app);
        await gateway.StartAsync(cancellationToken);
        using var management = new Management(gateway.Management);
        await management.CreateStreamAsync(StreamName, SubjectName);
        var first = await CostAsync();
        for (var warmUp = 0; warmUp < WarmUps; warmUp++)
        {
            await CostAsync();
        }

        return first / await CostAsync();

        async Task<TimeSpan> CostAsync()
        {
            var before = gateway.Process.ProcessorTime();
            await RequestLoad.Publish(gateway.Dataplane, SubjectName, Payload.Of(16), connections: 4, inflight: 32)
                .RunAsync(FirstPublishes);
            return gateway.Process.ProcessorTime() - before;
        }
    }

    private sealed class Started : IAsyncDisposable
    {
        private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);
        private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

        private readonly string _folder = Directory.CreateTempSubdirectory("httpmq-start-").FullName;

        public Started(string app)
        {
            var (management, dataplane) = (Ports.Free(), Ports.Free());
            Management = new Uri($"http://127.0.0.1:{management}");
            Dataplane = new Uri($"http://127.0.0.1:{dataplane}");
            Process = new GatewayProcess(
                app,
                ["all", "--data-folder", Path.Combine(_folder, "data")],
                new Dictionary<string, string>(
                    GatewayProcess.Listening("management", management).Concat(GatewayProcess.Listening("dataplane", dataplane)),
                    StringComparer.Ordinal)
                {
                    ["Httpmq__EmbeddedNats__Port"] = Ports.Free().ToString(CultureInfo.InvariantCulture),
                });
        }

        public Uri Management { get; }

        public Uri Dataplane { get; }

        public GatewayProcess Process { get; }

        /// <summary>Starts it; the time until it says that it is ready.</summary>
        public async Task<TimeSpan> StartAsync(CancellationToken cancellationToken)
        {
            using var client = new HttpClient();
            using var timer = new PeriodicTimer(Interval);
            var start = Stopwatch.GetTimestamp();
            Process.Start();
            while (!await IsReadyAsync(client, cancellationToken))
            {
                if (Process.HasExited || Stopwatch.GetElapsedTime(start) > Limit)
                {
                    throw new BenchException($"mode all did not become ready: {Process.Output}{Process.Errors}");
                }

                await timer.WaitForNextTickAsync(cancellationToken);
            }

            return Stopwatch.GetElapsedTime(start);
        }

        public async ValueTask DisposeAsync()
        {
            await Process.StopAsync();
            await Process.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
        }

        private async Task<bool> IsReadyAsync(HttpClient client, CancellationToken cancellationToken)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri(Management, "/v1/admin/ready"), cancellationToken);
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }
}
