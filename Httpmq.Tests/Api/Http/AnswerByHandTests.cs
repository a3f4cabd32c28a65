using System.Buffers;
using System.Text;
using System.Text.Json;
using Httpmq.Api.Http;
using Httpmq.Api.Json;
using Httpmq.Api.Publishing;
using Httpmq.Application.Publishing;

namespace Httpmq.Tests.Api.Http;

/// <summary>The answers of the hot paths are written by hand, as the serializer writes them.</summary>
internal sealed class AnswerByHandTests
{
    private static readonly string[] Ids = ["8f14e45f-ceea-467f-a9f3-4b1c0d2e5a77", "\"\\ \u00e4\u20ac\ud83d\ude00\t</script>", "x"];

    [Test]
    public void Publish_AnyOutcome_IsWhatTheSerializerWrites(
        [ValueSource(nameof(Ids))] string id, [Values(1UL, ulong.MaxValue)] ulong sequence, [Values] bool duplicate,
        [Values(null, "-12345678901234567890123")] string? value)
    {
        var outcome = new PublishOutcome("orders", sequence, Error: null, duplicate, value);

        Assert.That(
            ByHand((id, outcome), PublishAnswer.Write),
            Is.EqualTo(JsonSerializer.Serialize(PublishAnswer.Of(id, outcome), PublishingJson.Wire.PublishAnswer)));
    }

    [TestCaseSource(nameof(Ids))]
    public void Success_AnyId_IsWhatTheSerializerWrites(string id) => Assert.That(
        ByHand(id, Answer.WriteSuccess),
        Is.EqualTo(JsonSerializer.Serialize(new Answer { RequestId = id }, AnswerJson.Wire.Answer)));

    private static string ByHand<T>(T answer, AnswerText<T> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = WireJson.Encoder }))
        {
            write(json, answer);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
