namespace Httpmq.Api.OpenApi;

/// <summary>The groups of operations, in the order in which one works.</summary>
internal static class Tags
{
    public const string Streams = "Streams";
    public const string Consumers = "Consumers";
    public const string Publishing = "Publishing";
    public const string Subscriptions = "Subscriptions";
    public const string Settling = "Settling";
    public const string Reading = "Reading";
    public const string Info = "Info";
    public const string Health = "Health";

    /// <summary>Each with its description.</summary>
    public static IReadOnlyList<(string Name, string Description)> All { get; } =
    [
        (Streams, "Streams store messages by subject."),
        (Consumers, "Consumers remember which messages of a stream were delivered and acknowledged."),
        (Publishing, "Store messages in the stream that takes their subject, one by one or in batches."),
        (Subscriptions, "Receive the messages of a consumer: as they come, or so many at once."),
        (Settling, "Say what became of the messages that were received."),
        (Reading, "Read stored messages without a consumer, one or all in order."),
        (Info, "What the gateway is connected to, and what can be used."),
        (Health, "Whether the process answers, and whether it can serve."),
    ];

    /// <summary>The place of a group.</summary>
    public static int OrderOf(string name)
    {
        for (var i = 0; i < All.Count; i++)
        {
            if (string.Equals(All[i].Name, name, StringComparison.Ordinal))
            {
                return i;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(name), name, "A tag without a place.");
    }
}
