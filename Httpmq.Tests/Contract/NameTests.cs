
namespace Httpmq.Tests.Contract;

/// <summary>Section 2: names of streams, consumers and groups are 1 to 255 of A-Z a-z 0-9 - _.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class NameTests(string version) : ContractTest(version)
{
    private const string Rule = "1 to 255 of the characters A-Z a-z 0-9 - _";

    private static readonly string[] Good =
    [
        "a", "Z", "0", "-", "_", "a-b_C-9", "11111111-2222-3333-4444-555555555555", "null", "stream", "consumer",
    ];

    // The name in JSON, and the same in a path.
    private static readonly object[] Bad =
    [
        new[] { "a.b", "a.b" },
        new[] { "a b", "a%20b" },
        new[] { "a*", "a*" },
        new[] { ">", "%3E" },
        new[] { "a/b", "a%2Fb" },
        new[] { "é", "%C3%A9" },
        new[] { "\\u0000", "%01" },
        new[] { "a\\n", "a%0A" },
        new[] { "$JS", "$JS" },
        new[] { "a:b", "a:b" },
        new[] { "ａ", "%EF%BD%81" },
    ];

    private string _stream = null!;

    private static IEnumerable<string> Lengths() => [new string('n', 255), new string('n', 254)];

    [OneTimeSetUp]
    public async Task DefineStream()
    {
        _stream = SharedServers.NewName();
        await Client.DefineStreamAsync(_stream, $"{_stream}.>");
    }

    [TestCaseSource(nameof(Good))]
    public async Task Stream_GoodName_IsDefinedReadAndDeleted(string name)
    {
        // Unique, and still of these characters.
        var unique = SharedServers.NewName() + name;
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{unique}}"}""")).Expect(200);
        var read = (await ManageAsync("GET", $"/v1/admin/stream/{unique}")).Expect(200);
        (await ManageAsync("DELETE", $"/v1/admin/stream/{unique}")).Expect(200);
        Assert.That((string)read.Json["stream"]!["config"]!["name"]!, Is.EqualTo(unique));
    }

    [TestCaseSource(nameof(Good))]
    [TestCaseSource(nameof(Lengths))]
    public async Task Consumer_GoodNameAndGroup_IsDefinedReadAndDeleted(string name)
    {
        (await ManageAsync("POST", $"/v1/admin/stream/{_stream}/consumer",
            $$"""{"name":"{{name}}","mode":"push","max_inflight":1,"delivery_group":"{{name}}"}""")).Expect(200);
        var read = (await ManageAsync("GET", $"/v1/admin/stream/{_stream}/consumer/{name}")).Expect(200);
        (await ManageAsync("DELETE", $"/v1/admin/stream/{_stream}/consumer/{name}")).Expect(200);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((string)read.Json["consumer"]!["name"]!, Is.EqualTo(name));
            Assert.That((string)read.Json["consumer"]!["config"]!["deliver_group"]!, Is.EqualTo(name));
        }
    }

    [Test]
    public async Task Stream_255Characters_IsTakenAnd256IsNot()
    {
        var longest = SharedServers.NewName().PadRight(255, 'n');
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{longest}}"}""")).Expect(200);
        (await DataAsync("POST", $"/v1/data/subject/{longest}", "aGk=")).Expect(200);
        (await ManageAsync("DELETE", $"/v1/admin/stream/{longest}")).Expect(200);
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{longest}}n"}""")).Expect(400, "(256 characters)");
        (await ManageAsync("GET", $"/v1/admin/stream/{longest}n")).Expect(400, Rule);
    }

    [TestCaseSource(nameof(Bad))]
    public async Task Stream_BadName_Is400(string name, string path)
    {
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{name}}"}""")).Expect(400, Rule);
        (await ManageAsync("GET", $"/v1/admin/stream/{path}")).Expect(400, Rule);
        (await ManageAsync("DELETE", $"/v1/admin/stream/{path}")).Expect(400, Rule);
        (await ManageAsync("PUT", $"/v1/admin/stream/{path}/limit", "{}")).Expect(400, Rule);
        (await ManageAsync("PUT", $"/v1/admin/stream/{path}/subject", """{"subjects":["a"]}""")).Expect(400, Rule);
        (await ManageAsync("GET", $"/v1/admin/stream/{path}/consumer")).Expect(400, Rule);
        (await DataAsync("GET", $"/v1/data/stream/{path}/consumer/c?subject_name=a")).Expect(400, Rule);
        (await DataAsync("POST", $"/v1/data/stream/{path}/consumer/c/ack", """{"stream":1,"consumer":1}""")).Expect(400, Rule);
    }

    [TestCaseSource(nameof(Bad))]
    public async Task Consumer_BadName_Is400(string name, string path)
    {
        (await ManageAsync("POST", $"/v1/admin/stream/{_stream}/consumer", $$"""{"name":"{{name}}","mode":"pull","max_inflight":1}"""))
            .Expect(400, Rule);
        (await ManageAsync("POST", $"/v1/admin/stream/{_stream}/consumer",
            $$"""{"name":"c","mode":"push","max_inflight":1,"delivery_group":"{{name}}"}""")).Expect(400, Rule);
        (await ManageAsync("GET", $"/v1/admin/stream/{_stream}/consumer/{path}")).Expect(400, Rule);
        (await ManageAsync("DELETE", $"/v1/admin/stream/{_stream}/consumer/{path}")).Expect(400, Rule);
        (await DataAsync("GET", $"/v1/data/stream/{_stream}/consumer/{path}?subject_name=a")).Expect(400, Rule);
        (await DataAsync("POST", $"/v1/data/stream/{_stream}/consumer/{path}/ack", """{"stream":1,"consumer":1}""")).Expect(400, Rule);
    }

    [Test]
    public async Task Consumer_256Characters_Is400() =>
        (await ManageAsync("POST", $"/v1/admin/stream/{_stream}/consumer",
            $$"""{"name":"{{new string('n', 256)}}","mode":"pull","max_inflight":1}""")).Expect(400, Rule);
}
