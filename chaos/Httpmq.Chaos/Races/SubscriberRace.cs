using System.Text.Json.Nodes;
using Httpmq.Chaos.Faults;
using Httpmq.Chaos.Load;
using Httpmq.Chaos.Servers;
using Httpmq.Checker;

namespace Httpmq.Chaos.Races;

/// <summary>
/// Two subscribers, one through each dataplane, ask at the same moment for a push consumer without a group. Some time later a
/// message is published: one of them must get it. While they ask, the nodes hear from each other late, as machines far apart do. So both
/// are let in, and say so before either node has heard that somebody listens at the other.
/// </summary>
internal sealed class SubscriberRace(TestBed bed, FaultLog log) : IDisposable
{
    private const int AtOnce = 8;
    private const double Spread = 0.2;
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Opening = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Convergence = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DeliveryLimit = TimeSpan.FromSeconds(3);

    private static readonly string Consumers = $"/v1/admin/stream/{ProbeStreams.Free}/consumer";

    private readonly GatewayClient _management = new(bed.Management.Address);
    private readonly GatewayClient _publisher = new(bed.Dataplanes[0].Address);
    private int _number;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ReadyLimit);
        await bed.WaitUntilGatewaysServeAsync(limit.Token);
        var delays = Enumerable.Range(0, AtOnce)
            .ToDictionary(_ => $"race-{++_number}", _ => (log.Seconds(0, Spread), log.Seconds(0, Spread)), StringComparer.Ordinal);
        var defined = await Task.WhenAll(delays.Keys.Select(DefineAsync));
        log.Begin("subscribers race for a consumer", FaultEffects.HarmsNobody);
        var races = defined.OfType<string>().Select(consumer => RaceAsync(consumer, delays[consumer], cancellationToken)).ToList();
        await DelayNewsAsync(cancellationToken);
        await Task.WhenAll(races);
        log.End();
    }

    public void Dispose()
    {
        _management.Dispose();
        _publisher.Dispose();
    }

    /// <summary>The consumer's name; null where it could not be defined.</summary>
    private async Task<string?> DefineAsync(string consumer)
    {
        var parameters =
            new JsonObject { ["name"] = consumer, ["mode"] = "push", ["max_inflight"] = 10, ["filter_subject"] = SubjectOf(consumer) };
        var defined = await _management.PostAsync(Consumers, parameters);
        if (defined.Success)
        {
            return consumer;
        }

        log.Note(consumer, $"not defined: {defined.Status} {defined.Detail}");
        return null;
    }

    /// <summary>Makes the nodes hear from each other late, for a time that nobody else notices.</summary>
    private async Task DelayNewsAsync(CancellationToken cancellationToken)
    {
        Slow(Latency);
        try
        {
            await Task.Delay(Opening, cancellationToken);
        }
        finally
        {
            Slow(TimeSpan.Zero);
        }
    }

    private void Slow(TimeSpan latency)
    {
        foreach (var wire in bed.RouteWires)
        {
            wire.Slow(latency);
        }
    }

    private async Task RaceAsync(string consumer, (TimeSpan First, TimeSpan Second) delays, CancellationToken cancellationToken)
    {
        var subject = SubjectOf(consumer);
        var path = $"/v1/data/stream/{ProbeStreams.Free}/consumer/{consumer}?subject_name={subject}";
        await using (var first = new Listener(bed.Dataplanes[0].Address, path, delays.First))
        await using (var second = new Listener(bed.Dataplanes[1].Address, path, delays.Second))
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

        await _management.DeleteAsync($"{Consumers}/{consumer}");
    }

    private static string SubjectOf(string consumer) => $"{ProbeStreams.Free}.{consumer}";

    private static int Count(params bool[] values) => values.Count(value => value);
}
