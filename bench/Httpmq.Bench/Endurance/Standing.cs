using Httpmq.Bench.Processes;

namespace Httpmq.Bench.Endurance;

/// <summary>What the gateway holds at a moment in which nobody wants anything of it.</summary>
internal sealed record Standing(long LiveBytes, int Handles, int NatsSubscriptions)
{
    // The size of pools depends on what was the load; a leak of the size of one client's part shows above this.
    private const long Memory = 16 * 1024 * 1024;

    // Kestrel's and the runtime's own: timers, event handles.
    private const int Some = 8;

    public double LiveMegabytes => LiveBytes / 1048576.0;

    public static async Task<Standing> ReadAsync(Gateway gateway, NatsServer nats) =>
        new(gateway.LiveBytes(), gateway.Dataplane.Handles(), await nats.SubscriptionsAsync());

    /// <summary>Whether nothing is left of what came in between.</summary>
    public bool IsBackAt(Standing before) =>
        NatsSubscriptions <= before.NatsSubscriptions && Handles <= before.Handles + Some && LiveBytes <= before.LiveBytes + Memory;

    public override string ToString() => $"{LiveMegabytes,6:0.0} MB live, {Handles,4} handles, {NatsSubscriptions,4} NATS subscriptions";
}
