using System.Text.Json;
using System.Text.Json.Serialization;
using Httpmq.Api.Contracts;
using Httpmq.Application.Messages;

namespace Httpmq.Api.Serialization;

/// <summary>
/// Reads an acknowledgement: one pair of sequences, or an array of them. In an array a pair that cannot be read is kept with its
/// fault, so that it does not spoil the others.
/// </summary>
internal sealed class AckRequestConverter : JsonConverter<AckRequest>
{
    public override AckRequest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is not JsonTokenType.StartArray)
        {
            return new AckRequest([ReadPair(ref reader)], IsBatch: false);
        }

        var pairs = new List<AckPair>();
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            var element = reader;
            reader.Skip();
            pairs.Add(TryReadPair(element));
        }

        return new AckRequest(pairs, IsBatch: true);
    }

    public override void Write(Utf8JsonWriter writer, AckRequest value, JsonSerializerOptions options) =>
        throw new NotSupportedException("An acknowledgement is only ever read.");

    private static AckPair ReadPair(ref Utf8JsonReader reader)
    {
        var pair = JsonSerializer.Deserialize(ref reader, ApiJson.Wire.AckParameters);
        return new AckPair(pair?.Stream, pair?.Consumer);
    }

    private static AckPair TryReadPair(Utf8JsonReader reader)
    {
        try
        {
            return ReadPair(ref reader);
        }
        catch (JsonException)
        {
            return new AckPair(Stream: null, Consumer: null, """not a pair of sequences, {"stream":n,"consumer":n}""");
        }
    }
}
