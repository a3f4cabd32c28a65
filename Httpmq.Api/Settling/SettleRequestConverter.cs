using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Httpmq.Application.Settling;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Settling;

/// <summary>
/// Reads a settlement: under each verb an array of deliveries. One that cannot be read is kept with its reason, so that it does not spoil
/// the others; a body with too many is not read any further, and nothing of it is done.
/// </summary>
internal sealed class SettleRequestConverter : JsonConverter<SettleRequest>
{
    private const string Expected = """a settlement is an object with arrays of deliveries, such as {"ack":[{"stream":1,"consumer":1}]}""";
    private const string NoDelivery = """not a delivery, {"stream":n,"consumer":n} or {"token":"…"}""";
    private const int MaxName = 48;

    public override SettleRequest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            throw new HttpmqException(AckErrors.Malformed(Expected));
        }

        var lists = new List<SettleEntry>?[4];
        var named = new bool[4];
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndObject)
        {
            var verb = VerbOf(ref reader);
            reader.Read();
            if (verb is not { } known)
            {
                reader.Skip();
                continue;
            }

            // The second would take the place of the first, and what stands there would be neither settled nor refused.
            if (named[(int)known])
            {
                throw new HttpmqException(AckErrors.Malformed(
                    $"{Settlement.NameOf(known)}: it is named twice; put all its deliveries into one array"));
            }

            named[(int)known] = true;
            if (reader.TokenType is JsonTokenType.StartArray)
            {
                ReadList(ref reader, known, lists);
            }
            else if (reader.TokenType is not JsonTokenType.Null)
            {
                throw new HttpmqException(AckErrors.Malformed($"{Settlement.NameOf(known)}: it is an array; {Expected}"));
            }
        }

        return SettleRequest.Of(lists);
    }

    public override void Write(Utf8JsonWriter writer, SettleRequest value, JsonSerializerOptions options) =>
        throw new NotSupportedException("A settlement is only ever read.");

    private static void ReadList(ref Utf8JsonReader reader, SettleVerb verb, List<SettleEntry>?[] lists)
    {
        var others = lists.Sum(static list => list?.Count ?? 0);
        var read = lists[(int)verb] = [];
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            if (others + read.Count == AcknowledgeBatch.MaxPairs)
            {
                throw new HttpmqException(AckErrors.Entries(AcknowledgeBatch.MaxPairs + 1, orMore: true, AcknowledgeBatch.MaxPairs));
            }

            var pair = AckPairReader.Read(ref reader, out var words) ?? new AckPair(Stream: null, Consumer: null, NoDelivery);
            if (pair.Invalid is null && words.Invalid is { } reason)
            {
                pair = pair with { Invalid = reason };
            }

            read.Add(new SettleEntry(pair, new Settlement(verb, words.Delay, words.Reason)));
        }
    }

    private static SettleVerb? VerbOf(ref Utf8JsonReader reader)
    {
        Span<byte> name = stackalloc byte[MaxName];
        if (reader.ValueSpan.Length > MaxName)
        {
            return null;
        }

        name = name[..reader.CopyString(name)];
        return Ascii.EqualsIgnoreCase(name, "ack"u8) ? SettleVerb.Ack
            : Ascii.EqualsIgnoreCase(name, "nak"u8) ? SettleVerb.Nak
            : Ascii.EqualsIgnoreCase(name, "term"u8) ? SettleVerb.Term
            : Ascii.EqualsIgnoreCase(name, "progress"u8) ? SettleVerb.Progress
            : null;
    }
}
