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
        var properties = json.Options.GetTypeInfo(shape.Type).Properties;
        var wire = properties.Where(static property => property.AttributeProvider is not null).Select(static property => property.Name)
            .ToArray();
        var aliases = properties.Where(static property => property.AttributeProvider is null).Select(static property => property.Name);

        Assert.Multiple(() =>
        {
            Assert.That(shape.Words.Keys.Concat(shape.Hidden), Is.SubsetOf(record));
            Assert.That(wire.Take(shape.First.Length), Is.EqualTo(shape.First));
            Assert.That(aliases, Is.EquivalentTo(shape.Aliases.Values));
            Assert.That(shape.Aliases.Keys.Union(shape.Optional, StringComparer.Ordinal), Is.SubsetOf(wire));
            Assert.That(wire, Is.EquivalentTo(shown.Select(field => shape.Words.GetValueOrDefault(field, field))));
        });
    }

    [Test]
    public void Request_WithEveryField_IsReadAndWrittenAsTheSame()
    {
        const string Stream = """
            {"max_consumers":1,"max_msgs":2,"max_bytes":3,"max_age":4,"max_msgs_per_subject":5,"max_msg_size":6,
             "name":"a","subjects":["b"],"replicas":7,"description":"c","metadata":{"d":"e"},"retention":"f","discard":"g",
             "discard_new_per_subject":true,"storage":"h","no_ack":true,"duplicate_window":8,"placement":{"cluster":"i","tags":["j"]},
             "mirror":{"name":"k","opt_start_seq":9,"opt_start_time":"2026-01-15T09:30:00.5Z","filter_subject":"l",
               "subject_transforms":[{"src":"m","dest":"n"}],"external":{"api":"o","deliver":"p"},
               "consumer":{"name":"q","deliver_subject":"r"}},
             "sources":[{"name":"s"}],"republish":{"src":"t","dest":"u","headers_only":true},"subject_transform":{"src":"v","dest":"w"},
             "allow_direct":true,"mirror_direct":true,"sealed":true,"deny_delete":true,"deny_purge":true,"allow_rollup_hdrs":true,
             "compression":"x","first_seq":10,"consumer_limits":{"inactive_threshold":11,"max_ack_pending":12},"allow_msg_ttl":true,
             "subject_delete_marker_ttl":13,"allow_atomic":true,"allow_msg_counter":true,"allow_msg_schedules":true,
             "persist_mode":"y","allow_batched":true}
            """;
        const string Consumer = """
            {"name":"a","notes":"b","filter_subject":"c","delivery_group":"d","max_inflight":1,"max_retry":2,"ack_wait":3,
             "mode":"push","metadata":{"d":"e"},"filter_subjects":["f"],"max_waiting":4,"deliver_policy":"g","opt_start_seq":5,
             "opt_start_time":"2026-01-15T09:30:00Z","ack_policy":"h","backoff":[6,7],"replay_policy":"i","rate_limit_bps":8,
             "sample_freq":"j","flow_control":true,"idle_heartbeat":9,"headers_only":true,"max_batch":10,"max_expires":11,"max_bytes":12,
             "inactive_threshold":13,"num_replicas":14,"mem_storage":true,"pause_until":"2026-01-15T09:30:00.25Z",
             "priority_groups":["k"],"priority_policy":"l","priority_timeout":15}
            """;

        Assert.Multiple(() =>
        {
            AssertSame(Stream, StreamsJson.Wire.Of<StreamParameters>());
            AssertSame(Stream, StreamsJson.Wire.Of<StreamReplacement>());
            AssertSame(Consumer, ConsumersJson.Wire.Of<ConsumerParameters>());
            AssertSame(Consumer, ConsumersJson.Wire.Of<ConsumerReplacement>());
        });
    }

    private static void AssertSame<T>(string text, JsonTypeInfo<T> type)
    {
        using var written = JsonSerializer.SerializeToDocument(JsonSerializer.Deserialize(text, type)!, type);
        using var given = JsonDocument.Parse(text);
        Assert.That(JsonElement.DeepEquals(written.RootElement, given.RootElement), Is.True, written.RootElement.GetRawText());
    }
}
