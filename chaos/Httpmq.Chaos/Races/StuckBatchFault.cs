using System.Net.Sockets;
using Httpmq.Chaos.Faults;
using Httpmq.Chaos.Servers;
using Httpmq.Checker;

namespace Httpmq.Chaos.Races;

/// <summary>
/// Clients open batches over HTTP/2 and let no outcome come back. Together they hold up more records than the gateway takes requests.
/// </summary>
internal sealed class StuckBatchFault(TestBed bed, FaultLog log)
{
    private const int Batches = 32;

    /// <summary>
    /// More than a batch's window of 1024 and the outcomes for which its answer has room beside that (64 KiB); all of them are less than
    /// what HTTP/2 lets a client send unasked (the same).
    /// </summary>
    private const int Records = 1700;

    private const string Record = $$"""{"subject":"{{ProbeStreams.Free}}.s","b64_msg":"eA=="}""";

    private static readonly TimeSpan BuildUp = TimeSpan.FromSeconds(4);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var site = log.Pick(bed.Dataplanes);
        log.Note("stuck batches", $"begin through {site.Name}");
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var batches = Task.WhenAll(Enumerable.Range(0, Batches).Select(_ => HoldAsync(site.Address, leaving.Token)));
        await Task.Delay(BuildUp, cancellationToken);
        log.Begin($"batches through {site.Name} whose outcomes nobody reads", FaultEffects.HarmsNobody);
        await Task.Delay(log.Seconds(6, 10), cancellationToken);
        log.End();
        await leaving.CancelAsync();
        await batches;
    }

    private async Task HoldAsync(Uri address, CancellationToken leaving)
    {
        try
        {
            await using var batch = await StuckBatches.OpenAsync(address, batches: 1, Records, Record, leaving);
            await batch.Closed.WaitAsync(leaving);
            log.Note("stuck batches", "one was ended by the gateway");
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
        {
            // It was ended, by the gateway or by the end of the fault.
        }
    }
}
