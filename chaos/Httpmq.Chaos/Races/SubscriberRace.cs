using System.Text.Json.Nodes;
using Httpmq.Chaos.Faults;
using Httpmq.Chaos.Load;
using Httpmq.Chaos.Servers;
using Httpmq.Checker;

namespace Httpmq.Chaos.Races;

/// <summary>
/// Two subscribers, one through each dataplane, ask at the same moment for a push consumer without a group. Some time later a
/// message is published: one of them must get it.
/// </summary>
internal sealed class SubscriberRace(TestBed bed, FaultLog log) : IDisposable
{
    private const int AtOnce = 8;
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Convergence = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DeliveryLimit = TimeSpan.FromSeconds(3);

    private readonly GatewayClient _management = new(bed.Management.Address);
    private readonly GatewayClient _publisher = new(bed.Dataplanes[0].Address);
    private int _number;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ReadyLimit);
        await bed.WaitUntilGatewaysServeAsync(limit.Token);
        log.Begin("subscribers race for a consumer", FaultEffects.HarmsNobody);
        var delays = Enumerable.Range(0, AtOnce).Select(_ => log.Seconds(0, 0.01)).ToList();
        await Task.WhenAll(delays.Select(delay => RaceAsync($"race-{++_number}", delay, cancellationToken)));
        log.End();
    }

    public void Dispose()
    {
        _management.Dispose();
        _publisher.Dispose();
    }

    private async Task RaceAsync(string consumer, TimeSpan delay, CancellationToken cancellationToken)
    {
        var consumers = $"/v1/admin/stream/{ProbeStreams.Free}/consumer";
        var subject = $"{ProbeStreams.Free}.{consumer}";
        var defined = await _management.PostAsync(consumers, new JsonObject { ["name"] = consumer, ["mode"] = "push", ["max_inflight"] = 10, ["filter_subject"] = subject });
        if (!defined.Success)
        {
            log.Note(consumer, $"not defined: {defined.Status} {defined.Detail}");
            return;
        }

        var path = $"/v1/data/stream/{ProbeStreams.Free}/consumer/{consumer}?subject_name={subject}";
        await using (var first = new Listener(bed.Dataplanes[0].Address, path, TimeSpan.Zero))
        await using (var second = new Listener(bed.Dataplanes[1].Address, path, delay))
        {
            await Task.Delay(Convergence, cancellationToken);
            var open = Count(first.IsOpen, second.IsOpen);
            var published = await _publisher.PublishAsync(subject, [1]);
            if (published.Success)
            {
                var received = await Task.WhenAll(first.ReceivesAsync(DeliveryLimit), second.ReceivesAsync(DeliveryLimit));
                log.Journal.Write(new HoldersEntry(log.Clock.Now, consumer, open, Count(received)));
            }
            else
            {
                log.Note(consumer, $"nothing published: {published.Status} {published.Detail}");
            }
        }

        await _management.DeleteAsync($"{consumers}/{consumer}");
    }

    private static int Count(params bool[] values) => values.Count(value => value);
}
