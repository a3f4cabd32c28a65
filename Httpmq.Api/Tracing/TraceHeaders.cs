using System.Diagnostics;
using System.Text;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Tracing;

/// <summary>The trace in the headers of a message: W3C's <c>traceparent</c> and <c>tracestate</c>, as in a request.</summary>
internal static class TraceHeaders
{
    public const string Parent = "traceparent";
    public const string State = "tracestate";

    // 00-<32 digits>-<16 digits>-<2 digits>, in lower case.
    private const int ParentLength = 55;

    /// <summary>
    /// The message with the span's context in the place of any other. As it was where it would be larger than it may be then.
    /// </summary>
    public static Publication WithTrace(this in Publication publication, Activity span, int maxPayload)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var header in publication.Headers)
        {
            if (!Ascii.EqualsIgnoreCase(header.Name, Parent) && !Ascii.EqualsIgnoreCase(header.Name, State))
            {
                pairs.Add(new(Encoding.ASCII.GetString(header.Name), Encoding.UTF8.GetString(header.Value)));
            }
        }

        pairs.Add(new(Parent, span.Id!));
        if (!string.IsNullOrEmpty(span.TraceStateString))
        {
            pairs.Add(new(State, span.TraceStateString));
        }

        return MessageHeaders.TryCreate(pairs, out var headers, out _)
            && publication with { Headers = headers } is var traced && traced.Size <= maxPayload
            ? traced
            : publication;
    }

    /// <summary>The context that the message came with, where it is valid and its trace is sampled.</summary>
    public static bool TryReadSampled(in MessageHeaders headers, out ActivityContext context)
    {
        context = default;
        var found = false;
        string? parent = null;
        foreach (var header in headers)
        {
            if (!Ascii.EqualsIgnoreCase(header.Name, Parent))
            {
                continue;
            }

            if (found)
            {
                // There is one only, or none that can be relied on.
                return false;
            }

            found = true;
            parent = IsSampled(header.Value) ? Encoding.ASCII.GetString(header.Value) : null;
        }

        return parent is not null && ActivityContext.TryParse(parent, headers.Find(State), isRemote: true, out context);
    }

    /// <summary>Whether there is one, whatever it is.</summary>
    public static bool HasParent(in MessageHeaders headers)
    {
        foreach (var header in headers)
        {
            if (Ascii.EqualsIgnoreCase(header.Name, Parent))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The lowest bit of the flags; whether the rest is valid is another question.</summary>
    private static bool IsSampled(ReadOnlySpan<byte> parent) =>
        parent.Length == ParentLength && char.IsAsciiHexDigitLower((char)parent[^1])
        && (Convert.ToInt32($"{(char)parent[^1]}", 16) & 1) == 1;
}
