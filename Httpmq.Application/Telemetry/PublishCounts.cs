using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace Httpmq.Application.Telemetry;

/// <summary>
/// Counts publishes in plain numbers, which are told when somebody asks. To tell each one, with its tags, costs many times as much.
/// </summary>
internal sealed class PublishCounts
{
    private static readonly KeyValuePair<string, object?> Stored = new(MetricNames.Outcome, "stored");
    private static readonly KeyValuePair<string, object?> Duplicate = new(MetricNames.Outcome, "duplicate");
    private static readonly KeyValuePair<string, object?> Failed = new(MetricNames.Outcome, "error");

    private readonly ConcurrentDictionary<string, StrongBox<long>> _failed = new(StringComparer.Ordinal);
    private readonly Instrument _publishes;
    private long _stored;
    private long _duplicates;
    private long _bytes;

    public PublishCounts(Meter meter)
    {
        _publishes = meter.CreateObservableCounter(
            MetricNames.Publishes.Name, Observe, MetricNames.Publishes.Unit, MetricNames.Publishes.Description);
        meter.CreateObservableCounter(
            MetricNames.PublishBytes.Name,
            () => Told(Volatile.Read(ref _bytes)),
            MetricNames.PublishBytes.Unit,
            MetricNames.PublishBytes.Description);
    }

    private bool IsWanted => _publishes.Enabled;

    public void AddBytes(long bytes)
    {
        if (IsWanted)
        {
            Interlocked.Add(ref _bytes, bytes);
        }
    }

    public void AddStored(bool duplicate, int count)
    {
        if (IsWanted)
        {
            Interlocked.Add(ref duplicate ? ref _duplicates : ref _stored, count);
        }
    }

    public void AddFailed(string errorType, int count)
    {
        if (IsWanted)
        {
            Interlocked.Add(ref _failed.GetOrAdd(errorType, static _ => new StrongBox<long>()).Value, count);
        }
    }

    private IEnumerable<Measurement<long>> Observe()
    {
        var told = Told(Volatile.Read(ref _stored), Stored).Concat(Told(Volatile.Read(ref _duplicates), Duplicate));
        return _failed.Aggregate(told, static (others, failed) => others.Concat(Told(
            Volatile.Read(ref failed.Value.Value), Failed, new KeyValuePair<string, object?>(MetricNames.ErrorType, failed.Key))));
    }

    /// <summary>
    /// Nothing where nothing was counted. In mode <c>all</c> both hosts have these instruments and one of them publishes: of two hosts that
    /// tell a number, the later one would win.
    /// </summary>
    private static IEnumerable<Measurement<long>> Told(long count, params KeyValuePair<string, object?>[] tags) =>
        count == 0 ? [] : [new Measurement<long>(count, tags)];
}
