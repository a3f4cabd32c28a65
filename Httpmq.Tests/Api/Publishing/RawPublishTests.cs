using System.Text.Json.Nodes;
using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Publishing;

/// <summary>A message whose bytes are the body: <c>?encoding=raw</c>.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
[Category(ServerUnderTest.Category)]
internal sealed class RawPublishTests(string version) : ContractTest(version)
{
    private const int MaxPayload = 1024 * 1024;

    private string _stream = null!;

    [SetUp]
    public async Task DefineAsync()
    {
        _stream = SharedServers.NewName();
        await Client.DefineStreamAsync(_stream, _stream);
    }

    [TestCase(1)]
    [TestCase(70_000)]
    [TestCase(MaxPayload)]
    public async Task Raw_AnyBytes_AreStoredAsTheyAre(int size)
    {
        var message = new byte[size];
        new Random(size).NextBytes(message);

        var answer = (await PublishAsync("raw", message)).Expect(200);

        Assert.That(
            answer.Text, Is.EqualTo($$"""{"success":true,"request_id":"{{answer.RequestId}}","stream":"{{_stream}}","sequence":1}"""));
        Assert.That(await StoredAsync(), Is.EqualTo(message));
    }

    [Test]
    public async Task Raw_InPiecesWithoutALength_IsStored()
    {
        var pieces = new Bodies.PacedContent([new byte[] { 1, 2 }, new byte[] { 0 }, new byte[] { 255, 13, 10 }]);

        (await SendAsync(Gateway.Dataplane, "POST", $"/v1/data/subject/{_stream}?encoding=raw", pieces)).Expect(200);

        Assert.That(await StoredAsync(), Is.EqualTo(new byte[] { 1, 2, 0, 255, 13, 10 }));
    }

    [TestCase("application/octet-stream")]
    [TestCase("text/plain")]
    public async Task Encoding_NotNamed_IsBase64WhateverTheType(string type)
    {
        var answer = await DataAsync("POST", $"/v1/data/subject/{_stream}", "aGk=", $"Content-Type: {type}");

        answer.Expect(200);
        Assert.That(await StoredAsync(), Is.EqualTo("hi"u8.ToArray()));
    }

    [Test]
    public async Task Raw_TooLargeOrEmpty_IsRefusedAndNothingIsStored()
    {
        (await PublishAsync("raw", new byte[MaxPayload + 1])).Expect(413);
        (await PublishAsync("raw", [])).Expect(400, "the message is empty: the body must be at least one byte");
        (await PublishAsync("raw", null)).Expect(400, "the message is empty");
        Assert.That((ulong)(await Client.StreamAsync(_stream))["state"]!["messages"]!, Is.Zero);
    }

    [TestCase("RAW")]
    [TestCase("")]
    public async Task Encoding_Unknown_Is400(string encoding) =>
        (await PublishAsync(encoding, [1])).Expect(400, "is not base64 or raw");

    [Test]
    public async Task Encoding_Twice_Is400() =>
        (await PublishAsync("raw&Encoding=base64", [1])).Expect(400, "encoding was given 2 times");

    private Task<WireAnswer> PublishAsync(string encoding, byte[]? message) => SendAsync(
        Gateway.Dataplane,
        "POST",
        $"/v1/data/subject/{_stream}?encoding={encoding}",
        message is null ? null : new ByteArrayContent(message));

    private async Task<byte[]> StoredAsync()
    {
        await using var raw = new RawJetStream(SharedServers.Nats.Url);
        var answer = await raw.CallAsync($"STREAM.MSG.GET.{_stream}", new JsonObject { ["seq"] = 1 });
        return Convert.FromBase64String((string)answer["message"]!["data"]!);
    }
}
