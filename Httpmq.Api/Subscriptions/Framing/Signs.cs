using System.Text.Json.Serialization;
using Httpmq.Api.Json;

namespace Httpmq.Api.Subscriptions.Framing;

/// <summary>The first object of a framing of JSON objects: the subscription is open.</summary>
/// <param name="RequestId">The request's id.</param>
/// <param name="Stream">The stream.</param>
/// <param name="Consumer">The consumer; empty for a replay.</param>
internal sealed record OpenSign(string RequestId, string Stream, string Consumer)
{
    /// <summary>Always `open`.</summary>
    [JsonPropertyOrder(-1)]
    public string Event { get; } = "open";

    /// <summary>
    /// Of a replay: the stream sequence before its first message. A client that is cut off before that message goes on with it as
    /// `Last-Event-ID`.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? LastSequence { get; init; }
}

/// <summary>The subscription still lives.</summary>
/// <param name="Time">When this was written.</param>
internal sealed record KeepAliveSign(DateTimeOffset Time)
{
    /// <summary>Always `keepalive`.</summary>
    [JsonPropertyOrder(-1)]
    public string Event { get; } = "keepalive";
}

/// <summary>The last object of a replay that has sent all.</summary>
/// <param name="RequestId">The request's id.</param>
/// <param name="LastSequence">
/// The stream sequence up to which the client has everything that it asked for, and behind which it goes on: the stream's last one when the
/// replay began, also where `subject` matches nothing; of a replay that ends by its `limit`, that of its last message; of one that was to
/// begin behind the stream's last message, the sequence before its beginning.
/// </param>
internal sealed record ReplayEndSign(string RequestId, ulong LastSequence)
{
    /// <summary>Always `end`.</summary>
    [JsonPropertyOrder(-1)]
    public string Event { get; } = "end";
}

[JsonSerializable(typeof(OpenSign))]
[JsonSerializable(typeof(ReplayEndSign))]
[JsonSerializable(typeof(KeepAliveSign))]
internal sealed partial class SignJson : JsonSerializerContext
{
    public static SignJson Wire { get; } = new(WireJson.Options());
}
