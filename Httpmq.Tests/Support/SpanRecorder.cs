using System.Collections.Concurrent;
using System.Diagnostics;
using Httpmq.Api.Hosting;
using OpenTelemetry;

namespace Httpmq.Tests.Support;

/// <summary>
/// Traces this process as the product does, with a client whose trace is sampled; no other begins here. Spans of other clients, which other
/// tests may be, are passed over.
/// </summary>
internal sealed class SpanRecorder : IDisposable
{
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly IDisposable _provider;

    public SpanRecorder() => _provider = Tracing.Build(sampleRatio: 0, new Keeping(this));

    /// <summary>The client's trace, and its span.</summary>
    public ActivityTraceId TraceId { get; } = ActivityTraceId.CreateRandom();

    public ActivitySpanId ClientSpan { get; } = ActivitySpanId.CreateRandom();

    /// <summary>What the client sends.</summary>
    public string Parent => $"00-{TraceId}-{ClientSpan}-01";

    /// <summary>Spans that have ended, of the client's trace or linked to it.</summary>
    public IReadOnlyList<Activity> Spans => [.. _spans];

    /// <summary>The first span of this name.</summary>
    public async Task<Activity> WaitForAsync(string name)
    {
        await Eventually.HoldsAsync(
            () => Task.FromResult(Find(name) is not null),
            () => $"a span '{name}' among {string.Join(", ", _spans.Select(static span => span.DisplayName))}");
        return Find(name)!;
    }

    public void Dispose() => _provider.Dispose();

    private Activity? Find(string name) =>
        _spans.FirstOrDefault(span => string.Equals(span.DisplayName, name, StringComparison.Ordinal));

    private sealed class Keeping(SpanRecorder recorder) : BaseProcessor<Activity>
    {
        public override void OnEnd(Activity data)
        {
            if (data.Recorded && (data.TraceId == recorder.TraceId || data.Links.Any(link => link.Context.TraceId == recorder.TraceId)))
            {
                recorder._spans.Enqueue(data);
            }
        }
    }
}
