using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using FsCheck;
using FsCheck.Fluent;
using Httpmq.Api.Bodies;
using Httpmq.Api.Errors;
using Httpmq.Api.Publishing;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Naming;

namespace Httpmq.Tests.Fuzz;

/// <summary>Records of a batch, in any pieces, one after the other through one reader, against the framework's document.</summary>
internal sealed class BatchRecordProperties
{
    private const int MaxMessage = 40;

    private static readonly Gen<string> Fields = Gen.Frequency(
        (8, Gen.Elements("\"subject\":\"a.b\"", "\"subject\":\"a.c\"", "\"SUBJECT\":\"é\"", "\"subject\":\"\\u0061.b\"",
            "\"\\u0053ubject\":\"x\"", "\"subject\" : \"a/b\"")),
        (8, Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf().Resize(45)
            .Select(bytes => $"\"b64_msg\":\"{Convert.ToBase64String(bytes)}\"")),
        (4, Gen.Elements("\"B64_Msg\":\"aGk=\"", "\"b64_msg\":\"aGk\\u003d\"", "\"b64_msg\":\"\\/w==\"", "\"b64_msg\":\"aGl=\"")),
        (4, Gen.Elements("\"msg\":\"é\\u00e9\\n\"", "\"Msg\":\"x\"", "\"json\":{\"a\": [1,\"é\"]}", "\"json\":-1.50",
            "\"json\" : \"\\u0061\"", "\"json\":[]", "\"json\":true")),
        (2, Gen.Elements("\"msg\":\"\"", "\"msg\":1", "\"msg\":\"\\ud800\"", "\"headers\":{\"A\":\"b\"}", "\"headers\":{\"Nats-X\":\"b\"}",
            "\"headers\":[]", "\"id\":\"k\"", "\"id\":1", "\"ttl\":\"1m\"", "\"ttl\":\"1\"", "\"expected_last_subject_sequence\":0")),
        (2, Gen.Elements("\"subject\":\"a..b\"", "\"subject\":\"\"", "\"subject\":null", "\"subject\":1", "\"subject\":\"$JS.API.x\"",
            "\"subject\":\"\\ud800\"")),
        (2, Gen.Elements("\"b64_msg\":\"\"", "\"b64_msg\":\"aG k\"", "\"b64_msg\":\"aGk\"", "\"b64_msg\":[]", "\"b64_msg\":\"\\ud800\"",
            "\"b64_msg\":\"aGk=\\n\"")),
        (3, Gen.Elements("\"x\":1e400", "\"x\":{\"subject\":\"no\"}", "\"\":null", "\"é\":[[],{}]", "\"subject\\u0000\":\"b\"")));

    private static readonly Gen<string> Lines = Shrunk.Damaged(
        Fields.ArrayOf().Resize(4).Select(fields => $"{{{string.Join(',', fields)}}}"),
        Gen.Elements("{", "}", "[", "]", "\"", ",", ":", "\\", "\\u12", "\0", " ", "\t", "é", "\uFEFF", "//", "null", "1"));

    private static readonly Arbitrary<byte[]> Bytes = Shrunk.Array(
        Lines.Select(Encoding.UTF8.GetBytes).Zip(Gen.Choose(
            0, 40), (line, damage) => damage < line.Length && damage % 7 == 6 ? [.. line[..damage], 0xFF, .. line[damage..]] : line));

    [FuzzRun.Property]
    public Property Read_AnyLinesInAnyPieces_AreTheRecordsThatTheyDescribe() =>
        Prop.ForAll(Shrunk.Array(Shrunk.Pieces(Bytes.Generator).Generator.ArrayOf().Resize(4)), lines =>
        {
            using var reader = new BatchRecordReader(MaxMessage, new BodyBuffers(long.MaxValue));
            foreach (var pieces in lines)
            {
                var line = Segments.Join(pieces);
                var error = reader.Read(Segments.Sequence(pieces), out var publication);
                var expected = Describe(line);
                Assert.That(error is null, Is.EqualTo(expected is not null), $"{Encoding.UTF8.GetString(line)}: {error?.Detail()}");
                Assert.That(error?.Kind, Is.AnyOf(null, ErrorKind.InvalidInput, ErrorKind.TooLarge));
                if (error is null)
                {
                    Assert.That((publication.Subject.Value, publication.Payload.ToArray()), Is.EqualTo(expected!.Value));
                }
                else
                {
                    Assert.That(error.Detail(), Is.Not.Empty);
                }
            }
        });

