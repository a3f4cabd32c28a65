using System.Text.Json.Nodes;

namespace Httpmq.Tests.Contract;

/// <summary>
/// Section 2: subjects follow NATS. Wildcards stand where subjects are filtered or bound to a stream, never where a message is
/// published. Each case is below a subject of its own, <c>{stream}.</c>, so that tests do not overlap.
/// </summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class SubjectTests(string version) : ContractTest(version)
{
    private static readonly string[] Literal = ["a", "a.b", "a-b_c", "A", "a/b", "a\"b", "a;b", "a:b", "a@b", "a+b", "$a", "ünï", "漢字.😀",
        "%2F", "a\\b", "a&b=c", "a?b#c", "~", "{x}", "<b", "0"];
    private static readonly string[] Wild = ["*", ">", "*.b", "a.*", "a.*.c", "a.>", "*.*.>"];
    private static readonly string[] Invalid = ["", ".a", "a.", "a..b", "a b", "a\tb", "a\nb", "a\r", "a\u0001b", "a\u00A0b", "a\u2028b",
        "a\u007Fb", "a*", "a*b", "*a", "a>", ">a", "a.>.b", ">.a", "**", ">>"];

    private string _stream = null!;

    [SetUp]
    public async Task DefineStream()
    {
        _stream = SharedServers.NewName();
        await Client.DefineStreamAsync(_stream, $"{_stream}.>");
    }

    [TestCaseSource(nameof(Literal))]
    public async Task Publish_LiteralSubject_IsStoredUnderIt(string subject)
    {
        (await DataAsync("POST", $"/v1/data/subject/{_stream}.{Uri.EscapeDataString(subject)}", "aGk=")).Expect(200);
        await Client.DefineConsumerAsync(_stream, "c", new JsonObject { ["filter_subject"] = $"{_stream}.{subject}" });
        Assert.That((ulong)(await Client.ConsumerAsync(_stream, "c"))["num_pending"]!, Is.EqualTo(1));
    }

    [TestCaseSource(nameof(Literal))]
    [TestCaseSource(nameof(Wild))]
    public async Task Stream_ValidSubject_IsBound(string subject)
    {
        var bound = $"{_stream}.{subject}";
        (await ManageAsync("PUT", $"/v1/admin/stream/{_stream}/subject", Subjects(bound))).Expect(200);
        Assert.That((string)(await Client.StreamAsync(_stream))["config"]!["subjects"]![0]!, Is.EqualTo(bound));
    }

    [TestCaseSource(nameof(Wild))]
    public async Task Publish_Wildcard_Is400(string subject) =>
        (await DataAsync("POST", $"/v1/data/subject/{_stream}.{Uri.EscapeDataString(subject)}", "aGk=")).Expect(400, "wildcard");

    [TestCaseSource(nameof(Invalid))]
    public async Task Publish_InvalidSubject_Is400(string subject)
    {
        var answer = await DataAsync("POST", $"/v1/data/subject/{_stream}.{Uri.EscapeDataString(subject)}", "aGk=");
        answer.Expect(400, "subject: '");
        Assert.That((ulong)(await Client.StreamAsync(_stream))["state"]!["messages"]!, Is.Zero);
    }

    [TestCaseSource(nameof(Invalid))]
    public async Task Everywhere_InvalidSubject_Is400(string subject)
    {
        var full = $"{_stream}.{subject}";
        var created = new JsonObject { ["name"] = SharedServers.NewName(), ["subjects"] = new JsonArray(full) };
        var consumer = new JsonObject { ["name"] = "c", ["mode"] = "pull", ["max_inflight"] = 1, ["filter_subject"] = full };
        (await ManageAsync("POST", "/v1/admin/stream", created.ToJsonString())).Expect(400, "subjects: ");
        (await ManageAsync("PUT", $"/v1/admin/stream/{_stream}/subject", Subjects(full))).Expect(400, "subjects: ");
        (await ManageAsync("POST", $"/v1/admin/stream/{_stream}/consumer", consumer.ToJsonString())).Expect(400, "filter_subject: ");
        (await DataAsync("GET", $"/v1/data/stream/{_stream}/consumer/c?subject_name={Uri.EscapeDataString(full)}")).Expect(
            400, "subject_name: ");
    }

    [TestCase("%zz", 400)]
    [TestCase("%", 400)]
    [TestCase("%2", 400)]
    [TestCase("%FF", 400)]
    [TestCase("%C3", 400)]
    [TestCase("%ED%A0%80", 400, Description = "a lone surrogate")]
    [TestCase("a%20b", 400)]
    [TestCase("a%2Fb", 200)]
    [TestCase("a%2fb", 200)]
    [TestCase("%252F", 200, Description = "the text %2F")]
    [TestCase("%61", 200)]
    [TestCase("%C3%BC", 200)]
    [TestCase("a+b", 200, Description = "a plus is a plus in a path")]
    [TestCase("a;b=c", 200)]
    public async Task Publish_PercentEncoded_IsDecodedOnce(string encoded, int status) =>
        (await DataAsync("POST", $"/v1/data/subject/{_stream}.{encoded}", "aGk=")).Expect(status);

    [TestCase("$JS.API.INFO")]
    [TestCase("$JS.ACK.s.c.1.1.1.0.0")]
    [TestCase("$SYS.REQ.SERVER.PING")]
    [TestCase("_INBOX.abc")]
    [TestCase("$NRG.x", Description = "nats-server does not answer there")]
    [TestCase("$GR.x")]
    [TestCase("_GR_.x")]
    [TestCase("$KV.httpmq_locks.s")]
    public async Task Publish_SubjectOfTheBroker_Is400(string subject) =>
        (await DataAsync("POST", $"/v1/data/subject/{subject}", "aGk=")).Expect(400, $"subject: '{subject}' is reserved");

    [Test]
    public async Task Publish_LongestSubject_IsTakenAndOneMoreIsNot()
    {
        var longest = $"{_stream}.".PadRight(2048, 's');
        (await DataAsync("POST", $"/v1/data/subject/{longest}", "aGk=")).Expect(200);
        (await DataAsync("POST", $"/v1/data/subject/{longest}s", "aGk=")).Expect(400, "2048 bytes");
    }

    [Test]
    public async Task Publish_OtherCase_IsAnotherSubject()
    {
        await Client.DefineStreamAsync(SharedServers.NewName(), $"{_stream}x.lower");
        (await DataAsync("POST", $"/v1/data/subject/{_stream}x.LOWER", "aGk=")).Expect(404, "no stream takes this subject");
    }

    [Test]
    public async Task Publish_BadSubjectAndBadBody_NamesTheSubject() =>
        (await DataAsync("POST", "/v1/data/subject/a..b", "!")).Expect(400, "empty token");

    [Test]
    public async Task Stream_MoreSubjectsThanJetStreamCompares_Is400()
    {
        var name = SharedServers.NewName();
        var subjects = new JsonArray([.. Enumerable.Range(0, 1001).Select(index => JsonValue.Create($"{name}.{index}"))]);
        (await ManageAsync("POST", "/v1/admin/stream", new JsonObject { ["name"] = name, ["subjects"] = subjects.DeepClone() }
            .ToJsonString())).Expect(400, "subjects: 1001 are more than 1000");
        (await ManageAsync("PUT", $"/v1/admin/stream/{_stream}/subject", new JsonObject { ["subjects"] = subjects.DeepClone() }
            .ToJsonString())).Expect(400, "subjects: 1001 are more than 1000");
        subjects.RemoveAt(0);
        (await ManageAsync("POST", "/v1/admin/stream", new JsonObject { ["name"] = name, ["subjects"] = subjects }.ToJsonString()))
            .Expect(200);
        (await ManageAsync("DELETE", $"/v1/admin/stream/{name}")).Expect(200);
    }

    private static string Subjects(string subject) => new JsonObject { ["subjects"] = new JsonArray(subject) }.ToJsonString();
}
