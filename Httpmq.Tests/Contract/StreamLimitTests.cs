using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>Section 3: a stream's limits, in a definition and in a change.</summary>
internal sealed class StreamLimitTests() : ContractTest("2.0")
{
    private const long Second = 1_000_000_000;
    private const long DefaultWindow = 120 * Second;

    private static readonly string[] Counts = ["max_consumers", "max_msgs", "max_bytes", "max_msgs_per_subject", "max_msg_size"];

    [Test]
    public async Task Limit_InADefinition_ReadsBack(
        [ValueSource(nameof(Counts))] string limit,
        [Values(-1, 0, 1, int.MaxValue)] long value)
    {
        var stream = SharedServers.NewName();
        var answer = await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{stream}}","{{limit}}":{{value}}}""");
        answer.Expect(200);
        Assert.That((long)(await Client.StreamAsync(stream))["config"]![limit]!, Is.EqualTo(value == 0 ? -1 : value));
    }

    [TestCaseSource(nameof(Counts))]
    public async Task Limit_BelowMinusOne_Is400WithFieldAndValue(string limit)
    {
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"n","{{limit}}":-2}""")).Expect(400, $"{limit}: -2 ");
        (await ManageAsync("PUT", "/v1/admin/stream/n/limit", $$"""{"{{limit}}":-2}""")).Expect(400, $"{limit}: -2 ");
    }

    [TestCase(-1)]
    [TestCase(1)]
    [TestCase(99_999_999)]
    public async Task MaxAge_BelowTheShortest_Is400WithFieldAndValue(long age)
    {
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"n","max_age":{{age}}}""")).Expect(400, $"max_age: {age} ns");
        (await ManageAsync("PUT", "/v1/admin/stream/n/limit", $$"""{"max_age":{{age}}}""")).Expect(400, $"max_age: {age} ns");
    }

    [TestCase("""{"max_age":0}""", 0, DefaultWindow)]
    [TestCase("{}", 0, DefaultWindow)]
    [TestCase("""{"max_age":100000000}""", 100_000_000, 100_000_000)]
    [TestCase("""{"max_age":60000000000}""", 60 * Second, 60 * Second)]
    [TestCase("""{"max_age":120000000000}""", DefaultWindow, DefaultWindow)]
    [TestCase("""{"max_age":3600000000000}""", 3600 * Second, DefaultWindow)]
    public async Task MaxAge_InADefinition_BoundsTheDuplicateWindow(string limits, long age, long window)
    {
        var stream = SharedServers.NewName();
        var body = JsonNode.Parse(limits)!;
        body["name"] = stream;
        (await ManageAsync("POST", "/v1/admin/stream", body.ToJsonString())).Expect(200);
        await AssertAgeAsync(stream, age, window);
    }

    [Test]
    public async Task MaxAge_Changed_TheDuplicateWindowFollows()
    {
        var stream = SharedServers.NewName();
        await Client.DefineStreamAsync(stream, stream);
        foreach (var (age, window) in new[]
        {
            (30 * Second, 30 * Second), (300 * Second, DefaultWindow), (Second, Second), (0, DefaultWindow),
        })
        {
            (await ManageAsync("PUT", $"/v1/admin/stream/{stream}/limit", $$"""{"max_age":{{age}}}""")).Expect(200);
            await AssertAgeAsync(stream, age, window);
        }
    }

    [Test]
    public async Task Change_SomeLimits_LeavesTheOthers()
    {
        var stream = SharedServers.NewName();
        (await ManageAsync(
            "POST", "/v1/admin/stream",
            $$"""{"name":"{{stream}}","max_msgs":10,"max_bytes":100000,"max_age":60000000000,"max_msgs_per_subject":5,"max_msg_size":512}"""))
            .Expect(200);
        (await ManageAsync("PUT", $"/v1/admin/stream/{stream}/limit", """{"max_msgs":20,"max_bytes":null,"max_msg_size":0}""")).Expect(200);

        var config = (await Client.StreamAsync(stream))["config"]!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((long)config["max_msgs"]!, Is.EqualTo(20));
            Assert.That((long)config["max_bytes"]!, Is.EqualTo(100_000));
            Assert.That((long)config["max_age"]!, Is.EqualTo(60 * Second));
            Assert.That((long)config["max_msgs_per_subject"]!, Is.EqualTo(5));
            Assert.That((long)config["max_msg_size"]!, Is.EqualTo(-1));
        }
    }

    [Test]
    public async Task Change_Nothing_ChangesNothing()
    {
        var stream = SharedServers.NewName();
        await Client.DefineStreamAsync(stream, stream);
        var before = (await Client.StreamAsync(stream)).ToJsonString();
        (await ManageAsync("PUT", $"/v1/admin/stream/{stream}/limit", "{}")).Expect(200);
        Assert.That((await Client.StreamAsync(stream)).ToJsonString(), Is.EqualTo(before));
    }

    [Test]
    public async Task Change_MaxConsumers_IsUpToTheServer()
    {
        var stream = SharedServers.NewName();
        await Client.DefineStreamAsync(stream, stream);
        (await ManageAsync("PUT", $"/v1/admin/stream/{stream}/limit", """{"max_consumers":0}""")).Expect(200);
        var answer = await ManageAsync("PUT", $"/v1/admin/stream/{stream}/limit", """{"max_consumers":3}""");
        if (ServerUnderTest.ChangesMaxConsumers)
        {
            answer.Expect(200);
            Assert.That((int)(await Client.StreamAsync(stream))["config"]!["max_consumers"]!, Is.EqualTo(3));
        }
        else
        {
            answer.Expect(400, "(err_code 10052)");
        }
    }

    [Test]
    public async Task Change_ToFewerMessages_DropsTheOldest()
    {
        var stream = SharedServers.NewName();
        await Client.DefineStreamAsync(stream, stream);
        await Client.PublishAsync(stream, "one");
        await Client.PublishAsync(stream, "two");
        (await ManageAsync("PUT", $"/v1/admin/stream/{stream}/limit", """{"max_msgs":1}""")).Expect(200);
        Assert.That((ulong)(await Client.StreamAsync(stream))["state"]!["first_seq"]!, Is.EqualTo(2));
    }

    [Test]
    public async Task Change_OfAStreamThatOthersMade_KeepsWhatTheApiDoesNotKnow()
    {
        var stream = SharedServers.NewName();
        await using var raw = new RawJetStream(SharedServers.Nats.Url);
        await raw.CreateStreamAsync(stream, [stream], new JsonObject
        {
            ["description"] = "made elsewhere",
            ["discard"] = "new",
            ["retention"] = "interest",
            ["deny_delete"] = true,
            ["allow_rollup_hdrs"] = true,
            ["duplicate_window"] = 7 * Second,
        });
        var before = await raw.StreamConfigAsync(stream);

        (await ManageAsync("PUT", $"/v1/admin/stream/{stream}/limit", """{"max_msgs":9,"max_age":60000000000}""")).Expect(200);
        (await ManageAsync("PUT", $"/v1/admin/stream/{stream}/subject", $$"""{"subjects":["{{stream}}.x"]}""")).Expect(200);

        before["max_msgs"] = 9;
        before["max_age"] = 60 * Second;
        before["subjects"] = new JsonArray($"{stream}.x");
        Assert.That(JsonNode.DeepEquals(
            await raw.StreamConfigAsync(stream), before), Is.True, (await raw.StreamConfigAsync(stream)).ToJsonString());
    }

    private static async Task AssertAgeAsync(string stream, long age, long window)
    {
        await using var raw = new RawJetStream(SharedServers.Nats.Url);
        var config = await raw.StreamConfigAsync(stream);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((long)config["max_age"]!, Is.EqualTo(age));
            Assert.That((long)config["duplicate_window"]!, Is.EqualTo(window));
        }
    }
}
