using System.Net;
using System.Net.Sockets;
using System.Text;
using Httpmq.Chaos.Faults;
using Httpmq.Chaos.Servers;
using Httpmq.Checker;

namespace Httpmq.Chaos.Races;

/// <summary>One client opens many batches over HTTP/2 and reads no outcome, so that more are held up than the gateway takes requests.</summary>
internal sealed class StuckBatches(TestBed bed, FaultLog log) : IDisposable
{
    private const int Batches = 24;

    /// <summary>More outcomes than fit into the client's window and the server's buffers, and the batch's own window on top.</summary>
    private const int Records = 4000;

    private static readonly TimeSpan BuildUpLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Stuck = TimeSpan.FromSeconds(2);

    private const int SmallestWindow = 65_535;
    private static readonly byte[] Record = Encoding.ASCII.GetBytes($$"""{"subject":"{{ProbeStreams.Free}}.stuck","b64_msg":"eA=="}""" + "\n");

    private readonly HttpClient _http = new(new SocketsHttpHandler { InitialHttp2StreamWindowSize = SmallestWindow }) { Timeout = Timeout.InfiniteTimeSpan };

    private long _sent;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var site = log.Pick(bed.Dataplanes);
        log.Note("stuck batches", $"begin through {site.Name}");
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var batches = Task.WhenAll(Enumerable.Range(0, Batches).Select(_ => SendAsync(site.Address, leaving.Token)));
        await WaitUntilStuckAsync(cancellationToken);
        log.Begin($"batches through {site.Name} whose outcomes nobody reads", FaultEffects.HarmsNobody);
        await Task.Delay(log.Seconds(6, 10), cancellationToken);
        log.End();
        await leaving.CancelAsync();
        await batches;
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Until the gateway takes nothing more from any of them, or it has taken everything.</summary>
    private async Task WaitUntilStuckAsync(CancellationToken cancellationToken)
    {
        var limit = log.Clock.Now + (long)BuildUpLimit.TotalMicroseconds;
        long before;
        do
        {
            before = Volatile.Read(ref _sent);
            await Task.Delay(Stuck, cancellationToken);
        }
        while (before != Volatile.Read(ref _sent) && log.Clock.Now < limit);
        log.Note("stuck batches", $"the gateway has taken {before} records");
    }

    private async Task SendAsync(Uri address, CancellationToken leaving)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, "/v1/data/publish"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new RecordContent(() => Interlocked.Increment(ref _sent)),
        };
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leaving);
            await Task.Delay(Timeout.InfiniteTimeSpan, leaving);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException or OperationCanceledException)
        {
            // It was ended, by the gateway or by the end of the fault.
        }
    }

    private sealed class RecordContent(Action sent) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var record = 0; record < Records; record++)
            {
                await stream.WriteAsync(Record);
                sent();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
