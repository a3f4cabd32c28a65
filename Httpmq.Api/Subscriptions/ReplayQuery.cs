using System.Globalization;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Messages;
using static Httpmq.Api.Subscriptions.SubscriberQuery;

namespace Httpmq.Api.Subscriptions;

/// <summary>Reads what a replay is asked for from the query and the headers.</summary>
internal static class ReplayQuery
{
    /// <summary>The subjects, and the rest.</summary>
    public static (IReadOnlyList<string> Subjects, ReplayOptions Options) Read(HttpRequest request)
    {
        var isNew = Flag(request, "new");
        var (after, isComplete) = LastEventId(request);
        var options = new ReplayOptions
        {
            FromSequence = Number(request, "from_seq", Single(request, "from_seq")),
            FromTime = Time(request, "from_time"),
            Last = Flag(request, "last"),
            LastPerSubject = Flag(request, "last_per_subject"),
            New = isNew,
            After = after,
            IsComplete = isComplete,
            Follow = Flag(request, "follow", otherwise: isNew),
            Limit = Limit(request),
        };
        return ([.. request.Query["subject"].Select(static subject => subject ?? string.Empty)], options);
    }

    /// <summary>How the messages are written; over a WebSocket as objects, and with credit.</summary>
    public static FramingOptions ReadFraming(HttpRequest request, bool isWebSocket)
    {
        if (!isWebSocket)
        {
            RefuseCredit(request);
        }

        var shape = isWebSocket ? FrameShape.NdJson : Framings.Choose(request.Headers.Accept);
        return new FramingOptions
        {
            IsReplay = true,
            Metadata = SubscriberQuery.Metadata(request),
            Shape = shape,
            Credit = isWebSocket ? new DeliveryCredit(SubscriberQuery.Credit(request)) : null,
            Encoding = SubscriberQuery.Encoding(request),
            Heartbeat = SubscriberQuery.Heartbeat(request, shape),
        };
    }

    private static (ulong? After, bool IsComplete) LastEventId(HttpRequest request)
    {
        var id = request.Headers["Last-Event-ID"].FirstOrDefault();
        return id?.Length > ReplayFrameWriter.EndOfId.Length && id.EndsWith(ReplayFrameWriter.EndOfId, StringComparison.Ordinal)
            ? (Number(request, "Last-Event-ID", id[..^ReplayFrameWriter.EndOfId.Length]), true)
            : (Number(request, "Last-Event-ID", id), false);
    }

    private static bool Flag(HttpRequest request, string parameter, bool otherwise = false) => Single(request, parameter) switch
    {
        null => otherwise,
        "" or "true" => true,
        "false" => false,
        var text => throw Invalid(parameter, text, $"{parameter}: '{text}' is neither true nor false"),
    };

    private static ulong? Number(HttpRequest request, string name, string? text) =>
        text is null || (text.Length == 0 && !request.Query.ContainsKey(name)) ? null
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw Invalid(name, text, $"{name}: '{text}' is not a sequence, a number from 1 to {ulong.MaxValue}");

    private static long? Limit(HttpRequest request) => Single(request, "limit") is not { } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit
        : throw Invalid("limit", text, $"limit: '{text}' is not a number from 1 to {long.MaxValue}");

    private static DateTimeOffset? Time(HttpRequest request, string parameter) => Single(request, parameter) is not { } text ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && text.Contains('T')
            ? time
            : throw Invalid(parameter, text, $"{parameter}: '{text}' is not a time of RFC 3339, such as 2026-11-24T16:00:00Z");
}
