using Httpmq.Api.Errors;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using FsCheck;
using FsCheck.Fluent;
using Httpmq.Api.Bodies;
using Httpmq.Api.Publishing;
using Httpmq.Domain.Errors;
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
                var error = reader.Read(Segments.Sequence(pieces), out var subject, out var message);
                var expected = Describe(line);
                Assert.That(error is null, Is.EqualTo(expected is not null), $"{Encoding.UTF8.GetString(line)}: {error?.Detail()}");
                Assert.That(error?.Kind, Is.AnyOf(null, ErrorKind.InvalidInput, ErrorKind.TooLarge));
                if (error is null)
                {
                    Assert.That((subject.Value, message.ToArray()), Is.EqualTo(expected!.Value));
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
            var messages = Named(fields, "b64_msg").Select(FromBase64).ToArray();
            return Utf8.IsValid(line) && subjects.Length > 0 && messages.Length > 0 && subjects.All(
                subject => Subject.TryParse(subject, out _, out _)) && messages.All(message => message.Length is > 0 and <= MaxMessage)
                ? (subjects[^1], messages[^1])
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

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
