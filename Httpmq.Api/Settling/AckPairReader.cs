using System.Text;
using System.Text.Json;
using Httpmq.Application.Settling;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Api.Settling;

/// <summary>
/// Reads one delivery out of an acknowledgement: its two sequences, its token, or its whole line as it came. Field names in any case;
/// unknown fields are skipped, and of a field that is there twice the last one counts, as everywhere.
/// </summary>
internal static class AckPairReader
{
    // Names and tokens are short; whatever is longer is neither, and is not copied.
    private const int MaxText = EntityName.MaxLength;

    /// <summary>Reads the value that the reader stands at, up to its end.</summary>
    /// <returns>Null where it is none; the JSON itself may still be fine.</returns>
    public static AckPair? Read(ref Utf8JsonReader reader) => Read(ref reader, hasWords: false, out _);

    /// <summary>As <see cref="Read(ref Utf8JsonReader)"/>, with what an entry of a settlement may say besides.</summary>
    public static AckPair? Read(ref Utf8JsonReader reader, out SettleWords words) => Read(ref reader, hasWords: true, out words);

    private static AckPair? Read(ref Utf8JsonReader reader, bool hasWords, out SettleWords words)
    {
        words = default;
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return ReadObject(ref reader, hasWords, ref words).ToPair();

            // As an object without fields.
            case JsonTokenType.Null:
                return new AckPair(Stream: null, Consumer: null);

            default:
                reader.Skip();
                return null;
        }
    }

    private static Fields ReadObject(ref Utf8JsonReader reader, bool hasWords, ref SettleWords words)
    {
        var fields = default(Fields);
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndObject)
        {
            var name = NameOf(ref reader);
            reader.Read();
            switch (name)
            {
                case Field.Stream:
                    fields.Stream = Value.Read(ref reader);
                    break;
                case Field.Consumer:
                    fields.Consumer = Value.Read(ref reader);
                    break;
                case Field.Token:
                    fields.Token = Value.Read(ref reader);
                    break;
                case Field.Sequence when reader.TokenType is JsonTokenType.StartObject:
                    fields.Sequence = ReadSequence(ref reader);
                    break;
                case Field.Delay when hasWords:
                    words.ReadDelay(ref reader);
                    break;
                case Field.Reason when hasWords:
                    words.ReadReason(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return fields;
    }

    private static (Value Stream, Value Consumer) ReadSequence(ref Utf8JsonReader reader)
    {
        var (stream, consumer) = (default(Value), default(Value));
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndObject)
        {
            var name = NameOf(ref reader);
            reader.Read();
            switch (name)
            {
                case Field.Stream:
                    stream = Value.Read(ref reader);
                    break;
                case Field.Consumer:
                    consumer = Value.Read(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return (stream, consumer);
    }

    private static Field NameOf(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
        {
            return NameOf(reader.ValueSpan);
        }

        Span<byte> unescaped = stackalloc byte[MaxText];
        return reader.ValueSpan.Length <= MaxText ? NameOf(unescaped[..reader.CopyString(unescaped)]) : Field.Other;
    }

    private static Field NameOf(ReadOnlySpan<byte> name) => name.Length switch
    {
        5 when Ascii.EqualsIgnoreCase(name, "token"u8) => Field.Token,
        5 when Ascii.EqualsIgnoreCase(name, "delay"u8) => Field.Delay,
        6 when Ascii.EqualsIgnoreCase(name, "reason"u8) => Field.Reason,
        6 when Ascii.EqualsIgnoreCase(name, "stream"u8) => Field.Stream,
        8 when Ascii.EqualsIgnoreCase(name, "consumer"u8) => Field.Consumer,
        8 when Ascii.EqualsIgnoreCase(name, "sequence"u8) => Field.Sequence,
        _ => Field.Other,
    };

    private enum Field
    {
        Other,
        Stream,
        Consumer,
        Token,
        Sequence,
        Delay,
        Reason,
    }

    /// <summary>What stood in a field: a sequence, a text, nothing or <c>null</c>, or something that is neither.</summary>
    private readonly record struct Value(ulong? Number, string? Text, bool IsWrong)
    {
        public bool IsAbsent => Number is null && Text is null && !IsWrong;

        public static Value Read(ref Utf8JsonReader reader)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.Null:
                    return default;
                case JsonTokenType.Number when reader.TryGetUInt64(out var number):
                    return new Value(number, Text: null, IsWrong: false);
                case JsonTokenType.String when reader.ValueSpan.Length <= MaxText:
                    return new Value(Number: null, reader.GetString(), IsWrong: false);
                default:
                    reader.Skip();
                    return new Value(Number: null, Text: null, IsWrong: true);
            }
        }
    }

    private struct Fields
    {
        public Value Stream;
        public Value Consumer;
        public Value Token;
        public (Value Stream, Value Consumer)? Sequence;

        public readonly AckPair? ToPair()
        {
            if (Token.IsWrong || Token.Number is not null)
            {
                return new AckPair(Stream: null, Consumer: null, "token: it is a text, as it came with the delivery");
            }

            // In a line both are names, and the sequences are one level below.
            var isLine = Sequence is not null && Stream.Number is null && Consumer.Number is null && !Stream.IsWrong && !Consumer.IsWrong;
            var (stream, consumer) = isLine ? Sequence!.Value : (Stream, Consumer);
            return stream.Text is not null || consumer.Text is not null || stream.IsWrong || consumer.IsWrong
                ? null
                : new AckPair(
                    stream.Number, consumer.Number, Token: Token.Text, Line: isLine ? new LineNames(Stream.Text, Consumer.Text) : null);
        }
    }
}
