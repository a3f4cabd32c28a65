using System.Net;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>Where metrics go. Without these settings nothing is measured.</summary>
internal sealed record MetricSettings
{
    /// <summary>Where Prometheus scrapes.</summary>
    public required IPAddress ListenOn { get; init; }

    /// <inheritdoc cref="ListenOn"/>
    public required int ListenPort { get; init; }

    /// <summary>Where metrics are sent; null: nowhere.</summary>
    public OtlpSettings? Otlp { get; init; }

    /// <summary>How often they are sent.</summary>
    public required TimeSpan OtlpInterval { get; init; }

    /// <summary>How often streams and consumers are looked at; null: never.</summary>
    public required TimeSpan? LagInterval { get; init; }

    /// <summary>So many streams, and so many consumers, are looked at.</summary>
    public required int MaxConsumers { get; init; }
}
