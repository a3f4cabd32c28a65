namespace Httpmq.Bench.Endurance;

/// <summary>Where bad clients go: the gateway, and a stream with a backlog that is theirs alone.</summary>
/// <param name="Server">The dataplane.</param>
/// <param name="Stream">The stream; its name is its subject, too.</param>
/// <param name="ConsumerPrefix">Its push consumers are called so, with a number from 0.</param>
internal sealed record Prey(Uri Server, string Stream, string ConsumerPrefix)
{
    public string SubscribePath(int consumer) => $"/v1/data/stream/{Stream}/consumer/{ConsumerPrefix}{consumer}?subject_name={Stream}";

    public string PublishPath => $"/v1/data/subject/{Stream}";
}

/// <summary>A kind of bad client.</summary>
/// <param name="Name">For the table.</param>
/// <param name="What">What it does, and how many of them.</param>
/// <param name="RunAsync">Does it until it is cancelled, with nothing left open afterwards; tells how often it did it.</param>
internal sealed record BadClient(string Name, string What, Func<Prey, CancellationToken, Task<long>> RunAsync);
