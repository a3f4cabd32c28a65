namespace Httpmq.Api.Subscriptions.Framing;

/// <summary>How a framing tells that the subscription is open, or still lives, while there is no message.</summary>
internal enum FrameSigns
{
    /// <summary>Not at all: clients of v1 take every line for a message or the end.</summary>
    None,

    /// <summary>By objects with the member <c>event</c>.</summary>
    Objects,

    /// <summary>By comments and by the field <c>retry</c>, as server-sent events do.</summary>
    Comments,
}

/// <summary>What stands around the JSON objects of a framing.</summary>
internal sealed class FrameShape
{
    /// <summary>The lines of v1. Their content type is not theirs, but clients expect it.</summary>
    public static readonly FrameShape V1Lines = new("lines", "text/event-stream", FrameSigns.None) { CacheControl = "no-cache" };

    /// <summary>Lines with an object each. Source: https://github.com/ndjson/ndjson-spec.</summary>
    public static readonly FrameShape NdJson = new("ndjson", "application/x-ndjson", FrameSigns.Objects);

    /// <summary>The same by its other name. Source: https://jsonlines.org.</summary>
    public static readonly FrameShape JsonLines = new("jsonl", "application/jsonl", FrameSigns.Objects);

    /// <summary>JSON text sequences, RFC 7464: a record separator before each object.</summary>
    public static readonly FrameShape JsonSequence = new("json-seq", "application/json-seq", FrameSigns.Objects)
    {
        BeforeDelivery = [0x1E],
        BeforeOther = [0x1E],
    };

    /// <summary>Server-sent events. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html.</summary>
    public static readonly FrameShape ServerSentEvents = new("sse", "text/event-stream", FrameSigns.Comments)
    {
        BeforeDelivery = [.. "event: message\ndata: "u8],
        BeforeOther = [.. "event: end\ndata: "u8],
        After = [.. "\n\n"u8],
    };

    private FrameShape(string name, string contentType, FrameSigns signs)
    {
        Name = name;
        ContentType = contentType;
        Signs = signs;
    }

    /// <summary>For metrics.</summary>
    public string Name { get; }

    public string ContentType { get; }

    public FrameSigns Signs { get; }

    public string CacheControl { get; private init; } = "no-store";

    public byte[] BeforeDelivery { get; private init; } = [];

    /// <summary>In front of an object that is no delivery.</summary>
    public byte[] BeforeOther { get; private init; } = [];

    public byte[] After { get; private init; } = [(byte)'\n'];

    /// <summary>Whether it is the framing that v1 promised, which nothing may be added to unasked.</summary>
    public bool IsV1 => Signs is FrameSigns.None;
}
