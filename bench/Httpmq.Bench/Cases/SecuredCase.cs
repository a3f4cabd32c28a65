using System.Security.Cryptography;
using System.Text;
using Httpmq.Bench.Loads;
using Httpmq.Bench.Measuring;
using Httpmq.Bench.Processes;
using Httpmq.Testing;

namespace Httpmq.Bench.Cases;

/// <summary>
/// What protection and observation cost: a gateway that knows its callers, limits and measures them and traces, beside the gateway without
/// all of that, which is the raw side here. Sections that a build does not have, it ignores.
/// </summary>
internal sealed class SecuredCase(string name, string description, Target target, int payloadBytes, int connections, int inflight)
    : PublishCase(name, description, target, payloadBytes, connections, inflight)
{
    private readonly string _key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
    private readonly int _connections = connections;
    private readonly int _inflight = inflight;
    private Gateway? _secured;

    // Nobody reaches the limits, no trace is sampled, and the log is at its default level.
    private string Configuration => $$"""
        auth:
          api_keys: [{ name: bench, sha256: ["{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(_key)))}}"], roles: [w] }]
          roles: { w: { publish: { allow: ["orders.>", "bench.>"], deny: ["bench.audit.>"] } } }
        rate_limits:
          per_principal: { permits_per_second: 1000000, burst: 1000000000 }
          per_address: { permits_per_second: 1000000, burst: 1000000000 }
        metrics: { listen_port: {{Ports.Free()}} }
        traces: { otlp: { endpoint: "http://127.0.0.1:9" }, sample_ratio: 0 }
        """;

    public override async Task PrepareAsync(BenchContext context, CancellationToken cancellationToken)
    {
        await base.PrepareAsync(context, cancellationToken);
        _secured = await Gateway.StartAsync(context.Options.App!, context.NatsServer.Process.Url, Configuration);
        await WarmAsync(context);
    }

    public override async Task<Sample> RunAsync(BenchContext context, Side side, CancellationToken cancellationToken)
    {
        var gateway = side is Side.Gateway ? _secured! : context.Gateway;
        return await new Meter(context.NatsServer, gateway).MeasureAsync(() => PublishAsync(context, gateway));
    }

    public override string? Describe(CaseResult result) => (result.Gateway, result.Raw) is ({ } secured, { } open)
        ? string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"the gateway's own CPU per message {open.GatewayCpuMicros:0.00} -> {secured.GatewayCpuMicros:0.00} us "
            + $"({(secured.GatewayCpuMicros / open.GatewayCpuMicros) - 1:+0.0%;-0.0%}), of all processes "
            + $"{(secured.TotalCpuMicros / open.TotalCpuMicros) - 1:+0.0%;-0.0%}, rate {result.Ratio - 1:+0.0%;-0.0%}, "
            + $"alloc {open.AllocatedBytes:0} -> {secured.AllocatedBytes:0} B")
        : null;

    public override async Task CleanUpAsync(BenchContext context)
    {
        await (_secured?.DisposeAsync() ?? ValueTask.CompletedTask);
        await base.CleanUpAsync(context);
    }

    /// <summary>The open gateway as well, which the runner takes for the raw side, and so for warm.</summary>
    private Task<Counted> WarmAsync(BenchContext context) => PublishAsync(context, context.Gateway);

    private Task<Counted> PublishAsync(BenchContext context, Gateway gateway) => RequestLoad.Publish(
        gateway.DataplaneUri,
        SubjectName,
        Message,
        _connections,
        _inflight,
        apiKey: gateway == _secured ? _key : null).RunAsync(context.Duration);
}
