using System.Text.Json;
using System.Text.Json.Nodes;
using Httpmq.Domain.Streams;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Tests.Infrastructure.Protocol;

/// <summary>What a replaced configuration keeps of the one that the server gave.</summary>
internal sealed class ReplacementTests
{
    private const string Current = """
        {"name":"s","subjects":["s"],"storage":"file","max_msgs":5,"max_age":60000000000,"duplicate_window":60000000000,"sealed":false,
         "deny_purge":true,"compression":"none","from_the_future":{"a":[1]},"placement":{"cluster":"c","preferred":"n1"},
         "mirror":{"name":"m","opt_start_time":"2026-01-15T09:30:00.123456789Z"},
         "metadata":{"team":"a","_nats.ver":"2.15.1"}}
        """;

    [Test]
    public void Of_NothingNamed_TakesAwayWhatIsKnownAndKeepsTheRest() => AssertIs(
        new StreamConfig { Name = "s" },
        """
        {"name":"s","storage":"file","duplicate_window":60000000000,"sealed":false,"compression":"none","from_the_future":{"a":[1]},
         "metadata":{"_nats.ver":"2.15.1"}}
        """,
        maxAge: 60_000_000_000);

    [Test]
    public void Of_TheSameAgain_KeepsWhatIsMoreExactThere()
    {
        var given = Given();

        var changed = Replacement.Of(given, given.Known, StreamConfig.DefaultsFor(0), ConfigJson.Default.StreamConfig);

        Assert.That(JsonNode.DeepEquals(changed, given.Json), Is.True, changed.ToJsonString());
    }

    [Test]
    public void Of_AnotherValue_ReplacesTheWholeField() => AssertIs(
        new StreamConfig { Name = "s", MaxMsgs = 6, DenyPurge = true, Placement = new StreamPlacement { Cluster = "d" } },
        """
        {"name":"s","storage":"file","max_msgs":6,"sealed":false,"deny_purge":true,"compression":"none","from_the_future":{"a":[1]},
         "placement":{"cluster":"d"},"metadata":{"_nats.ver":"2.15.1"}}
        """);

    private static void AssertIs(StreamConfig wanted, string expected, long maxAge = 0)
    {
        var changed = Replacement.Of(Given(), wanted, StreamConfig.DefaultsFor(maxAge), ConfigJson.Default.StreamConfig);

        Assert.That(JsonNode.DeepEquals(changed, JsonNode.Parse(expected)), Is.True, changed.ToJsonString());
    }

    private static GivenConfig<StreamConfig> Given()
    {
        var json = (JsonObject)JsonNode.Parse(Current)!;
        return new GivenConfig<StreamConfig>(json, json.Deserialize(ConfigJson.Default.StreamConfig)!);
    }
}
