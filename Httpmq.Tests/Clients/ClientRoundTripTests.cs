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
        await _client.Management.DefineStreamAsync(
            new StreamParameters { Name = _stream, Subjects = [$"{_stream}.*"], MaxAge = 300_000_000_000 });
        await _client.Management.DefineConsumerAsync(
            _stream, new ConsumerParameters { Name = "c0", Mode = ConsumerMode.Push, MaxInflight = 4 });
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
            Assert.That(refusal.Error.Type, Is.EqualTo("stream-not-found"));
            Assert.That(refusal.Result.RequestId, Is.Not.Empty);
            Assert.That(refusal.RequestId, Is.EqualTo(refusal.Result.RequestId));
            Assert.That(
                refusal.Message, Is.EqualTo($"404 {refusal.Error.Message}: {refusal.Error.Detail} (request id {refusal.RequestId})"));
            Assert.That(refusal.ToString(), Does.Contain(refusal.Error.Detail).And.Not.Contain("HTTP Response"));
        }
    }

    [Test]
    public void Publish_NoStreamTakesTheSubject_Throws()
    {
        var refusal = Assert.ThrowsAsync<HttpmqException<FailureAnswer>>(
            () => _client.Dataplane.PublishAsync(SharedServers.NewName(), new byte[] { 1 }))!;

        Assert.That(refusal.Error!.Code, Is.EqualTo(404));
    }

    [Test]
    public void Subscribe_Refused_ThrowsAsAnyCall()
    {
        var refusal = Assert.ThrowsAsync<HttpmqException<FailureAnswer>>(async () =>
        {
            await foreach (var _ in _client.Dataplane.SubscribeAsync(
                _stream, "c0", $"{_stream}.*", maxMsgInflight: 2, deliveryGroup: "none"))
            {
                Assert.Fail("a message came");
            }
        })!;

        Assert.That(
            refusal.Message, Does.StartWith("400 ").And.Contain("delivery_group: 'none'").And.Contain($"(request id {refusal.RequestId})"));
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

        using (Assert.EnterMultipleScope())
        {
            Assert.That(end, Is.InstanceOf<HttpmqException>());
            Assert.That(end.Error!.Code, Is.EqualTo(404));
            Assert.That(end.StatusCode, Is.EqualTo(404));
            Assert.That(end.RequestId, Is.Not.Empty);
            Assert.That(end.Message, Does.StartWith($"404 {end.Error.Message}: {end.Error.Detail}"));
        }
    }

    [Test]
    public async Task Subscribe_WithoutASubject_GetsWhatTheConsumerSends()
    {
        await _client.Dataplane.PublishAsync($"{_stream}.a", new byte[] { 1 });
        using var timeLimit = new CancellationTokenSource(Eventually.TimeLimit);
        await using var messages = _client.Dataplane.SubscribeAsync(_stream, "c0", cancellationToken: timeLimit.Token)
            .GetAsyncEnumerator(timeLimit.Token);

        Assert.That(await messages.MoveNextAsync(), Is.True);
        Assert.That(messages.Current.Subject, Is.EqualTo($"{_stream}.a"));
    }

    [Test]
    public void Call_NobodyListens_ThrowsTheLibrarysOwnException()
    {
        var nobody = new Uri($"http://127.0.0.1:{Ports.Free()}/");
        using var client = HttpmqClient.Create(nobody, nobody);

        HttpmqUnreachableException[] failures =
        [
            Assert.ThrowsAsync<HttpmqUnreachableException>(() => client.Management.ListStreamsAsync())!,
            Assert.ThrowsAsync<HttpmqUnreachableException>(() => client.Dataplane.PublishAsync("s", new byte[] { 1 }))!,
            Assert.ThrowsAsync<HttpmqUnreachableException>(
                async () => await client.Dataplane.SubscribeAsync("s", "c", "s").GetAsyncEnumerator().MoveNextAsync())!,
        ];

        using (Assert.EnterMultipleScope())
        {
            foreach (var failure in failures)
            {
                Assert.That(failure, Is.InstanceOf<HttpmqException>());
                Assert.That(failure.InnerException, Is.InstanceOf<HttpRequestException>());
                Assert.That(failure.Message, Does.StartWith($"No answer from {nobody.GetLeftPart(UriPartial.Authority)}: "));
                Assert.That((failure.StatusCode, failure.Error, failure.RequestId), Is.EqualTo((0, (Error?)null, (string?)null)));
            }
        }
    }

    [Test]
    public async Task Call_AnsweredByAProxy_ShowsWhatItSaid()
    {
        using var proxy = new System.Net.HttpListener();
        var address = new Uri($"http://127.0.0.1:{Ports.Free()}/");
        proxy.Prefixes.Add(address.AbsoluteUri);
        proxy.Start();
        using var client = HttpmqClient.Create(address, address);
        client.Management.ProtocolVersion = System.Net.HttpVersion.Version11;

        var call = client.Management.ListStreamsAsync();
        var context = await proxy.GetContextAsync().WaitAsync(Eventually.TimeLimit);
        context.Response.StatusCode = 502;
        context.Response.Close("<html>Bad gateway</html>"u8.ToArray(), willBlock: false);

        var failure = Assert.CatchAsync<HttpmqException>(() => call)!;
        Assert.That(failure.StatusCode, Is.EqualTo(502));
        Assert.That(failure.Message, Does.StartWith("502").And.Contain("<html>Bad gateway</html>"));
        Assert.That(failure.Error, Is.Null);
    }

    [Test]
    public void PublicSurface_OfTheLibrary_HasOneBaseOfExceptionsAndPublishesBytes()
    {
        var types = typeof(HttpmqClient).Assembly.GetExportedTypes();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                types.Where(type => type.IsSubclassOf(typeof(Exception)) && !type.IsAssignableTo(typeof(HttpmqException))), Is.Empty);
            Assert.That(
                typeof(DataplaneClient).GetMethods()
                    .Where(method => method.Name.StartsWith("Publish", StringComparison.Ordinal))
                    .SelectMany(method => method.GetParameters())
                    .Where(parameter => parameter.ParameterType == typeof(string))
                    .Select(parameter => parameter.Name),
                Is.All.EqualTo("subject"));
        }
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

        // One that is published in the moment between two subscribers nats-server may send to nobody; it comes again after ack_wait.
        var next = FirstAsync();
        await Eventually.HoldsAsync(
            async () =>
            {
                await _client.Dataplane.PublishAsync($"{_stream}.a", new byte[] { 2 });
                return next.IsCompleted;
            },
            "a message for the next subscriber");
        Assert.That((await next).StreamSequence, Is.GreaterThan(1));
    }

    /// <summary>Subscribes, takes one message, and leaves.</summary>
    private async Task<HttpmqMessage> FirstAsync()
    {
        using var timeLimit = new CancellationTokenSource(Eventually.TimeLimit);
        await foreach (var message in _client.Dataplane.SubscribeAsync(_stream, "c0", $"{_stream}.*", cancellationToken: timeLimit.Token))
        {
            return message;
        }

        throw new AssertionException("the subscription ended");
    }
}
