using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Domain.Features;
using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Publishing;

/// <summary>The headers of a published message: what is stored, what is refused, and what a server that lacks it is not asked.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
[Category(ServerUnderTest.Category)]
internal sealed class PublishHeaderTests(string version) : ContractTest(version)
{
    private RawJetStream _raw = null!;
    private string _stream = null!;

    [OneTimeSetUp]
    public void ConnectRaw() => _raw = new RawJetStream(SharedServers.Nats.Url);

    [OneTimeTearDown]
    public async Task DisconnectRawAsync() => await _raw.DisposeAsync();

    [SetUp]
    public void Name() => _stream = SharedServers.NewName();

    [Test]
    public async Task Headers_OfTheMessage_AreStoredInTheirSpellingAndNoOthers()
    {
        await DefineAsync();

        var answer = (await PublishAsync(
            "Httpmq-Header-trace-ID: 7 & Httpmq-Header-x: ünï: cöde & traceparent: 00-ab-cd-01 & tracestate: a=1 "
            + "& nats-msg-ID: k & User-Agent: me & X-Other: no & Httpmq-Request-ID: r")).Expect(200);

        Assert.That(
            answer.Text, Is.EqualTo($$"""{"success":true,"request_id":"r","stream":"{{_stream}}","sequence":1}"""));
        Assert.That(await HeadersAsync(1), Is.EquivalentTo(
            new[] { "Trace-Id: 7", "X: ünï: cöde", "traceparent: 00-ab-cd-01", "tracestate: a=1", "Nats-Msg-Id: k" }));
    }

    [TestCase("Nats-Stream: x", "names that begin with Nats- are NATS's own")]
    [TestCase("nats-msg: x", "a message may have Nats-Expected-Last-Msg-Id")]
    [TestCase("Httpmq-Header-nats-msg-id: x", "send NATS's own headers without Httpmq-Header-")]
    [TestCase("Httpmq-Header-: x", "the name of the message's header is missing")]
    [TestCase("Nats-Msg-Id:", "Nats-Msg-Id: '' is empty")]
    [TestCase("Idempotency-Key: \"\"", "Idempotency-Key: '' is empty")]
    [TestCase("Idempotency-Key: \"a", "does not end with them")]
    [TestCase("Idempotency-Key: \"a\"b", "goes on after them")]
    [TestCase("Idempotency-Key: a & Nats-Msg-Id: b", "is another Nats-Msg-Id")]
    [TestCase("Nats-Rollup: subject", "Nats-Rollup: 'subject' is not 'sub' or 'all'")]
    [TestCase("Nats-TTL: 500ms", "is shorter than 1 s")]
    [TestCase("Nats-TTL: 1d", "'1d' has the unit 'd'")]
    [TestCase("Nats-TTL: 0", "is not 1 to")]
    [TestCase("Nats-TTL: 99999999999999999999", "is not 1 to")]
    [TestCase("Nats-TTL: -1s", "is negative")]
    [TestCase("Nats-Expected-Stream: a.b", "is no stream name")]
    [TestCase("Nats-Expected-Last-Sequence: x", "is no sequence")]
    [TestCase("Nats-Expected-Last-Subject-Sequence: 9223372036854775808", "is no sequence")]
    [TestCase("Nats-Expected-Last-Subject-Sequence-Subject: a..b & Nats-Expected-Last-Subject-Sequence: 1", "-Subject: 'a..b'")]
    [TestCase("Nats-Expected-Last-Subject-Sequence-Subject: a", "Nats-Expected-Last-Subject-Sequence is required")]
    [TestCase("Nats-Expected-Last-Msg-Id:", "is empty")]
    [TestCase("Nats-Incr: 1.5", "is no integer")]
    [TestCase("Nats-Incr: 1 & Nats-Rollup: sub", "a counter takes no")]
    [TestCase("Nats-Schedule: soon & Nats-Schedule-Target: a", "is no schedule")]
    [TestCase("Nats-Schedule: @at tomorrow & Nats-Schedule-Target: a", "has no time such as")]
    [TestCase("Nats-Schedule: @every 500ms & Nats-Schedule-Target: a", "more often than every second")]
    [TestCase("Nats-Schedule: 0 * * * * & Nats-Schedule-Target: a", "cron with six fields")]
    [TestCase("Nats-Schedule: @hourly", "Nats-Schedule-Target is required")]
    [TestCase("Nats-Schedule: @hourly & Nats-Schedule-Target: a.*", "wildcard")]
    [TestCase("Nats-Schedule-Target: a", "Nats-Schedule is required")]
    [TestCase("If-Match: *", "If-Match: '*' is not one tag")]
    [TestCase("If-Match: W/\"1\"", "If-Match: 'W/\"1\"' is not one tag")]
    [TestCase("If-Match: \"1\", \"2\"", "is not one tag")]
    [TestCase("If-Match: \"1\" & If-None-Match: *", "not together with If-Match")]
    [TestCase("If-None-Match: \"1\"", "If-None-Match: '\"1\"' is not *")]
    [TestCase("If-Match: \"1\" & Nats-Expected-Last-Subject-Sequence: 2", "is another Nats-Expected")]
    public async Task Header_ThatWouldBeIgnoredOrMisread_Is400AndNothingIsStored(string headers, string detail)
    {
        await DefineAsync();

        (await PublishAsync(headers)).Expect(400, detail);

        Assert.That(await _raw.MessagesAsync(_stream), Is.Zero);
    }

