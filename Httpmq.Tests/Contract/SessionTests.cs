using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>The README's session, over both protocols.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
[Category(ServerUnderTest.Category)]
internal sealed class SessionTests(string version)
{
    private GatewayClient _client = null!;

    [SetUp]
    public void Connect() => _client = SharedServers.Gateway.Client(Version.Parse(version));

    [TearDown]
    public void Disconnect() => _client.Dispose();

    [Test]
    public async Task Session_PublishedThenAcknowledged_ComesOnceMoreWithoutAckAndNeverAfter()
    {
        var stream = SharedServers.NewName();
        await _client.DefineStreamAsync(stream, $"{stream}.00", $"{stream}.01");
        await _client.DefineConsumerAsync(
            stream, "c0", new JsonObject { ["filter_subject"] = $"{stream}.01", ["max_inflight"] = 4, ["ack_wait"] = 500_000_000 });

        var sequence = await _client.PublishAsync($"{stream}.01", "Hello World\n");
        await using var subscription = await _client.SubscribeAsync(stream, "c0", $"subject_name={stream}.01");
        var first = await subscription.NextAsync();
        var second = await subscription.NextAsync();
        await _client.AckAsync(stream, "c0", second);
        var silent = await subscription.IsSilentAsync(TimeSpan.FromSeconds(1.5));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(sequence, Is.EqualTo(1));
            Assert.That((string)first.Json["b64_msg"]!, Is.EqualTo("SGVsbG8gV29ybGQK"));
            Assert.That((string)first.Json["subject"]!, Is.EqualTo($"{stream}.01"));
            Assert.That(first.ConsumerSequence, Is.EqualTo(1));
            Assert.That(second.StreamSequence, Is.EqualTo(1));
            Assert.That(second.ConsumerSequence, Is.EqualTo(2));
            Assert.That(silent, Is.True, "an acknowledged message came again");
        }
    }

    [Test]
    public async Task Subscribe_ConsumerDeleted_EndsWithALastLine()
    {
        var stream = SharedServers.NewName();
        await _client.DefineStreamAsync(stream, stream);
        await _client.DefineConsumerAsync(stream, "c0");
        await using var subscription = await _client.SubscribeAsync(stream, "c0", $"subject_name={stream}");

        await _client.ManageAsync(HttpMethod.Delete, $"/v1/admin/stream/{stream}/consumer/c0");
        var last = await subscription.NextAsync();
        var end = await subscription.NextOrEndAsync();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(last.Success, Is.False);
            Assert.That((int)last.Json["error"]!["code"]!, Is.EqualTo((int)HttpStatusCode.NotFound));
            Assert.That(end, Is.Null);
        }
    }
}
