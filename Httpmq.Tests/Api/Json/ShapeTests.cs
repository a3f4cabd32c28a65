using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Httpmq.Api.Consumers;
using Httpmq.Api.Json;
using Httpmq.Api.Streams;

namespace Httpmq.Tests.Api.Json;

internal sealed class ShapeTests
{
    private static readonly ShapedJson[] Resources = [StreamsJson.Wire, ConsumersJson.Wire];

    private static IEnumerable<TestCaseData> Shapes =>
        from json in Resources
        from shape in json.Shapes
        select new TestCaseData(json, shape).SetArgDisplayNames(shape.Type.Name);

    [TestCaseSource(nameof(Shapes))]
    public void Shape_ItsTable_NamesFieldsThatThereAre(ShapedJson json, Shape shape)
    {
        var record = shape.Type.GetProperties().Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));
        var shown = record.Where(field => !shape.Hidden.Contains(field));
        var wire = json.Options.GetTypeInfo(shape.Type).Properties.Select(property => property.Name).ToArray();

        Assert.Multiple(() =>
        {
            Assert.That(shape.Words.Keys.Concat(shape.Hidden), Is.SubsetOf(record));
            Assert.That(wire.Take(shape.First.Length), Is.EqualTo(shape.First));
            Assert.That(wire, Is.EquivalentTo(shown.Select(field => shape.Words.GetValueOrDefault(field, field))));
        });
    }

    [Test]
    public void Request_WithEveryField_IsReadAndWrittenAsTheSame()
    {
        const string Stream = """
            {"max_consumers":1,"max_msgs":2,"max_bytes":3,"max_age":4,"max_msgs_per_subject":5,"max_msg_size":6,
             "name":"a","subjects":["b"],"replicas":7,"description":"c","metadata":{"d":"e"}}
            """;
        const string Consumer = """
            {"name":"a","notes":"b","filter_subject":"c","delivery_group":"d","max_inflight":1,"max_retry":2,"ack_wait":3,
             "mode":"push","metadata":{"d":"e"}}
            """;

        Assert.Multiple(() =>
        {
            AssertSame(Stream, StreamsJson.Wire.Of<StreamParameters>());
            AssertSame(Consumer, ConsumersJson.Wire.Of<ConsumerParameters>());
        });
    }

    private static void AssertSame<T>(string text, JsonTypeInfo<T> type)
    {
        using var written = JsonSerializer.SerializeToDocument(JsonSerializer.Deserialize(text, type)!, type);
        using var given = JsonDocument.Parse(text);
        Assert.That(JsonElement.DeepEquals(written.RootElement, given.RootElement), Is.True, written.RootElement.GetRawText());
    }
}