    [Test]
    public async Task Schedule_ToItsOwnSubject_Is400()
    {
        await DefineAsync();
        (await PublishAsync($"Nats-Schedule: @hourly & Nats-Schedule-Target: {_stream}.a")).Expect(
            400, "the subject of the schedule itself");
    }

    [TestCase("Idempotency-Key: k-1")]
    [TestCase("Idempotency-Key: \"k-1\" & Nats-Msg-Id: k-1")]
    [TestCase("Nats-Msg-Id: k-1")]
    public async Task IdempotencyKey_SentTwice_TellsTheFirstSequenceAndThatItIsADuplicate(string headers)
    {
        await DefineAsync();
        (await PublishAsync(headers)).Expect(200);
        await PublishAsync("Nats-Msg-Id: other");

        var again = (await PublishAsync(headers)).Expect(200);

        Assert.That(((ulong)again.Json["sequence"]!, (bool?)again.Json["duplicate"]), Is.EqualTo((1, (bool?)true)), again.Text);
        Assert.That(await _raw.MessagesAsync(_stream), Is.EqualTo(2));
        Assert.That((await PublishAsync("Idempotency-Key: \"k-\\\"2\"")).Expect(200).Text, Does.Not.Contain("duplicate"));
        Assert.That(await HeadersAsync(3), Is.EqualTo(["Nats-Msg-Id: k-\"2"]));
    }

    [Test]
    public async Task Condition_ThatDoesNotHold_Is412WithTheLastSequence()
    {
        await DefineAsync();
        (await PublishAsync("If-None-Match: *")).Expect(200);
        (await PublishAsync(null)).Expect(200);

        var taken = (await PublishAsync("If-None-Match: *")).Expect(412, "wrong last sequence: 2");
        var stale = (await PublishAsync("If-Match: \"1\"")).Expect(412);
        var problem = await PublishAsync("If-Match: \"1\" & Accept: application/problem+json");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(((ulong)taken.Json["error"]!["last_sequence"]!, taken.Type), Is.EqualTo((2, "wrong-last-sequence")));
            Assert.That((ulong)stale.Json["error"]!["last_sequence"]!, Is.EqualTo(2));
            Assert.That((problem.Status, (ulong)problem.Json["last_sequence"]!), Is.EqualTo((412, 2)));
            Assert.That(await _raw.MessagesAsync(_stream), Is.EqualTo(2));
        }

