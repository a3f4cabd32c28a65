using System.Text.Json.Nodes;
using Httpmq.Domain.Features;
using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Publishing;

/// <summary>POST /v1/data/publish?atomic=true: all records are stored or none, whatever is wrong with one of them.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
[Category(ServerUnderTest.Category)]
internal sealed class AtomicBatchTests(string version) : ContractTest(version)
{
    private RawJetStream _raw = null!;
    private string _stream = null!;

    [OneTimeSetUp]
    public void ConnectRaw() => _raw = new RawJetStream(SharedServers.Nats.Url);

    [OneTimeTearDown]
    public async Task DisconnectRawAsync() => await _raw.DisposeAsync();

    [SetUp]
    public async Task DefineAsync()
    {
        _stream = SharedServers.NewName();
        var flags = ServerUnderTest.Facts.Has(Feature.AtomicBatch)
            ? new JsonObject { ["allow_atomic"] = true, ["max_msg_size"] = 1000 }
            : null;
        await _raw.CreateStreamAsync(_stream, [$"{_stream}.>"], flags);
    }

    [Test]
    public async Task Batch_WhereTheServerHasNone_Is501AndNothingIsStored()
    {
        if (ServerUnderTest.Facts.Has(Feature.AtomicBatch))
        {
            Assert.Pass("it has");
        }

        var refused = (await PublishAsync(Record("a"), Record("b"))).Expect(501, "atomic=true needs nats-server 2.12 or later");

        Assert.That((refused.Type, await _raw.MessagesAsync(_stream)), Is.EqualTo(("server-too-old", 0)));
    }

    [TestCase(1)]
    [TestCase(3)]
    [TestCase(1000)]
    public async Task Batch_OfGoodRecords_IsStoredInOnePiece(int count)
    {
        RequireBatches();
        await PublishAsync(Record("seed"));

        var answer = (await PublishAsync([.. Enumerable.Range(0, count).Select(number => Record($"s{number}"))])).Expect(200);

        var id = answer.RequestId;
        var where = $"\"stream\":\"{_stream}\",\"first_sequence\":2,\"last_sequence\":{count + 1},\"count\":{count}";
        Assert.That(answer.Text, Is.EqualTo($"{{\"success\":true,\"request_id\":\"{id}\",{where}}}"));
        Assert.That(await _raw.MessagesAsync(_stream), Is.EqualTo(count + 1));
    }

