using System.Buffers;
using System.Text;
using System.Text.Json;
using Httpmq.Api.Json;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Subscriptions.Framing;

/// <summary>A message's headers as a member of its JSON object: <c>,"headers":{"Name":["value",…],…}</c>.</summary>
internal static class HeadersText
{
    private static readonly JsonWriterOptions Options = new() { Encoder = WireJson.Options().Encoder, SkipValidation = true };

    /// <summary>Writes the headers, each name once; bytes that are no UTF-8 become U+FFFD. Returns the bytes written.</summary>
    public static int Write(IBufferWriter<byte> output, MessageHeaders headers)
    {
        var name = ",\"headers\":"u8;
        output.Write(name);
        using var json = new Utf8JsonWriter(output, Options);
        Write(json, headers);
        json.Flush();
        return name.Length + (int)json.BytesCommitted;
    }

    /// <summary>Each name once, in the order in which they come, with its values in theirs.</summary>
    public static OrderedDictionary<string, List<string>> ValuesOf(MessageHeaders headers)
    {
        var values = new OrderedDictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var header in headers)
        {
            var name = Encoding.ASCII.GetString(header.Name);
            if (!values.TryGetValue(name, out var list))
            {
                values.Add(name, list = []);
            }

            list.Add(Encoding.UTF8.GetString(header.Value));
        }

        return values;
    }

    /// <summary>Writes the object alone.</summary>
    public static void Write(Utf8JsonWriter json, MessageHeaders headers)
    {
        json.WriteStartObject();
        foreach (var (name, list) in ValuesOf(headers))
        {
            json.WriteStartArray(name);
            foreach (var value in list)
            {
                json.WriteStringValue(value);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}
