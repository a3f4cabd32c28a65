using Httpmq.Bench.Processes;

namespace Httpmq.Bench.Endurance;

/// <summary>What the gateway holds at a moment in which nobody wants anything of it.</summary>
internal sealed record Standing(long LiveBytes, int Handles, int NatsSubscriptions)
{
    // Kestrel's and the runtime's own: timers, event handles.
    private const int Some = 8;

    public double LiveMegabytes => LiveBytes / 1048576.0;

    public static async Task<Standing> ReadAsync(Gateway gateway, MeasuredNats nats) =>
        new(gateway.Probe.LiveBytes(), gateway.Dataplane.Handles(), await nats.SubscriptionsAsync());

    /// <summary>Whether nothing is left of what came in between.</summary>
    /// <param name="before">What was held then.</param>
    /// <param name="pools">Bytes that pools may keep of their busiest moment.</param>
    public bool IsBackAt(Standing before, long pools) =>
        NatsSubscriptions <= before.NatsSubscriptions && Handles <= before.Handles + Some && LiveBytes <= before.LiveBytes + pools;

    public override string ToString() => $"{LiveMegabytes,6:0.0} MB live, {Handles,4} handles, {NatsSubscriptions,4} NATS subscriptions";
}
