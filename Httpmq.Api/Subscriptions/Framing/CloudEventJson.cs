using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Httpmq.Api.Json;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Subscriptions.Framing;

/// <summary>
/// A message as a CloudEvent: one JSON object with the event's attributes and its data.
/// Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md.
/// </summary>
internal static class CloudEventJson
{
    public const string ContentType = "application/cloudevents+json";

    /// <summary>Of an array of events.</summary>
    public const string BatchContentType = "application/cloudevents-batch+json";

    /// <summary>The <c>type</c> of a message that was not published as an event.</summary>
    public const string MessageType = "httpmq.message";

    public static JsonWriterOptions Options { get; } = new() { Encoder = WireJson.Options().Encoder };

    /// <summary>Writes the event that a message carries; a message that carries none becomes one of <see cref="MessageType"/>.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="message">What every event of the stream has.</param>
    /// <param name="headers">The message's headers.</param>
    /// <param name="data">Its payload.</param>
    /// <param name="extensions">Attributes that the gateway adds; they win over those of the message.</param>
    public static void Write(
        Utf8JsonWriter json,
        in CloudEventMessage message,
        MessageHeaders headers,
        ReadOnlySpan<byte> data,
        params ReadOnlySpan<(string Name, string Value)> extensions)
    {
        json.WriteStartObject();
        var attributes = AttributesOf(headers);
        if (!attributes.Any(static attribute => attribute.Name is CloudEventAttributes.SpecVersion))
        {
            attributes = message.ToAttributes();
        }

        foreach (var (name, value) in extensions)
        {
            json.WriteString(name, value);
        }

        string? type = null;
        foreach (var (name, value) in attributes)
        {
            if (!Contains(extensions, name))
            {
                json.WriteString(name, value);
                type = name is CloudEventAttributes.DataContentType ? value : type;
            }
        }

        if (!data.IsEmpty)
        {
            WriteData(json, data, type);
        }

        json.WriteEndObject();
    }

    /// <summary>The attributes of the event that a message carries, each once.</summary>
    private static List<(string Name, string Value)> AttributesOf(MessageHeaders headers)
    {
        var attributes = new List<(string, string)>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var header in headers)
        {
            // Whoever speaks NATS may have written the names in any case.
            var name = Encoding.ASCII.GetString(header.Name).ToLowerInvariant();
            if (name.StartsWith(CloudEventAttributes.Prefix, StringComparison.Ordinal)
                && CloudEventAttributes.IsName(name[CloudEventAttributes.Prefix.Length..]) && known.Add(name))
            {
                attributes.Add(
                    (name[CloudEventAttributes.Prefix.Length..], Uri.UnescapeDataString(Encoding.UTF8.GetString(header.Value))));
            }
        }

        return attributes;
    }

    private static bool Contains(ReadOnlySpan<(string Name, string Value)> extensions, string name)
    {
        foreach (var extension in extensions)
        {
            if (string.Equals(extension.Name, name, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>As JSON where it is JSON, as text where it says that it is text, else in base64.</summary>
    private static void WriteData(Utf8JsonWriter json, ReadOnlySpan<byte> data, string? type)
    {
        var name = type?.Split(';')[0].Trim() ?? string.Empty;
        if ((name.EndsWith("/json", StringComparison.OrdinalIgnoreCase) || name.EndsWith("+json", StringComparison.OrdinalIgnoreCase))
            && PayloadEncoding.Json.Fit(data) is PayloadEncoding.Json)
        {
            json.WritePropertyName("data"u8);
            json.WriteRawValue(data, skipInputValidation: true);
        }
        else if (name.StartsWith("text/", StringComparison.OrdinalIgnoreCase) && Utf8.IsValid(data))
        {
            json.WriteString("data"u8, data);
        }
        else
        {
            json.WriteBase64String("data_base64"u8, data);
        }
    }
}

/// <summary>What is known of a message that was not published as an event.</summary>
/// <param name="Stream">Its stream.</param>
/// <param name="Sequence">Its sequence in the stream.</param>
/// <param name="Subject">The subject that it was published to.</param>
/// <param name="Time">When it was stored.</param>
internal readonly record struct CloudEventMessage(string Stream, ulong Sequence, string Subject, DateTimeOffset Time)
{
    /// <summary>The stream and the sequence identify it, as an event's source and id must.</summary>
    public List<(string Name, string Value)> ToAttributes() =>
    [
        (CloudEventAttributes.SpecVersion, CloudEventAttributes.Version),
        (CloudEventAttributes.Id, Sequence.ToString(CultureInfo.InvariantCulture)),
        ("source", $"/v1/data/stream/{Uri.EscapeDataString(Stream)}"),
        ("type", CloudEventJson.MessageType),
        ("subject", Subject),
        ("time", Time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)),
    ];
}
