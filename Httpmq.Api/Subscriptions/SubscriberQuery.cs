using System.Globalization;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;

namespace Httpmq.Api.Subscriptions;

/// <summary>What subscriptions and replays take alike from their query; each parameter once.</summary>
internal static class SubscriberQuery
{
    private static readonly TimeSpan ShortestHeartbeat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestHeartbeat = TimeSpan.FromHours(1);

    /// <summary>A parameter's value; null: it was not given.</summary>
    public static string? Single(HttpRequest request, string parameter)
    {
        var values = request.Query[parameter];
        return values.Count <= 1
            ? values.Count == 0 ? null : values[0] ?? string.Empty
            : throw Invalid(parameter, values.ToString(), $"{parameter} was given {values.Count} times, and is taken once");
    }

    /// <summary>How payloads are written; base64 where it was not given.</summary>
    public static PayloadEncoding Encoding(HttpRequest request) => Single(request, "encoding") is not { } text
        ? PayloadEncoding.Base64
        : PayloadEncodings.Parse(text) ?? throw Invalid("encoding", text, $"encoding: '{text}' is none of base64, utf8, json");

    /// <summary>Whether deliveries tell more of themselves; they do not where it was not given.</summary>
    public static bool Metadata(HttpRequest request) => Single(request, "metadata") switch
    {
        null or "false" => false,
        "true" => true,
        var text => throw Invalid("metadata", text, $"metadata: '{text}' is neither true nor false"),
    };

    /// <summary>After how long a sign of life comes; null: never.</summary>
    public static TimeSpan? Heartbeat(HttpRequest request, FrameShape shape)
    {
        if (Single(request, "heartbeat") is not { } text)
        {
            return null;
        }

        var given = Duration(text);
        if (given.Nanoseconds < ShortestHeartbeat.Ticks * TimeSpan.NanosecondsPerTick
            || given.Nanoseconds > LongestHeartbeat.Ticks * TimeSpan.NanosecondsPerTick)
        {
            throw Invalid(
                "heartbeat",
                text,
                $"heartbeat: '{text}' is not from 1s to 1h"
                    + (given.LooksLikeSeconds ? $"; a number is nanoseconds: for {text} seconds write {text}s" : string.Empty));
        }

        return shape.IsV1
            ? throw Invalid("heartbeat", text, $"heartbeat: '{text}' needs a framing with signs of life: send Accept: {Framings.Names}")
            : TimeSpan.FromTicks(given.Nanoseconds / TimeSpan.NanosecondsPerTick);
    }

    /// <summary>How many messages the client takes before it says more; null: any number.</summary>
    public static long? Credit(HttpRequest request)
    {
        if (Single(request, "credit") is not { } text)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var credit) && credit <= DeliveryCredit.Max
            ? credit
            : throw Invalid("credit", text, $"credit: '{text}' is not an integer from 0 to {DeliveryCredit.Max}");
    }

    /// <summary>Refuses credit of a client that has no way to give more.</summary>
    public static void RefuseCredit(HttpRequest request)
    {
        if (Single(request, "credit") is { } text)
        {
            throw Invalid("credit", text, $"credit: '{text}' is for clients that can give more: over a WebSocket, or duplex");
        }
    }

    public static HttpmqException Invalid(string parameter, string value, string reason) =>
        new(RequestErrors.Invalid(new InvalidValue(parameter, value, reason)));

    private static GivenDuration Duration(string text)
    {
        // Digits alone are nanoseconds, as in a body.
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var nanoseconds))
        {
            return new GivenDuration(nanoseconds);
        }

        return DurationText.TryParse(text, out nanoseconds, out var reason)
            ? new GivenDuration(nanoseconds, HasUnit: true)
            : throw Invalid("heartbeat", text, $"heartbeat: '{text}' {reason}; a duration is nanoseconds, or has a unit, such as 15s");
    }
}
