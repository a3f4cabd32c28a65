using System.Globalization;
using System.Security.Cryptography;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>What the configuration file of one start says.</summary>
/// <param name="StoreLimit">Bytes that the store may grow to.</param>
/// <param name="MonitoringPath">
/// What every path of the monitoring endpoint starts with. A secret: the endpoint tells all there is to know, it asks nobody who they
/// are, and any local program or web page may find its port.
/// </param>
/// <param name="Server">What the server that reads it takes; an unknown field keeps it from starting.</param>
/// <param name="Sync">When a message is forced to the disk.</param>
/// <param name="PublicKey">Of the only user; it is no secret.</param>
internal sealed record NatsServerConfiguration(
    long StoreLimit, string MonitoringPath, ServerFacts Server, EmbeddedNatsSync Sync, string PublicKey)
{
    public static string NewMonitoringPath() => "/" + RandomNumberGenerator.GetHexString(32, lowercase: true);

    public override string ToString()
    {
        // The width keeps the length the same from one start to the next.
        var limit = StoreLimit.ToString(CultureInfo.InvariantCulture).PadLeft(20);
        var sync = Sync == EmbeddedNatsSync.Always ? "\n  sync_interval: always" : "";
        // There is no "unlimited": nats-server takes its own default for everything below 1.
        var consumers = Server.LimitsConsumersByDefault ? $"\n  limits {{ default_max_consumers: {int.MaxValue} }}" : "";
        var monitoring = Server.KeepsStreamsStuck ? $"http: \"127.0.0.1:-1\"\nhttp_base_path: \"{MonitoringPath}\"\n" : "";
        return "# Written anew at every start; changes are lost.\n"
            + $"authorization {{ users: [ {{ nkey: \"{PublicKey}\" }} ] }}\n{monitoring}jetstream {{\n  "
            + $"max_file_store: {limit}{sync}{consumers}\n}}\n";
    }
}
