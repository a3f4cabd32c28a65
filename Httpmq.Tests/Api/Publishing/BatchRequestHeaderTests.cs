using Httpmq.Tests.Contract;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Publishing;

/// <summary>Headers of a message in the request of a batch: they are about one message, so they are refused and not lost.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
[Category(ServerUnderTest.Category)]
internal sealed class BatchRequestHeaderTests(string version) : ContractTest(version)
{
    private string _stream = null!;

    [SetUp]
    public async Task DefineAsync()
    {
        _stream = SharedServers.NewName();
        await Client.DefineStreamAsync(_stream, _stream);
    }

    [TestCase("If-Match: \"3\"", "expected_last_subject_sequence")]
    [TestCase("If-None-Match: *", "expected_last_subject_sequence")]
    [TestCase("Idempotency-Key: k1", "id")]
    [TestCase("Nats-Msg-Id: k1", "headers")]
    [TestCase("Nats-TTL: 5s", "headers")]
    [TestCase("Nats-Foo: x", "headers")]
    [TestCase("Httpmq-Header-Name: x", "headers")]
    [TestCase("ce-specversion: 1.0 & ce-id: 1", "headers")]
    public async Task Batch_WithAHeaderOfOneMessage_IsRefusedAndStoresNothing(string header, string member)
    {
        foreach (var query in new[] { string.Empty, "?atomic=true" })
        {
            var refused = (await PublishAsync(query, header)).Expect(400, $"a record of a batch has {member}");
            Assert.That(refused.Type, Is.EqualTo("invalid-request"));
        }

        Assert.That((int)(await Client.StreamAsync(_stream))["state"]!["messages"]!, Is.Zero);
    }

    [Test]
    public async Task Batch_WithATrace_IsPublishedAndItsAnswerIsAStream()
    {
        var answer = await PublishAsync(string.Empty, "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(200));
            Assert.That(answer.Text, Does.StartWith("{\"success\":true"));
            Assert.That(answer.Header("Cache-Control"), Is.EqualTo("no-store"));
            Assert.That(answer.Header("X-Accel-Buffering"), Is.EqualTo("no"));
            Assert.That(answer.Header("Incremental"), Is.EqualTo("?1"));
        }
    }

    private Task<WireAnswer> PublishAsync(string query, string headers) =>
        DataAsync("POST", $"/v1/data/publish{query}", $$"""{"subject":"{{_stream}}","msg":"x"}""", headers);
}