    [TestCase("nonsense", 400, "invalid-record")]
    [TestCase("""{"subject":"{s}.b","b64_msg":"aGk"}""", 400, "invalid-record")]
    [TestCase("""{"subject":"{s}.b","msg":"x","headers":{"Nats-TTL":"x"}}""", 400, "invalid-record")]
    [TestCase("""{"subject":"{s}.b","msg":"x","headers":{"Nats-Expected-Last-Msg-Id":"x"}}""", 400, "not-in-atomic-batch")]
    [TestCase("""{"subject":"{s}.b","msg":"x","headers":{"Nats-Expected-Last-Sequence":"1"}}""", 400, "not-in-atomic-batch")]
    [TestCase("""{"subject":"{s}.b","msg":"x","id":"one"}""", 400, "not-in-atomic-batch")]
    [TestCase("""{"subject":"nowhere.{s}","msg":"x"}""", 422, "outside-atomic-batch")]
    [TestCase("""{"subject":"{s}.b","msg":"x","headers":{"Nats-Expected-Stream":"other"}}""", 412, "wrong-stream")]
    [TestCase("""{"subject":"{s}.b","msg":"x","expected_last_subject_sequence":7}""", 412, "wrong-last-sequence")]
    [TestCase("""{"subject":"{s}.b","msg":"x","headers":{"Nats-Rollup":"sub"}}""", 422, "rollup-not-permitted")]
    [TestCase("""{"subject":"{s}.b","msg":"x","ttl":"1h"}""", 422, "message-ttl-not-permitted")]
    [TestCase("""{"subject":"{s}.b","msg":"{long}"}""", 413, "message-too-large")]
    public async Task Batch_WithABadRecord_NamesItAndStoresNothing(string bad, int status, string type)
    {
        RequireBatches();
        var record = bad.Replace("{s}", _stream, StringComparison.Ordinal)
            .Replace("{long}", new string('x', 1001), StringComparison.Ordinal);
        var good = $$"""{"subject":"{{_stream}}.a","msg":"x","id":"one","expected_last_subject_sequence":0}""";

        var refused = (await PublishAsync(good, string.Empty, record, Record("c"))).Expect(status);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((refused.Type, (int?)refused.Json["error"]!["index"]), Is.EqualTo((type, (int?)1)), refused.Text);
            Assert.That(refused.Detail, Does.Contain("the record with index 1"));
            Assert.That(await _raw.MessagesAsync(_stream), Is.Zero);
        }
    }

    [TestCase(7, "b")]
    [TestCase(0, "a")]
    public async Task Batch_WithAConditionThatDoesNotHold_SpeaksOfOneRecord(int expected, string token)
    {
        RequireBatches();
        var wrong = $$"""{"subject":"{{_stream}}.{{token}}","msg":"x","expected_last_subject_sequence":{{expected}}}""";
        var other = $$"""{"subject":"{{_stream}}.d","msg":"x","expected_last_subject_sequence":0}""";

        var refused = (await PublishAsync(Record("a"), wrong, Record("c"), other)).Expect(412);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((int?)refused.Json["error"]!["index"], Is.EqualTo(1), refused.Text);
            Assert.That(refused.Text, Does.Contain($"publish message to {_stream}.{token}"));
            Assert.That(await _raw.MessagesAsync(_stream), Is.Zero);
        }
    }

    [Test]
    public async Task Batch_WhoseLastRecordIsTooLarge_NamesIt()
    {
        RequireBatches();

        var refused = (await PublishAsync(Record("a"), Record("b", new string('x', 1001)))).Expect(413);

        Assert.That((refused.Type, (int?)refused.Json["error"]!["index"]), Is.EqualTo(("message-too-large", (int?)1)), refused.Text);
        Assert.That(await _raw.MessagesAsync(_stream), Is.Zero);
    }

    [Test]
    public async Task Batch_WithAnUnknownFieldWhereNoneMayBe_NamesTheRecord()
    {
        RequireBatches();
        var unknown = $$"""{"subject":"{{_stream}}.b","msg":"x","hedaers":null}""";

        var refused = await DataAsync("POST", "/v1/data/publish?atomic=true&strict=true", $"{Record("a")}\n{unknown}\n");

        Assert.That((refused.Status, (int?)refused.Json["error"]!["index"]), Is.EqualTo((400, (int?)1)), refused.Text);
        Assert.That(refused.Detail, Does.Contain("hedaers"));
        Assert.That(await _raw.MessagesAsync(_stream), Is.Zero);
    }

    [Test]
    public async Task Batch_OfMoreBytesThanOneMayHold_NamesTheRecordAndStoresNothing()
    {
        // It waits in memory until its last record is here, which all other bodies share.
        var refused = (await PublishAsync([.. Enumerable.Repeat(Record("a", new string('x', 1_000_000)), 70)])).Expect(413);

        Assert.That((refused.Type, (int?)refused.Json["error"]!["index"]), Is.EqualTo(("body-too-large", (int?)67)), refused.Text);
        Assert.That(await _raw.MessagesAsync(_stream), Is.Zero);
    }

    [Test]
    public async Task Batch_ThatFailedOften_LeavesRoomForOthers()
    {
        RequireBatches();
        var tooLong = Record("b", new string('x', 1001));
        for (var number = 0; number < 60; number++)
        {
            (await PublishAsync(Record("a"), tooLong, Record("c"))).Expect(413);
        }

        (await PublishAsync(Record("a"), Record("b"))).Expect(200);
        Assert.That(await _raw.MessagesAsync(_stream), Is.EqualTo(2));
    }

    [Test]
    public async Task Batch_SentAgainWithItsIds_Is422AndStoredOnce()
    {
        RequireBatches();
        var first = $$"""{"subject":"{{_stream}}.a","msg":"x","id":"1"}""";
        var records = new[] { first, first.Replace("\"1\"", "\"2\"", StringComparison.Ordinal) };
        (await PublishAsync(records)).Expect(200);

        var again = (await PublishAsync(records)).Expect(422, "(err_code 10201)");

        Assert.That((again.Type, await _raw.MessagesAsync(_stream)), Is.EqualTo(("atomic-batch-duplicate", 2)));
    }

    [Test]
    public async Task Batch_ToAStreamThatTakesNone_Is422()
    {
        RequireBatches();
        var plain = SharedServers.NewName();
        await _raw.CreateStreamAsync(plain, [plain]);

        var record = $$"""{"subject":"{{plain}}","msg":"x"}""";
        (await PublishAsync(record, record)).Expect(422, "(err_code 10174)");
        (await PublishAsync($$"""{"subject":"nowhere.{{plain}}","msg":"x"}""")).Expect(404, "no stream takes this subject");

        Assert.That(await _raw.MessagesAsync(plain), Is.Zero);
    }

    [Test]
    public async Task Batch_OfTooManyOrNoRecords_Is400()
    {
        (await PublishAsync([.. Enumerable.Repeat(Record("a"), 1001)])).Expect(400, "an atomic batch has at most 1000");
        (await PublishAsync("", " ")).Expect(400, "the body has no record");
        (await DataAsync("POST", "/v1/data/publish?atomic=yes", Record("a"))).Expect(400, "'yes' is not true or false");
        Assert.That(await _raw.MessagesAsync(_stream), Is.Zero);
    }

    [Test]
    public async Task Batch_WithAnUnknownField_WarnsOrRefusesWhereStrict()
    {
        RequireBatches();
        var record = $$"""{"heders":{},"subject":"{{_stream}}.a","msg":"x"}""";

        var warned = (await PublishAsync(record)).Expect(200);
        (await DataAsync("POST", "/v1/data/publish?atomic=true&strict=true", record)).Expect(400, "did you mean 'headers'?");

        Assert.That((string?)warned.Json["warnings"]![0], Does.Contain("unknown field 'heders'; did you mean 'headers'?"));
        Assert.That(await _raw.MessagesAsync(_stream), Is.EqualTo(1));
    }

    private static void RequireBatches()
    {
        if (!ServerUnderTest.Facts.Has(Feature.AtomicBatch))
        {
            Assert.Pass("it has none");
        }
    }

    private Task<WireAnswer> PublishAsync(params string[] records) =>
        DataAsync("POST", "/v1/data/publish?atomic=true", string.Join('\n', records));

    private string Record(string token, string message = "x") => $$"""{"subject":"{{_stream}}.{{token}}","msg":"{{message}}"}""";
}
