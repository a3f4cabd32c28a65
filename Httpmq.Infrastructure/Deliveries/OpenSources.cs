using System.Collections.Concurrent;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>The sources that are open. Safe for use by many threads at once.</summary>
internal sealed class OpenSources
{
    private readonly ConcurrentDictionary<DeliverySource, byte> _open = new();

    public int Count => _open.Count;

    /// <summary>Those of the moment.</summary>
    public ICollection<DeliverySource> All => _open.Keys;

    public void Add(DeliverySource source) => _open[source] = 0;

    public void Remove(DeliverySource source) => _open.TryRemove(source, out _);

    public bool Contains(DeliverySource source) => _open.ContainsKey(source);

    /// <summary>Those of a consumer, or of all consumers of a stream.</summary>
    public IEnumerable<DeliverySource> Of(string stream, string? consumer) => _open.Keys.Where(source =>
        string.Equals(source.Stream, stream, StringComparison.Ordinal)
        && (consumer is null || string.Equals(source.Consumer, consumer, StringComparison.Ordinal)));
}
