using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Httpmq.Api.Subscriptions.Framing;

/// <summary>How a payload stands in a JSON object. What does not fit is written in base64, as <c>b64_msg</c>.</summary>
internal enum PayloadEncoding
{
    /// <summary><c>"b64_msg":"…"</c>: any bytes.</summary>
    Base64,

    /// <summary><c>"msg":"…"</c>: UTF-8 as a JSON string.</summary>
    Utf8,

    /// <summary><c>"json":…</c>: one JSON value, as its text.</summary>
    Json,
}

internal static class PayloadEncodings
{
    /// <summary>The encoding itself where the payload can be written in it; else base64.</summary>
    public static PayloadEncoding Fit(this PayloadEncoding wanted, ReadOnlySpan<byte> payload) => wanted switch
    {
        PayloadEncoding.Utf8 when Utf8.IsValid(payload) => wanted,
        PayloadEncoding.Json when IsJson(payload) => wanted,
        _ => PayloadEncoding.Base64,
    };

    /// <summary>The encoding of this name; null: there is none.</summary>
    public static PayloadEncoding? Parse(string name) => name switch
    {
        "base64" => PayloadEncoding.Base64,
        "utf8" => PayloadEncoding.Utf8,
        "json" => PayloadEncoding.Json,
        _ => null,
    };

    /// <summary>Exactly one value, of at most 64 levels, by RFC 8259, whose strings are whole characters.</summary>
    private static bool IsJson(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty || !Utf8.IsValid(payload))
        {
            return false;
        }

        // The grammar permits one half of a surrogate pair, and strict parsers refuse it. Only an escape can write one.
        var mayHaveHalves = payload.IndexOf("\\u"u8) >= 0;
        var reader = new Utf8JsonReader(payload);
        try
        {
            // To the end: what follows the value must be white space.
            while (reader.Read())
            {
                if (mayHaveHalves && reader.ValueIsEscaped && HasHalfCharacter(reader.ValueSpan))
                {
                    return false;
                }
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Whether a valid string, without its quotes, has half of a surrogate pair.</summary>
    private static bool HasHalfCharacter(ReadOnlySpan<byte> text)
    {
        const int escapeLength = 6;
        var halfIsOpen = false;
        for (var at = text.IndexOf((byte)'\\'); at >= 0;)
        {
            var isUnicode = text[at + 1] == (byte)'u';
            var unit = isUnicode ? ushort.Parse(text.Slice(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : 0;
            if (halfIsOpen != char.IsLowSurrogate((char)unit))
            {
                return true;
            }

            halfIsOpen = char.IsHighSurrogate((char)unit);
            text = text[(at + (isUnicode ? escapeLength : 2))..];
            at = text.IndexOf((byte)'\\');
            if (halfIsOpen && at != 0)
            {
                return true;
            }
        }

        return false;
    }
}
