using System.Diagnostics;
using System.Text.Json.Nodes;
using NATS.Client.Core;

namespace Httpmq.Tests.Support;

/// <summary>Brings nats-servers that have just been started together.</summary>
internal static class ClusterStart
{
    // Takes 3 s where it goes well.
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(12);

    /// <summary>
    /// Waits until a stream can have a copy on each node. A node that comes a moment after the others have elected a leader may stay out
    /// for good (seen with 2.10.27, on a busy machine one cluster in four): "no suitable peers", until it is started again.
    /// </summary>
    public static async Task CompleteAsync(IReadOnlyList<NatsServerProcess> nodes)
    {
        // Which one it is the servers do not tell, so each gets its turn, and then another.
        for (var turn = 2 * nodes.Count; turn > 0; turn--)
        {
            if (await IsCompleteAsync(nodes))
            {
                return;
            }

            var node = nodes[turn % nodes.Count];
            await node.KillAsync();
            await node.StartAgainAsync();
        }

        throw new AssertionException($"{nodes.Count} nats-servers did not become one cluster");
    }

    private static async Task<bool> IsCompleteAsync(IReadOnlyList<NatsServerProcess> nodes)
    {
        await using var raw = new RawJetStream(nodes[0].Url);
        var start = Stopwatch.GetTimestamp();
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        do
        {
            try
            {
                var stream = new JsonObject { ["name"] = "probe", ["storage"] = "memory", ["num_replicas"] = nodes.Count };
                if ((await raw.TryCallAsync("STREAM.CREATE.probe", stream))["error"] is null)
                {
                    await raw.TryCallAsync("STREAM.DELETE.probe");
                    return true;
                }
            }
            catch (NatsException)
            {
                // No leader yet, or no answer of it.
            }

            await pause.WaitForNextTickAsync();
        }
        while (Stopwatch.GetElapsedTime(start) < TimeLimit);

        return false;
    }
}
