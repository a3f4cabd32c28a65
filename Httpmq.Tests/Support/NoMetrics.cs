using System.Diagnostics.Metrics;
using Httpmq.Application.Telemetry;

namespace Httpmq.Tests.Support;

/// <summary>Metrics to which nobody listens.</summary>
internal static class NoMetrics
{
    public static GatewayMetrics Create() => new(new Factory());

    private sealed class Factory : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }
}