        (await PublishAsync("If-Match: \"2\" & Nats-Expected-Last-Sequence: 2 & Nats-Expected-Stream: " + _stream)).Expect(200);
        (await PublishAsync("Nats-Expected-Stream: another")).Expect(412, "(err_code 10060)");
        (await PublishAsync("Nats-Expected-Last-Msg-Id: x")).Expect(412, "(err_code 10070)");
    }

    [TestCase("If-Match: \"1\"", "a")]
    [TestCase("If-None-Match: *", "b")]
    [TestCase("Nats-Expected-Last-Sequence: 2", "b")]
    [TestCase("Nats-Expected-Last-Subject-Sequence: 1", "a")]
    [TestCase("Nats-Expected-Last-Subject-Sequence: 2 & Nats-Expected-Last-Subject-Sequence-Subject: {s}.*", "b")]
    [TestCase("Nats-Expected-Last-Subject-Sequence: 0 & Nats-Expected-Last-Subject-Sequence-Subject: {s}.never", "b")]
    public async Task Condition_OfAMessageThatIsSentAgain_IsADuplicateAndOfAnotherOne412(string headers, string token)
    {
        if (headers.Contains("-Subject:", StringComparison.Ordinal) && !ServerUnderTest.Facts.Has(Feature.ExpectedSubject))
        {
            Assert.Pass("it has no conditions of other subjects");
        }

        await DefineAsync();
        var condition = headers.Replace("{s}", _stream, StringComparison.Ordinal);
        await PublishAsync(null);
        await PublishAsync(null, $"{_stream}.other");
        (await PublishAsync(condition + " & Idempotency-Key: m1", $"{_stream}.{token}")).Expect(200);
        await PublishAsync(null, $"{_stream}.{token}");
        await PublishAsync(null, $"{_stream}.never");

        var again = (await PublishAsync(condition + " & Idempotency-Key: m1", $"{_stream}.{token}")).Expect(200);
        (await PublishAsync(condition + " & Idempotency-Key: m2", $"{_stream}.{token}")).Expect(412, "wrong last sequence: ");
        (await PublishAsync(condition, $"{_stream}.{token}")).Expect(412, "wrong last sequence: ");

        Assert.That(
            again.Text,
            Is.EqualTo($$"""{"success":true,"request_id":"{{again.RequestId}}","stream":"{{_stream}}","sequence":3,"duplicate":true}"""));
        Assert.That(await _raw.MessagesAsync(_stream), Is.EqualTo(5));
    }

    [Test]
    public async Task Condition_OfARecordThatIsSentAgain_IsADuplicate()
    {
        await DefineAsync();
        var record = $$"""{"subject":"{{_stream}}.a","msg":"x","id":"r1","expected_last_subject_sequence":0}""";
        using var body = new StringContent($"{record}\n{record}\n");

        var (_, lines) = await Client.SendRawAsync(HttpMethod.Post, "/v1/data/publish", body);

        var stored = lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonNode.Parse(line)!);
        Assert.That(
            stored.Select(static line => ((int?)line["sequence"], (bool?)line["duplicate"])),
            Is.EqualTo(new (int?, bool?)[] { (1, null), (1, true) }), lines);
    }

    [Test]
    public async Task Rollup_OfAStreamThatPermitsIt_RemovesWhatWasBefore()
    {
        await DefineAsync();
        (await PublishAsync("Nats-Rollup: sub")).Expect(422, "(err_code 10111)");
        var open = await DefineAnotherAsync("allow_rollup_hdrs");
        await PublishAsync(null, open);

        (await PublishAsync("nats-rollup: sub", open)).Expect(200);

        Assert.That(await _raw.MessagesAsync(open), Is.EqualTo(1));
    }

    [Test]
    public async Task TimeToLive_WhereTheServerHasNone_Is501AndElseAsTheStreamPermits()
    {
        await DefineAsync();
        if (ServerUnderTest.Facts.Has(Feature.MessageTtl))
        {
            Assert.That(
                (await PublishAsync("Nats-TTL: 1h30m")).Expect(422, "(err_code 10166)").Type, Is.EqualTo("message-ttl-not-permitted"));
            var open = await DefineAnotherAsync("allow_msg_ttl");
            (await PublishAsync("nats-ttl: 1h30m", open)).Expect(200);
            (await PublishAsync("Nats-TTL: never", open)).Expect(200);
            Assert.That(await HeadersAsync(1, open), Is.EqualTo(["Nats-TTL: 1h30m"]));
        }
        else
        {
            await IsTooOldAsync("Nats-TTL: 1h30m", "Nats-TTL needs nats-server 2.11 or later");
        }
    }

    [Test]
    public async Task SequenceOfSubjects_WhereTheServerIgnoresIt_Is501()
    {
        await DefineAsync();
        var headers = $"Nats-Expected-Last-Subject-Sequence: 0 & Nats-Expected-Last-Subject-Sequence-Subject: {_stream}.*";
        if (ServerUnderTest.Facts.Has(Feature.ExpectedSubject))
        {
            (await PublishAsync(headers)).Expect(200);
            (await PublishAsync(headers)).Expect(412);
        }
        else
        {
            await IsTooOldAsync(headers, "Nats-Expected-Last-Subject-Sequence-Subject needs nats-server 2.11 or later");
        }
    }

    [TestCase("")]
    [TestCase("?encoding=raw")]
    public async Task Increment_OfACounter_TellsItsValue(string query)
    {
        await DefineAsync();
        if (!ServerUnderTest.Facts.Has(Feature.Counters))
        {
            await IsTooOldAsync("Nats-Incr: 1", "Nats-Incr needs nats-server 2.12 or later", body: string.Empty);
            return;
        }

        (await PublishAsync("Nats-Incr: 1", body: string.Empty)).Expect(422, "(err_code 10168)");
        var counter = await DefineAnotherAsync("allow_msg_counter");
        (await PublishAsync("Nats-Incr: 40", counter + ".a" + query, string.Empty)).Expect(200);
        var second = (await PublishAsync("nats-incr: +2 & Idempotency-Key: k", counter + ".a" + query, string.Empty)).Expect(200);
        var third = (await PublishAsync("Nats-Incr: +2 & Idempotency-Key: k", counter + ".a" + query, string.Empty)).Expect(200);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((string?)second.Json["value"], Is.EqualTo("42"));
            Assert.That(third.Text, Does.Contain("\"sequence\":2,\"duplicate\":true").And.Not.Contain("value"));
            (await PublishAsync("Nats-Incr: 1", counter)).Expect(422, "(err_code 10170)");
            (await PublishAsync(null, counter)).Expect(422, "(err_code 10169)");
        }
    }

    [Test]
    public async Task Schedule_OfAMomentAgo_IsPublishedToItsTarget()
    {
        await DefineAsync();
        const string Schedule = "Nats-Schedule: @at 2020-01-01T00:00:00Z & Nats-Schedule-Target: ";
        if (!ServerUnderTest.Facts.Has(Feature.Schedules))
        {
            await IsTooOldAsync(Schedule + _stream + ".t", "Nats-Schedule needs nats-server 2.12 or later");
            return;
        }

        (await PublishAsync(Schedule + _stream + ".t")).Expect(422, "(err_code 10188)");
        var open = await DefineAnotherAsync("allow_msg_schedules");
        (await PublishAsync($"{Schedule}{open}.t & Httpmq-Header-Own: 1", open)).Expect(200);
        var last = new JsonObject { ["last_by_subj"] = $"{open}.t" };
        await Eventually.HoldsAsync(
            async () => (await _raw.TryCallAsync($"STREAM.MSG.GET.{open}", last))["error"] is null, "published");
        Assert.That(await HeadersAsync(2, open), Does.Contain("Own: 1").And.Contain($"Nats-Scheduler: {open}.a"));
        (await PublishAsync($"Nats-Schedule: @hourly & Nats-Schedule-Time-Zone: Nowhere & Nats-Schedule-Target: {open}.t", open))
            .Expect(422);
    }

    [Test]
    public async Task Schedule_ThatAnInterestStreamWouldDrop_Is422()
    {
        if (!ServerUnderTest.Facts.Has(Feature.Schedules))
        {
            return;
        }

        await _raw.CreateStreamAsync(
            _stream, [$"{_stream}.>"], new JsonObject { ["allow_msg_schedules"] = true, ["retention"] = "interest" });
        await _raw.CreateConsumerAsync(_stream, "t", new JsonObject { ["filter_subject"] = $"{_stream}.t" });
        var headers = $"Nats-Schedule: @at 2099-01-01T00:00:00Z & Nats-Schedule-Target: {_stream}.t";

        var dropped = (await PublishAsync(headers)).Expect(422, "no consumer wants this subject");
        var filters = new JsonArray($"{_stream}.x", $"{_stream}.a");
        await _raw.CreateConsumerAsync(_stream, "a", new JsonObject { ["filter_subjects"] = filters });
        (await PublishAsync(headers)).Expect(200);

        Assert.That((dropped.Type, await _raw.MessagesAsync(_stream)), Is.EqualTo(("schedule-discarded", 1)));
    }

    [Test]
    public async Task Headers_WithThePayload_AreNoMoreThanTheServerTakes()
    {
        await DefineAsync();
        var body = Convert.ToBase64String(new byte[1024 * 1024]);

        (await PublishAsync("Httpmq-Header-A: b", body: body)).Expect(413, "the message has 1048594 bytes");

        (await PublishAsync(null, body: body)).Expect(200);
    }

    private Task<WireAnswer> PublishAsync(string? headers, string? stream = null, string body = "aGk=")
    {
        var subject = stream is null ? $"{_stream}.a" : stream.Contains('.', StringComparison.Ordinal) ? stream : $"{stream}.a";
        return DataAsync("POST", $"/v1/data/subject/{subject}", body, headers);
    }

    private async Task IsTooOldAsync(string headers, string detail, string body = "aGk=")
    {
        var refused = (await PublishAsync(headers, body: body)).Expect(501, detail);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(refused.Detail, Does.EndWith($"the connected one is {ServerUnderTest.Facts.Name}; nothing was stored"));
            Assert.That(await _raw.MessagesAsync(_stream), Is.Zero);
        }
    }

    private Task DefineAsync() => _raw.CreateStreamAsync(_stream, [$"{_stream}.>"]);

    private async Task<string> DefineAnotherAsync(string flag)
    {
        var name = SharedServers.NewName();
        await _raw.CreateStreamAsync(name, [$"{name}.>"], new JsonObject { [flag] = true });
        return name;
    }

    private async Task<IEnumerable<string>> HeadersAsync(ulong sequence, string? stream = null)
    {
        var answer = await _raw.CallAsync($"STREAM.MSG.GET.{stream ?? _stream}", new JsonObject { ["seq"] = sequence });
        var block = Encoding.UTF8.GetString(Convert.FromBase64String((string)answer["message"]!["hdrs"]!));
        return block.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1);
    }
}
