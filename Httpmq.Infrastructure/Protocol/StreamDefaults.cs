using System.Text.Json.Nodes;

namespace Httpmq.Infrastructure.Protocol;

/// <summary>What a stream is that nothing is said about, as JetStream reports it back.</summary>
internal static class StreamDefaults
{
    private const string Text = """
        {"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,
         "max_msgs_per_subject":-1,"max_msg_size":-1,"storage":"file","num_replicas":1}
        """;

    /// <summary>On disk, without limits, one copy. A new one each time: JSON can be changed.</summary>
    public static JsonObject File => (JsonObject)JsonNode.Parse(Text)!;
}
