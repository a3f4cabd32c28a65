using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>Section 4: publish.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class PublishTests(string version) : ContractTest(version)
{
    /// <summary>nats-server's default max_payload, which the tests' server has.</summary>
    private const int MaxPayload = 1024 * 1024;

    private const int HugeBody = 100_000_000;

    private string _stream = null!;

    [SetUp]
    public async Task DefineStream()
    {
        _stream = SharedServers.NewName();
        await Client.DefineStreamAsync(_stream, _stream);
    }

    [TestCase("aGVsbG8=", "68656c6c6f")]
    [TestCase("aGVsbG9=", "68656c6c6f", Description = "bits that mean nothing are not zero")]
    [TestCase("aGk=", "6869")]
    [TestCase("aGl=", "6869")]
    [TestCase("aB==", "68")]
    [TestCase("a///", "6bffff")]
    [TestCase("+/+/", "fbffbf")]
    [TestCase("AAAA", "000000")]
    [TestCase("AA==", "00")]
    [TestCase("aGVsbG8=\n", "68656c6c6f")]
    [TestCase("aGVs\r\nbG8=\r\n", "68656c6c6f")]
    [TestCase("\r\n\r\na\rG\nV\r\ns\n", "68656c")]
    [TestCase("aGVsbG8\n=", "68656c6c6f")]
    [TestCase("aA=\r\n=", "68")]
    public async Task Body_Base64_IsStoredDecoded(string body, string hex)
    {
        var answer = (await PublishAsync(body)).Expect(200);
        Assert.That(
            answer.Text, Is.EqualTo($$"""{"success":true,"request_id":"{{answer.RequestId}}","stream":"{{_stream}}","sequence":1}"""));

        await Client.DefineConsumerAsync(_stream, "c");
        await using var subscription = await Client.SubscribeAsync(_stream, "c", $"subject_name={_stream}");
        Assert.That(Convert.ToHexStringLower((await subscription.NextAsync()).Bytes), Is.EqualTo(hex));
    }

    [TestCase("hello world!", 5)]
    [TestCase("\"aGVsbG8=\"", 0)]
    [TestCase("====", 0)]
    [TestCase("a===", 1)]
    [TestCase("=aaa", 0)]
    [TestCase("aaaa=", 4)]
    [TestCase("_-_-", 0)]
    [TestCase("aG-k", 2)]
    [TestCase("aGVs bG8=", 4)]
    [TestCase("aGVs\tbG8=", 4)]
    [TestCase("aGVsbG8= ", 8)]
    [TestCase("aGVsbG8=a", 8)]
    [TestCase("aGVsbG8=aGVsbG8=", 8)]
    [TestCase("aGVsbG8==", 8)]
    [TestCase("aGVsaGVsaGVs!!!!", 12)]
    [TestCase("aG\r\nVs!", 6, Description = "line breaks count as what they are: input bytes")]
    [TestCase("\n\n\naGV=\naGVs", 8)]
    [TestCase("aGVs\u00e9", 4)]
    public async Task Body_IllegalCharacter_Is400NamingThePosition(string body, int position) =>
        (await PublishAsync(body)).Expect(400, $"input byte {position.ToString(CultureInfo.InvariantCulture)}");

    [TestCase("aGVsbG8", 7)]
    [TestCase("a", 1)]
    [TestCase("aG", 2)]
    [TestCase("aG=", 3)]
    [TestCase("aGVs\r\naG\r\n", 10)]
    public async Task Body_WithoutItsPadding_Is400NamingTheEnd(string body, int position) =>
        (await PublishAsync(body)).Expect(400, $"ends at input byte {position.ToString(CultureInfo.InvariantCulture)}");

    [TestCase("hello world")]
    [TestCase("aGVsbG8")]
    public async Task Body_NotBase64_SaysHowToEncode(string body) => (await PublishAsync(body)).Expect(400, "encode it first");

    [TestCase("gzip")]
    [TestCase("deflate")]
    public async Task Body_Compressed_Is415(string encoding)
    {
        var body = new StringContent("aGk=");
        body.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        (await SendAsync(Gateway.Dataplane, "POST", $"/v1/data/subject/{_stream}", body)).Expect(
            415, $"'{encoding}' is not supported; send the body uncompressed");
    }

    [TestCase("")]
    [TestCase(null)]
    [TestCase("\n")]
    [TestCase("\r\n\r\n")]
    public async Task Body_Empty_Is400(string? body) => (await PublishAsync(body)).Expect(400, "the message is empty");

    [Test]
    public async Task Body_IllegalFarBehindTheFirstRead_Is400NamingThePosition() =>
        (await PublishAsync(new string('A', 900_000) + "!" + new string('A', 100_000))).Expect(400, "input byte 900000");

    [Test]
    public async Task Publish_OneAfterTheOther_TellsRisingSequences()
    {
        for (ulong sequence = 1; sequence <= 3; sequence++)
        {
            Assert.That((ulong)(await PublishAsync("aGk=")).Expect(200).Json["sequence"]!, Is.EqualTo(sequence));
        }
    }

    [TestCase(MaxPayload, 200)]
    [TestCase(MaxPayload - 1, 200)]
    [TestCase(MaxPayload - 2, 200)]
    [TestCase(MaxPayload + 1, 413)]
    [TestCase(MaxPayload + 2, 413)]
    [TestCase(MaxPayload + 3, 413)]
    public async Task Size_AroundMaxPayload_IsTakenUpToItExactly(int size, int status)
    {
        _ = SharedServers.Nats;
        (await PublishAsync(Convert.ToBase64String(new byte[size]))).Expect(status);
    }

    [Test]
    public async Task Size_MaxPayloadInLinesOf76_IsTaken()
    {
        _ = SharedServers.Nats;
        (await PublishAsync(Convert.ToBase64String(new byte[MaxPayload], Base64FormattingOptions.InsertLineBreaks))).Expect(200);
    }

    [Test]
    public async Task Size_HugeWithLength_Is413AndTheProcessLives()
    {
        (await SendAsync(Gateway.Dataplane, "POST", $"/v1/data/subject/{_stream}", new Zeros(HugeBody, known: true))).Expect(413);
        (await PublishAsync("aGk=")).Expect(200);
    }

    [Test]
    public async Task Size_HugeWithoutLength_Is413WhileReadingAndTheProcessLives()
    {
        var body = new Zeros(HugeBody, known: false);
        (await SendAsync(Gateway.Dataplane, "POST", $"/v1/data/subject/{_stream}", body)).Expect(413);
        (await PublishAsync("aGk=")).Expect(200);
    }

    [Test]
    public async Task Size_AboveTheStreams_Is413()
    {
        var small = SharedServers.NewName();
        (await ManageAsync("POST", "/v1/admin/stream", $$"""{"name":"{{small}}","max_msg_size":10}""")).Expect(200);
        (await DataAsync("POST", $"/v1/data/subject/{small}", Convert.ToBase64String(new byte[10]))).Expect(200);
        (await DataAsync("POST", $"/v1/data/subject/{small}", Convert.ToBase64String(new byte[11]))).Expect(
            413, "message size exceeds maximum allowed (err_code 10054)");
    }

    [TestCase("max_msgs", 1)]
    [TestCase("max_bytes", 150)]
    [TestCase("max_msgs_per_subject", 1)]
    public async Task Stream_FullAndDiscardingNew_Is507(string limit, int value)
    {
        await using var raw = new RawJetStream(SharedServers.Nats.Url);
        var full = SharedServers.NewName();
        await raw.CreateStreamAsync(full, [full],
            new JsonObject { ["discard"] = "new", ["discard_new_per_subject"] = limit is "max_msgs_per_subject", [limit] = value });
        var message = Convert.ToBase64String(new byte[100]);
        (await DataAsync("POST", $"/v1/data/subject/{full}", message)).Expect(200);
        (await DataAsync("POST", $"/v1/data/subject/{full}", message)).Expect(507, "(err_code 10077)");
    }

    [Test]
    public async Task Stream_FullAndDiscardingOld_TakesTheNew()
    {
        (await ManageAsync("PUT", $"/v1/admin/stream/{_stream}/limit", """{"max_msgs":1}""")).Expect(200);
        (await PublishAsync("aGk=")).Expect(200);
        (await PublishAsync("aGk=")).Expect(200);
        Assert.That((ulong)(await Client.StreamAsync(_stream))["state"]!["first_seq"]!, Is.EqualTo(2));
    }

    [Test]
    public async Task Stream_SealedByOthers_Is409()
    {
        await using var raw = new RawJetStream(SharedServers.Nats.Url);
        var config = (JsonObject)await raw.StreamConfigAsync(_stream);
        config["sealed"] = true;
        await raw.CallAsync($"STREAM.UPDATE.{_stream}", config.DeepClone());
        (await PublishAsync("aGk=")).Expect(409, "(err_code 10109)");
    }

    [Test]
    public async Task Subject_OfNoStream_Is404()
    {
        (await DataAsync("POST", $"/v1/data/subject/{_stream}.none", "aGk=")).Expect(404, "no stream takes this subject");
        (await ManageAsync("DELETE", $"/v1/admin/stream/{_stream}")).Expect(200);
        (await PublishAsync("aGk=")).Expect(404, "no stream takes this subject");
    }

    [Test]
    public async Task Query_OnPublish_IsIgnored() => (await DataAsync("POST", $"/v1/data/subject/{_stream}?foo=a/b", "aGk=")).Expect(200);

    private Task<WireAnswer> PublishAsync(string? body) => DataAsync("POST", $"/v1/data/subject/{_stream}", body);

    /// <summary>So many letters A, made while they are sent.</summary>
    private sealed class Zeros(long length, bool known) : HttpContent
    {
        private static readonly byte[] Part = Encoding.ASCII.GetBytes(new string('A', 65536));

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            for (var left = length; left > 0; left -= Part.Length)
            {
                await stream.WriteAsync(Part.AsMemory(0, (int)Math.Min(left, Part.Length)));
            }
        }

        protected override bool TryComputeLength(out long computed)
        {
            computed = length;
            return known;
        }
    }
}
