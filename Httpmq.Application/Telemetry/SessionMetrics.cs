namespace Httpmq.Application.Telemetry;

/// <summary>Counts what one subscription, replay or pull delivers. From the moment it is made until <see cref="End"/> it is open.</summary>
public sealed class SessionMetrics
{
    /// <summary>The reason of what ended because there was no more for the client.</summary>
    public const string Complete = "complete";

    /// <summary>The reason of what ended because the client left.</summary>
    public const string ClientGone = "client-gone";

    /// <summary>The reason of what was cut off because the client did not read, or the gateway had to stop.</summary>
    public const string CutOff = "cut-off";

    private readonly GatewayMetrics _metrics;
    private readonly KeyValuePair<string, object?> _source;
    private readonly KeyValuePair<string, object?> _framing;

    /// <param name="metrics">Where it is counted.</param>
    /// <param name="source"><see cref="MetricNames.Source"/>.</param>
    /// <param name="framing"><see cref="MetricNames.Framing"/>.</param>
    public SessionMetrics(GatewayMetrics metrics, string source, string framing)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        _metrics = metrics;
        _source = new KeyValuePair<string, object?>(MetricNames.Source, source);
        _framing = new KeyValuePair<string, object?>(MetricNames.Framing, framing);
        _metrics.OpenSessions.Add(1, _source, _framing);
    }

    /// <summary>Deliveries were written.</summary>
    /// <param name="count">How many.</param>
    /// <param name="bytes">How long they are as they are written.</param>
    public void Delivered(int count, long bytes)
    {
        if (_metrics.Deliveries.Enabled)
        {
            _metrics.Deliveries.Add(count, _source, _framing);
        }

        if (_metrics.DeliveryBytes.Enabled)
        {
            _metrics.DeliveryBytes.Add(bytes, _source, _framing);
        }
    }

    /// <summary>It is over.</summary>
    /// <param name="reason">Why: one of the words above, or the type of an error.</param>
    public void End(string reason)
    {
        _metrics.OpenSessions.Add(-1, _source, _framing);
        _metrics.EndedSessions.Add(1, _source, _framing, new KeyValuePair<string, object?>(MetricNames.Reason, reason));
    }
}
