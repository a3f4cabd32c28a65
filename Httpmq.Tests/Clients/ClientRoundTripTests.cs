using System.Text;
using Httpmq.Client;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Clients;

/// <summary>The C# client against the product's servers, through sockets.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class ClientRoundTripTests
{
    private HttpmqClient _client = null!;
    private string _stream = null!;

    [SetUp]
    public async Task DefineAsync()
    {
        _client = HttpmqClient.Create(SharedServers.Gateway.Management, SharedServers.Gateway.Dataplane);
        _stream = SharedServers.NewName();
        await _client.Management.DefineStreamAsync(new StreamParameters { Name = _stream, Subjects = [$"{_stream}.*"], MaxAge = 300_000_000_000 });
        await _client.Management.DefineConsumerAsync(_stream, new ConsumerParameters { Name = "c0", Mode = ConsumerMode.Push, MaxInflight = 4 });
    }

    [TearDown]
    public void Disconnect() => _client.Dispose();

    [TestCase("2.0")]
    [TestCase("1.1")]
    public async Task Client_WholeLife_Works(string version)
    {
        _client.Management.ProtocolVersion = _client.Dataplane.ProtocolVersion = Version.Parse(version);
        var published = await _client.Dataplane.PublishAsync($"{_stream}.a", "Hello World"u8.ToArray());
        var message = await FirstAsync();
        await message.AcknowledgeAsync();
        var consumer = (await _client.Management.GetConsumerAsync(_stream, "c0")).Consumer;
        var streams = (await _client.Management.ListStreamsAsync()).Streams;
        var consumers = (await _client.Management.ListConsumersAsync(_stream)).Consumers;
        await _client.Management.DeleteConsumerAsync(_stream, "c0");
        await _client.Management.DeleteStreamAsync(_stream);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((published.Stream, published.Sequence), Is.EqualTo((_stream, 1UL)));
            Assert.That(Encoding.UTF8.GetString(message.Data.Span), Is.EqualTo("Hello World"));
            Assert.That((message.Stream, message.Consumer, message.Subject), Is.EqualTo((_stream, "c0", $"{_stream}.a")));
            Assert.That((message.StreamSequence, message.ConsumerSequence), Is.EqualTo((1UL, 1UL)));
            Assert.That((consumer.NumAckPending, consumer.AckFloor.StreamSeq, consumer.Config.MaxAckPending), Is.EqualTo((0, 1UL, 4)));
            Assert.That(streams[_stream].Config.Subjects, Is.EqualTo(new[] { $"{_stream}.*" }));
            Assert.That(streams[_stream].Config.MaxAge, Is.EqualTo(300_000_000_000));
            Assert.That(consumers.Keys, Is.EqualTo(new[] { "c0" }));
        }
    }

    [Test]
    public async Task Change_LimitsAndSubjects_TouchesOnlyWhatIsGiven()
    {
        await _client.Management.ChangeStreamLimitsAsync(_stream, new StreamLimitParameters { MaxMsgs = 10 });
        await _client.Management.ChangeStreamSubjectsAsync(_stream, new SubjectsParameters { Subjects = [$"{_stream}.other"] });

        var config = (await _client.Management.GetStreamAsync(_stream)).Stream.Config;

        Assert.That((config.MaxMsgs, config.MaxAge, config.Subjects[0]), Is.EqualTo((10, 300_000_000_000, $"{_stream}.other")));
    }

    [Test]
    public void Call_Refused_ThrowsWithCodeMessageAndDetail()
    {
        var refusal = Assert.ThrowsAsync<HttpmqException<FailureAnswer>>(() => _client.Management.GetStreamAsync("unknown"))!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(refusal.StatusCode, Is.EqualTo(404));
            Assert.That(refusal.Error!.Code, Is.EqualTo(404));
            Assert.That(refusal.Error.Message, Is.Not.Empty);
            Assert.That(refusal.Error.Detail, Does.Contain("10059"));
            Assert.That(refusal.Result.RequestId, Is.Not.Empty);
        }
    }

    [Test]
    public void Publish_NoStreamTakesTheSubject_Throws()
    {
        var refusal = Assert.ThrowsAsync<HttpmqException<FailureAnswer>>(() => _client.Dataplane.PublishAsync(SharedServers.NewName(), new byte[] { 1 }))!;

        Assert.That(refusal.Error!.Code, Is.EqualTo(404));
    }

    [Test]
    public void Subscribe_Refused_ThrowsAsAnyCall()
    {
        var refusal = Assert.ThrowsAsync<HttpmqException<FailureAnswer>>(async () =>
        {
            await foreach (var _ in _client.Dataplane.SubscribeAsync(_stream, "c0", $"{_stream}.*", maxMsgInflight: 2, deliveryGroup: "none"))
            {
                Assert.Fail("a message came");
            }
        })!;

        Assert.That((refusal.Error!.Code, refusal.Error.Detail), Is.EqualTo((400, "delivery_group: 'none', but consumer c0 has none")));
    }

    [Test]
    public async Task Subscribe_ConsumerDeleted_ThrowsWithTheReason()
    {
        await _client.Dataplane.PublishAsync($"{_stream}.a", new byte[] { 1 });

        var end = Assert.ThrowsAsync<HttpmqSubscriptionEndedException>(async () =>
        {
            await foreach (var _ in _client.Dataplane.SubscribeAsync(_stream, "c0", $"{_stream}.*"))
            {
                await _client.Management.DeleteConsumerAsync(_stream, "c0");
            }
        })!;

        Assert.That(end.Error!.Code, Is.EqualTo(404));
    }

    [Test]
    public async Task Subscribe_Cancelled_EndsAndLeavesTheConsumerFree()
    {
        await _client.Dataplane.PublishAsync($"{_stream}.a", new byte[] { 1 });
        using var cancel = new CancellationTokenSource();

        Assert.CatchAsync<OperationCanceledException>(async () =>
        {
            await foreach (var message in _client.Dataplane.SubscribeAsync(_stream, "c0", $"{_stream}.*", cancellationToken: cancel.Token))
            {
                await message.AcknowledgeAsync(CancellationToken.None);
                await cancel.CancelAsync();
            }
        });

        await _client.Dataplane.PublishAsync($"{_stream}.a", new byte[] { 2 });
        Assert.That((await FirstAsync()).StreamSequence, Is.EqualTo(2));
    }

    /// <summary>Subscribes, takes one message, and leaves.</summary>
    private async Task<HttpmqMessage> FirstAsync()
    {
        using var patience = new CancellationTokenSource(Eventually.Patience);
        await foreach (var message in _client.Dataplane.SubscribeAsync(_stream, "c0", $"{_stream}.*", cancellationToken: patience.Token))
        {
            return message;
        }

        throw new AssertionException("the subscription ended");
    }
}
