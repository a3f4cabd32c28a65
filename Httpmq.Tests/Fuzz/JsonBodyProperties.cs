using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using FsCheck;
using FsCheck.Fluent;
using Httpmq.Api.Bodies;
using Httpmq.Api.Consumers;
using Httpmq.Api.Errors;
using Httpmq.Api.Settling;
using Httpmq.Api.Streams;
using Httpmq.Domain.Errors;

namespace Httpmq.Tests.Fuzz;

/// <summary>Any body of any route that takes JSON is read, or refused with what is wrong and where; never anything else.</summary>
internal sealed class JsonBodyProperties
{
    private static readonly JsonTypeInfo[] Contracts =
    [
        StreamsJson.Wire.Of<StreamParameters>(), StreamsJson.Wire.Of<StreamLimitParameters>(), StreamsJson.Wire.Of<SubjectsParameters>(),
        ConsumersJson.Wire.Of<ConsumerParameters>(), SettlingJson.Wire.AckRequest, SettlingJson.Wire.SettleRequest,
    ];

    private static readonly Gen<string> Names = Gen.Elements(
        "name", "NAME", "subjects", "max_msgs", "max_age", "max_msg_size", "replicas", "mode", "max_inflight", "ack_wait", "filter_subject",
        "stream", "consumer", "x", "", "é", "\\ud800", "\\u006eame");

    private static readonly Gen<string> Plain = Gen.Elements(
        "null", "true", "0", "1", "-1", "-0", "1.0", "1e2", "1e400", "2147483648", "9223372036854775808", "99999999999999999999", "\"\"",
        "\"a\"", "\"push\"", "\"\\u0000\"", "\"\\ud800\"",
        "\"😀\"", "\"1\"", "[]", "{}", "[null]", "[\"a\",1]", "{\"stream\":1,\"consumer\":\"x\"}");

    private static readonly Gen<string> Values = Gen.Frequency(
        (6, Plain),
        (1, Plain.ArrayOf().Resize(4).Select(values => $"[{string.Join(" , ", values)}]")),
        (1, Gen.Choose(1, 70).Select(depth => new string('[', depth) + new string(']', depth))),
        (1, Gen.Choose(90, 120).Select(length => $"\"{new string('é', length)}\"")));

    private static readonly Gen<string> Objects =
        Names.Zip(Values, (name, value) => $"\"{name}\" : {value}").ArrayOf().Resize(5)
            .Select(fields => $"{{\n{string.Join(",\n", fields)}}}");

    private static readonly Gen<string> Bodies = Gen.Elements("", "", "", " ", "\n", "\r\n \t", "\n\n\n").Zip(
        Shrunk.Damaged(
            Gen.Frequency((6, Objects), (1, Values), (1, Objects.ArrayOf().Resize(3).Select(objects => $"[{string.Join(',', objects)}]"))),
            Gen.Elements("{", "}", "[", "\"", ",", "\\", "\0", "\uFEFF", "é", "//", "NaN", "\n")),
        string.Concat);

    [FuzzRun.Property]
    public Property Parse_AnyBodyInAnyPieces_IsReadOrRefusedTheSame() => Prop.ForAll(Shrunk.Pieces(
        Bodies.Select(Encoding.UTF8.GetBytes).Zip(Gen.Choose(0, 60), Spoil)), Gen.Elements(Contracts).ToArbitrary(), (pieces, contract) =>
    {
        var body = Segments.Join(pieces);
        var (model, reason) = Parse([body], contract);
        Assert.That(Parse(pieces, contract).Error, Is.EqualTo(reason));
        Assert.That(model is null, Is.EqualTo(reason is not null));
        if (model is not null)
        {
            // What was read is JSON; the framework's document decides.
            using var document = JsonDocument.Parse(body);
            Assert.That(document.RootElement.ValueKind, Is.AnyOf(JsonValueKind.Object, JsonValueKind.Array, JsonValueKind.Null));
        }
    });

    [FuzzRun.Property]
    public Property Parse_ValueOfTheWrongType_IsNamedWithItsPlace() =>
        Prop.ForAll(Gen.Elements("", "\n", "\r\n\r\n", " \t", "\n  ").Zip(Gen.Elements("", "\"x\":1,", "\n\"é\":[1,\n2],\n")).ToArbitrary(),
            Gen.Elements("1.5", "\"a\"", "true", "[]", "{\"a\":1}", "99999999999999999999").ToArbitrary(), (around, value) =>
        {
            var text = $"{around.Item1}{{{around.Item2}\"max_msgs\": {value}}}";
            var (_, reason) = Parse([Encoding.UTF8.GetBytes(text)], StreamsJson.Wire.Of<StreamParameters>());
            var shown = value[0] is '[' or '{' ? value[..1] : value;
            var until = Encoding.UTF8.GetBytes(text[..(text.LastIndexOf(value, StringComparison.Ordinal) + shown.Length)]);
            var line = until.Count(letter => letter == '\n') + 1;
            var column = until.Length - (Array.LastIndexOf(until, (byte)'\n') + 1) + 1;
            var kind = value switch
            {
                "1.5" => "has a fraction or an exponent",
                "99999999999999999999" => "is out of range",
                "true" => "is a boolean",
                ['[', ..] => "is an array",
                ['{', ..] => "is an object",
                _ => "is text",
            };
            Assert.That(reason, Is.EqualTo(
                $"max_msgs: {shown} {kind}; an integer of at most 9223372036854775807 is expected at line {line}, byte {column}"));
        });

    private static (object? Model, string? Error) Parse(byte[][] pieces, JsonTypeInfo contract)
    {
        try
        {
            return (JsonBodyFormatter.Parse(Segments.Sequence(pieces), contract, new BodyBuffers(long.MaxValue)), null);
        }
        catch (HttpmqException exception)
        {
            Assert.That(exception.Error.Kind, Is.EqualTo(ErrorKind.InvalidInput));
            Assert.That(exception.Error.Detail(), Is.Not.Empty);
            return (null, exception.Error.Detail());
        }
    }

    /// <summary>A byte that is no UTF-8, in some of them.</summary>
    private static byte[] Spoil(byte[] body, int at) => at % 6 == 0 && at < body.Length ? [.. body[..at], 0xFF, .. body[at..]] : body;
}
