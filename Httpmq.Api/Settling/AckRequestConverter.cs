using System.Text.Json;
using System.Text.Json.Serialization;
using Httpmq.Application.Settling;

namespace Httpmq.Api.Settling;

/// <summary>
/// Reads an acknowledgement: one delivery, or an array of them. In an array one that cannot be read is kept with its reason, so that it
/// does not spoil the others; an array with too many is not read any further. Nothing is thrown for an element: there may be millions of
/// them.
/// </summary>
internal sealed class AckRequestConverter : JsonConverter<AckRequest>
{
    private static readonly AckPair NoPair = new(Stream: null, Consumer: null, """not a pair of sequences, {"stream":n,"consumer":n}""");

    public override AckRequest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is not JsonTokenType.StartArray)
        {
            return new AckRequest([ReadOne(ref reader)], IsBatch: false);
        }

        var pairs = new List<AckPair>();
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            if (pairs.Count == AcknowledgeBatch.MaxPairs)
            {
                throw AcknowledgeBatch.WrongCount(pairs.Count + 1, orMore: true);
            }

            pairs.Add(AckPairReader.Read(ref reader) ?? NoPair);
        }

        return new AckRequest(pairs, IsBatch: true);
    }

    public override void Write(Utf8JsonWriter writer, AckRequest value, JsonSerializerOptions options) =>
        throw new NotSupportedException("An acknowledgement is only ever read.");

    private static AckPair ReadOne(ref Utf8JsonReader reader)
    {
        var again = reader;
        if (AckPairReader.Read(ref reader) is { } read)
        {
            return read;
        }

        // It says which field is wrong, and where.
        var pair = JsonSerializer.Deserialize(ref again, SettlingJson.Wire.AckParameters);
        reader = again;
        return new AckPair(pair?.Stream, pair?.Consumer);
    }
}