    /// <summary>The record; null where the line is none.</summary>
    private static (string Subject, byte[] Message)? Describe(byte[] line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var fields = document.RootElement.EnumerateObject().ToArray();
            var subjects = Named(fields, "subject");
            var messages = MessagesOf(fields);
            return Utf8.IsValid(line) && subjects.Length > 0
                && messages.Select(static one => one.Member).Distinct(StringComparer.Ordinal).Count() == 1
                && subjects.All(subject => Subject.TryParse(subject, out _, out _))
                && messages.All(static one => one.Bytes.Length is > 0 and <= MaxMessage) && HasValidHeaders(fields)
                ? (subjects[^1], messages[^1].Bytes)
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static (string Member, byte[] Bytes)[] MessagesOf(JsonProperty[] fields) =>
    [
        .. fields.Select(static field => (Name: NameOf(field)?.ToLowerInvariant(), field.Value)).Where(static field => field.Name switch
        {
            "b64_msg" or "msg" => field.Value.ValueKind is not JsonValueKind.Null,
            "json" => true,
            _ => false,
        }).Select(static field => (field.Name!, field.Name switch
        {
            "b64_msg" => FromBase64(field.Value.GetString()!),
            "msg" => Encoding.UTF8.GetBytes(field.Value.GetString()!),
            _ => Encoding.UTF8.GetBytes(field.Value.GetRawText()),
        })),
    ];

    private static bool HasValidHeaders(JsonProperty[] fields)
    {
        var given = fields.Where(static field => field.Value.ValueKind is not JsonValueKind.Null).ToLookup(
            static field => NameOf(field)?.ToLowerInvariant() ?? string.Empty, static field => field.Value, StringComparer.Ordinal);
        return given["headers"].All(static one => one.ValueKind is JsonValueKind.Object && one.EnumerateObject().All(IsHeader))
            && given["id"].All(static one => one.GetString()!.Trim().Length > 0)
            && given["id"].Select(static one => one.GetString()!.Trim()).Distinct(StringComparer.Ordinal).Count() <= 1
            && given["ttl"].All(static one => DurationText.TryParse(one.GetString()!, out var length, out _) && length >= 1_000_000_000)
            && given["ttl"].Select(static one => one.GetString()).Distinct(StringComparer.Ordinal).Count() <= 1
            && given["expected_last_subject_sequence"].All(static one => one.TryGetInt64(out var sequence) && sequence >= 0)
            && given["expected_last_subject_sequence"].Select(static one => one.GetInt64()).Distinct().Count() <= 1;
    }

    private static bool IsHeader(JsonProperty header) =>
        header.Name.Length > 0 && header.Name.All(static letter => letter is > ' ' and <= '~' and not ':')
        && !header.Name.StartsWith("nats-", StringComparison.OrdinalIgnoreCase)
        && (header.Value.ValueKind is JsonValueKind.Array ? [.. header.Value.EnumerateArray()] : new[] { header.Value })
            .All(static value => value.GetString()!.IndexOfAny(['\r', '\n']) < 0);

    private static string[] Named(JsonProperty[] fields, string name) =>
        [.. fields.Where(field => string.Equals(NameOf(field), name, StringComparison.OrdinalIgnoreCase))
            .Select(field => field.Value.GetString() ?? string.Empty)];

    /// <summary>The name; none where it is half of a character, as an unknown field may be.</summary>
    private static string? NameOf(JsonProperty field)
    {
        try
        {
            return field.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static byte[] FromBase64(string text) => text.IndexOfAny([' ', '\t', '\r', '\n']) < 0 ? Convert.FromBase64String(text) : [];
}
