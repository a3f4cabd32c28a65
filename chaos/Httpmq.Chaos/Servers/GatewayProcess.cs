using Httpmq.Testing;
using System.Diagnostics;
using System.Globalization;
using Httpmq.Checker;

namespace Httpmq.Chaos.Servers;

/// <summary>One gateway process, management or dataplane.</summary>
internal sealed class GatewayProcess(string name, string mode, string program, string natsUris, string folder, RunClock clock, JournalWriter journal)
    : ServerProcess(name, folder, clock, journal)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    public int Port { get; } = Ports.Free();

    private string ReadyPath => mode is "management" ? "/v1/admin/ready" : "/v1/data/ready";

    public override async Task WaitUntilServingAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Port}"), Timeout = TimeSpan.FromSeconds(5) };
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync(ReadyPath, cancellationToken);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
            {
                // Not yet.
            }

            await Task.Delay(Poll, cancellationToken);
        }
    }

    protected override ProcessStartInfo Describe()
    {
        var start = new ProcessStartInfo("dotnet", ["exec", program, mode]);
        var server = $"Httpmq__{mode}__ApiServer__ServerConfig";
        start.Environment["Httpmq__Nats__ServerUri"] = natsUris;
        start.Environment["Httpmq__Nats__ConnectTimeoutSec"] = "2";
        start.Environment["Httpmq__Nats__Reconnect__WaitIntervalSec"] = "1";
        start.Environment[$"{server}__ListenOn"] = "127.0.0.1";
        start.Environment[$"{server}__ListenPort"] = Port.ToString(CultureInfo.InvariantCulture);
        start.Environment["LOG_LEVEL"] = "warn";
        return start;
    }
}
