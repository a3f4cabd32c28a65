using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Httpmq.Api.Errors;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Publishing;

/// <summary>Where a request has its CloudEvents.</summary>
internal enum CloudEventMode
{
    None,

    /// <summary>One in the body, as JSON with its data in it.</summary>
    Structured,

    /// <summary>An array of them in the body.</summary>
    Batched,
}

/// <summary>
/// Takes a CloudEvent in JSON apart, so that it is stored as one that came in headers and body.
/// Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md.
/// </summary>
internal static class CloudEventReader
{
    private const string Structured = "application/cloudevents+json";
    private const string Batched = "application/cloudevents-batch+json";
    private const string Data = CloudEventAttributes.Data;
    private const string DataBase64 = "data_base64";

    // What a header of the bindings may have as it is.
    private static readonly SearchValues<byte> Plain = SearchValues.Create(
        [.. Enumerable.Range('!', '~' - '!' + 1).Select(static letter => (byte)letter).Except("\"%"u8.ToArray())]);

    /// <summary>Which mode the type of a body means.</summary>
    public static CloudEventMode ModeOf(string? contentType)
    {
        if (contentType is not ['a' or 'A', ..])
        {
            return CloudEventMode.None;
        }

        var end = contentType.IndexOf(';', StringComparison.Ordinal);
        var type = (end < 0 ? contentType : contentType[..end]).Trim();
        return string.Equals(type, Structured, StringComparison.OrdinalIgnoreCase) ? CloudEventMode.Structured
            : string.Equals(type, Batched, StringComparison.OrdinalIgnoreCase) ? CloudEventMode.Batched
            : CloudEventMode.None;
    }

    /// <summary>Reads one event; what is wrong with it comes back as an error.</summary>
    /// <param name="json">The event.</param>
    /// <param name="headers">Gets its attributes.</param>
    /// <param name="data">Its data; empty where it has none.</param>
    public static Error? Read(JsonElement json, PublishHeaders headers, out byte[] data)
    {
        data = [];
        if (json.ValueKind is not JsonValueKind.Object)
        {
            return BodyErrors.Event("it is not a JSON object");
        }

        try
        {
            var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
            foreach (var member in json.EnumerateObject())
            {
                // null is the same as absent, but for the data: there it is a value.
                if (member.Value.ValueKind is not JsonValueKind.Null || member.Name is Data)
                {
                    members[member.Name] = member.Value;
                }
            }

            return AddAttributes(members, headers) ?? ReadData(members, out data)
                ?? (CloudEventAttributes.Complete(headers) is { } invalid ? BodyErrors.Event(invalid.Reason) : null);
        }
        catch (InvalidOperationException)
        {
            return BodyErrors.Event("a text in it has half of a character");
        }
    }

    private static Error? AddAttributes(Dictionary<string, JsonElement> members, PublishHeaders headers)
    {
        foreach (var (name, value) in members)
        {
            if (name is Data or DataBase64)
            {
                continue;
            }

            if (!CloudEventAttributes.IsName(name))
            {
                return BodyErrors.Event($"'{Http.UnknownNames.Printable(name)}' is no name of an attribute: lower-case letters and digits");
            }

            if (CloudEventAttributes.IsText(name) && value.ValueKind is not JsonValueKind.String)
            {
                return BodyErrors.Event($"{name}: the value is not text");
            }

            if (TextOf(value) is not { } text)
            {
                return BodyErrors.Event($"{name}: the value is not text, an integer, true or false");
            }

            if (headers.Add(CloudEventAttributes.Prefix + name, Encode(text)) is { } invalid)
            {
                return BodyErrors.Event(invalid.Reason);
            }
        }

        if (!members.ContainsKey(CloudEventAttributes.DataContentType) && members.ContainsKey(Data))
        {
            headers.Add(CloudEventAttributes.Prefix + CloudEventAttributes.DataContentType, "application/json");
        }

        return null;
    }

    private static string? TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Number when value.TryGetInt64(out var number) => number.ToString(CultureInfo.InvariantCulture),
        _ => null,
    };

    private static Error? ReadData(Dictionary<string, JsonElement> members, out byte[] data)
    {
        data = [];
        var hasData = members.TryGetValue(Data, out var value);
        if (members.TryGetValue(DataBase64, out var base64))
        {
            return hasData ? BodyErrors.Event("it has data and data_base64")
                : base64.ValueKind is JsonValueKind.String && base64.TryGetBytesFromBase64(out data!) ? null
                : BodyErrors.Event("data_base64 is not base64 with padding");
        }

        if (hasData)
        {
            var type = members.TryGetValue(CloudEventAttributes.DataContentType, out var given) ? TextOf(given) : null;
            data = value.ValueKind is JsonValueKind.String && !IsJson(type)
                ? Encoding.UTF8.GetBytes(value.GetString()!)
                : JsonMarshal.GetRawUtf8Value(value).ToArray();
        }

        return null;
    }

    /// <summary>Text that is not meant as JSON stands as a string, and is stored without its quotes.</summary>
    private static bool IsJson(string? type)
    {
        var name = (type ?? "application/json").Split(';')[0].Trim();
        return name.EndsWith("/json", StringComparison.OrdinalIgnoreCase) || name.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>As the bindings have it: what is no printable ASCII, spaces, quotes and percent signs are percent-encoded UTF-8.</summary>
    private static string Encode(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.AsSpan().IndexOfAnyExcept(Plain) < 0)
        {
            return text;
        }

        var encoded = new StringBuilder(bytes.Length * 3);
        foreach (var letter in bytes)
        {
            _ = Plain.Contains(letter)
                ? encoded.Append((char)letter)
                : encoded.Append(CultureInfo.InvariantCulture, $"%{letter:X2}");
        }

        return encoded.ToString();
    }
}
