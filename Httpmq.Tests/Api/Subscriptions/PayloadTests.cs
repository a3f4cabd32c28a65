using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using NATS.Client.Core;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>What goes in comes out: sizes, bytes, subjects, and messages of clients that know more than the gateway's do.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
internal sealed class PayloadTests(string version) : SubscriptionTest(version)
{
    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(2303)]
    [TestCase(2305)]
    [TestCase(64 * 1024)]
    [TestCase(1024 * 1024)]
    public async Task Deliver_BinaryOfAnySize_IsWhatWasPublished(int size)
    {
        var payload = new byte[size];
        new Random(size).NextBytes(payload);
        await DefineAsync();
        await using var subscription = await First.SubscribeAsync(Stream, "c1", $"subject_name={Stream}.a");
        await First.TryPublishAsync($"{Stream}.a", payload);

        var line = await subscription.NextAsync();

        Assert.That(line.Bytes, Is.EqualTo(payload));
    }

    [Test]
    public async Task Deliver_ManyLargeMessages_ComeInOrderAndWhole()
    {
        var payload = new byte[300_000];
        new Random(1).NextBytes(payload);
        await DefineAsync();
        await using var subscription = await First.SubscribeAsync(Stream, "c1", $"subject_name={Stream}.a");
        await Instances.FillAsync(Instances.Raw, Stream, $"{Stream}.a", 20, payload);

        var lines = await subscription.TakeAsync(20);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(lines.Select(line => (int)line.StreamSequence), Is.EqualTo(Enumerable.Range(1, 20)));
            Assert.That(lines.All(line => line.Bytes.AsSpan().SequenceEqual(payload)), Is.True);
        }
    }

    [Test]
    public async Task Deliver_EmptyMessageOfARawClient_HasAnEmptyText()
    {
        await DefineAsync();
        await using var subscription = await First.SubscribeAsync(Stream, "c1", $"subject_name={Stream}.a");
        await Instances.Raw.PublishAsync($"{Stream}.a", Array.Empty<byte>());

        var line = await subscription.NextAsync();

        Assert.That((string)line.Json["b64_msg"]!, Is.Empty);
    }

    [TestCase("payload")]
    [TestCase("")]
    public async Task Deliver_MessageWithHeaders_IsThePayloadAlone(string text)
    {
        await DefineAsync();
        await using var subscription = await First.SubscribeAsync(Stream, "c1", $"subject_name={Stream}.a");
        var headers = new NatsHeaders { ["X-Kind"] = "test", ["Status"] = "503" };
        await Instances.Raw.PublishAsync($"{Stream}.a", Encoding.UTF8.GetBytes(text), headers);

        var line = await subscription.NextAsync();

        Assert.That(line.Text, Is.EqualTo(text));
    }

    [TestCase("100 Idle Heartbeat")]
    [TestCase("409 Consumer Deleted")]
    [TestCase("503")]
    public async Task Deliver_MessageThatLooksLikeAStatus_IsAMessageAndStaysUnacknowledged(string status)
    {
        await DefineAsync();
        await using var subscription = await First.SubscribeAsync(Stream, "c1", $"subject_name={Stream}.a");
        var headers = $"NATS/1.0 {status}\r\n\r\n";
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, SharedServers.Nats.Port);
        await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"CONNECT "
                + $"{{\"headers\":true,\"verbose\":false}}\r\nHPUB {Stream}.a {headers.Length} {headers.Length}\r\n{headers}\r\nPING\r\n"));

        var line = await subscription.NextAsync();
        var consumer = await First.ConsumerAsync(Stream, "c1");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(line.Success, Is.True);
            Assert.That((string)line.Json["b64_msg"]!, Is.Empty);
            Assert.That((int)consumer["num_ack_pending"]!, Is.EqualTo(1));
        }
    }

    [TestCase("quote\"backslash\\slash/")]
    [TestCase("<b>&'+`")]
    [TestCase("größe.日本.🚀")]
    [TestCase("bell\u0007del\u007f")]
    public async Task Deliver_SubjectThatJsonMustEscape_IsTheMessagesOwn(string tail)
    {
        await DefineAsync();
        await using var subscription = await First.SubscribeAsync(Stream, "c1", $"subject_name={Uri.EscapeDataString(Stream + ".>")}");
        await Instances.Raw.PublishAsync($"{Stream}.plain", "0"u8.ToArray());
        await Instances.Raw.PublishAsync($"{Stream}.{tail}", "1"u8.ToArray());
        await Instances.Raw.PublishAsync($"{Stream}.plain", "2"u8.ToArray());

        var lines = await subscription.TakeAsync(3);

        Assert.That(lines.Select(line => (string)line.Json["message_subject"]!), Is.EqualTo(
            [$"{Stream}.plain", $"{Stream}.{tail}", $"{Stream}.plain"]));
    }

    private async Task DefineAsync()
    {
        await First.DefineStreamAsync(Stream, $"{Stream}.>");
        await First.DefineConsumerAsync(Stream, "c1", new JsonObject { ["max_inflight"] = 1000 });
    }
}
