using System.Text.Json.Nodes;

namespace Httpmq.Chaos.Races;

/// <summary>Streams beside the one that is judged message by message.</summary>
internal static class ProbeStreams
{
    /// <summary>Takes whatever is published in passing, and keeps only some of it.</summary>
    public const string Free = "probe";

    /// <summary>Its definition is changed.</summary>
    public const string Changing = "changing";

    private const int KeptMessages = 5000;

    public static IEnumerable<JsonObject> Definitions =>
    [
        new() { ["name"] = Free, ["subjects"] = new JsonArray($"{Free}.>"), ["max_msgs"] = KeptMessages },
        new() { ["name"] = Changing, ["subjects"] = new JsonArray($"{Changing}.0") },
    ];
}
