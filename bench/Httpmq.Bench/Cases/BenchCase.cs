using Httpmq.Bench.Loads;
using Httpmq.Bench.Measuring;
using Httpmq.Bench.Nats;
using Httpmq.Bench.Processes;

namespace Httpmq.Bench.Cases;

/// <summary>What the cases share: the processes, the meter, and how big everything is.</summary>
internal sealed record BenchContext(
    MeasuredNats NatsServer, Gateway Gateway, RawNats Nats, Management Management, Meter Meter, BenchOptions Options)
{
    public Uri Dataplane => Gateway.DataplaneUri;

    public int Scaled(int count) => Math.Max(1, (int)(count * Options.Scale));

    public TimeSpan Duration => TimeSpan.FromSeconds(3 * Options.Scale);
}

/// <summary>
/// One line of the table. Prepared once, then measured on each side in turn; a stream of its own, which is deleted at the end.
/// </summary>
internal abstract class BenchCase(string name, string description, Target target)
{
    public string Name => name;

    public string Description => description;

    public Target Target => target;

    /// <summary>Whether "all" includes it.</summary>
    public virtual bool ByDefault => true;

    /// <summary>Whether it is measured on the raw side as well, in several rounds.</summary>
    public virtual bool IsCompared => true;

    /// <summary>Whether there are requests of the same shape that a bare Kestrel can answer.</summary>
    public virtual bool HasFloor => false;

    /// <summary>Whether the ratio is that of median latencies, not of rates.</summary>
    public virtual bool ComparesLatency => false;

    protected string StreamName => $"bench-{name}";

    protected string SubjectName => $"bench.{name}";

    /// <summary>Makes the stream; override to fill it.</summary>
    public virtual Task PrepareAsync(BenchContext context, CancellationToken cancellationToken) =>
        context.Management.CreateStreamAsync(StreamName, SubjectName);

    /// <summary>Measures one side once.</summary>
    public abstract Task<Sample> RunAsync(BenchContext context, Side side, CancellationToken cancellationToken);

    /// <summary>What is to be said beside the figures; null: nothing.</summary>
    public virtual string? Describe(CaseResult result) => null;

    public virtual Task CleanUpAsync(BenchContext context) => context.Nats.DeleteStreamAsync(StreamName);

    protected static string ConsumerName(Side side) => $"{(side == Side.Gateway ? "gateway" : "raw")}-{Guid.NewGuid():N}";
}
