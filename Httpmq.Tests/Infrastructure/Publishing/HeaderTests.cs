using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Application.Consumers;
using Httpmq.Application.Publishing;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using NATS.Client.Core;

namespace Httpmq.Tests.Infrastructure.Publishing;

/// <summary>Headers go through the ports as they are, in and out, over a real nats-server.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class HeaderTests
{
    private static readonly (string Name, string Value)[] Sent =
    [
        ("Trace-Id", "7"), ("Trace-Id", "8"), ("trace-id", "ünïcöde: 9"), ("Empty", ""),
    ];

    private NatsServer _nats = null!;
    private Gateway _gateway = null!;
    private GatewayClient _client = null!;
    private string _stream = null!;

    private IMessagePublisher Publisher => _gateway.DataplaneServices.GetRequiredService<IMessagePublisher>();

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _nats = await ServerUnderTest.StartAsync();
        _gateway = await OwnGateway.StartAsync(_nats);
        _client = _gateway.Client();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _gateway.DisposeAsync();
        await _nats.DisposeAsync();
    }

    [SetUp]
    public async Task DefineAsync()
    {
        _stream = SharedServers.NewName();
        await _client.DefineStreamAsync(_stream, _stream);
    }

    [TestCase("push")]
    [TestCase("pull")]
    public async Task Publish_WithHeaders_AreDeliveredAsTheyWere(string mode)
    {
        await _client.DefineConsumerAsync(_stream, "c", new JsonObject { ["mode"] = mode });
        await PublishAsync("one", Headers(Sent));
        await PublishAsync("two", default);
        await PublishInBatchAsync("three", Headers(Sent));

        var received = await ReceiveAsync(3);

        Assert.That(received.Select(delivery => delivery.Payload), Is.EqualTo(["one", "two", "three"]));
        using (Assert.EnterMultipleScope())
        {
            // The client library puts values of one name together; it has no other order.
            Assert.That(received[0].Headers, Is.EqualTo(Sent));
            Assert.That(received[1].Headers, Is.Empty);
            Assert.That(received[2].Headers, Is.EqualTo(Sent));
        }
    }

    [Test]
    public async Task Deliver_HeadersOfSomebodyElse_AreDeliveredAndNoPartOfALine()
    {
        await _client.DefineConsumerAsync(_stream, "c", new JsonObject { ["mode"] = "pull" });
        await using var raw = new NatsConnection(new NatsOpts { Url = _nats.Url });
        await raw.PublishAsync(_stream, "with", headers: new NatsHeaders { ["A"] = "b" });
        await raw.PingAsync();
        await using var subscription = await _client.SubscribeAsync(_stream, "c", $"subject_name={_stream}");

        var line = (await subscription.NextAsync()).Json.ToJsonString();

        Assert.That(line, Does.Contain("\"b64_msg\":\"d2l0aA==\"").And.Not.Contain("header").IgnoreCase);
    }

    [Test]
    public async Task Publish_HeadersBeyondTheLargestMessage_IsTooLargeAndTheConnectionStays()
    {
        var payload = new byte[Publisher.MaxPayload];
        var one = await OutcomeAsync(new Publication(SubjectOfStream(), payload, Headers(("A", "b"))));
        var two = await OutcomeAsync(new Publication(SubjectOfStream(), payload));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(one.Error?.Kind, Is.EqualTo(ErrorKind.TooLarge));
            Assert.That(two.Error, Is.Null);
        }
    }

    private static MessageHeaders Headers(params (string Name, string Value)[] pairs)
    {
        var taken = MessageHeaders.TryCreate(
            [.. pairs.Select(pair => KeyValuePair.Create(pair.Name, pair.Value))], out var headers, out var reason);
        Assert.That(taken, Is.True, reason);
        return headers;
    }

    private Subject SubjectOfStream()
    {
        Assert.That(Subject.TryParse(_stream, out var subject, out var reason), Is.True, reason);
        return subject;
    }

    private async Task<PublishOutcome> OutcomeAsync(Publication publication)
    {
        var pending = await Publisher.StartAsync(publication);
        return await pending.GetOutcomeAsync(CancellationToken.None);
    }

    private async Task PublishAsync(string payload, MessageHeaders headers)
    {
        var outcome = await OutcomeAsync(new Publication(SubjectOfStream(), Encoding.UTF8.GetBytes(payload), headers));
        Assert.That(outcome.Error, Is.Null);
    }

    private async Task PublishInBatchAsync(string payload, MessageHeaders headers)
    {
        var publication = new Publication(SubjectOfStream(), Encoding.UTF8.GetBytes(payload), headers);
        var pending = await Publisher.StartInBatchAsync(publication, CancellationToken.None);
        Assert.That((await pending.GetOutcomeAsync(CancellationToken.None)).Error, Is.Null);
    }

    private async Task<List<Received>> ReceiveAsync(int count)
    {
        var consumers = _gateway.DataplaneServices.GetRequiredService<IConsumerStore>();
        var consumer = await consumers.FindAsync(StreamName.OfExisting(_stream), ConsumerName.OfExisting("c"), CancellationToken.None);
        var factory = _gateway.DataplaneServices.GetRequiredService<IDeliverySourceFactory>();
        await using var source = await factory.OpenAsync(consumer!, maxInflight: 10, credit: null, CancellationToken.None);
        var sink = new KeepingSink();
        while (sink.Received.Count < count)
        {
            await source.WaitAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(15));
            source.Drain(sink, int.MaxValue);
        }

        return sink.Received;
    }

    private sealed record Received(string Payload, List<(string Name, string Value)> Headers);

    private sealed class KeepingSink : IDeliverySink
    {
        public List<Received> Received { get; } = [];

        public bool WantsDetails => false;

        public int Write(in Delivery delivery)
        {
            var headers = new List<(string, string)>();
            foreach (var header in delivery.Headers)
            {
                headers.Add((Encoding.ASCII.GetString(header.Name), Encoding.UTF8.GetString(header.Value)));
            }

            Received.Add(new Received(Encoding.UTF8.GetString(delivery.Payload), headers));
            return 1;
        }
    }
}
