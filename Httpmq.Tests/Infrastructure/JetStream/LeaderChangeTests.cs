using System.Net;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Infrastructure.JetStream;

/// <summary>What clients are told while a stream or consumer of a cluster has no leader, or one that knows too little.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class LeaderChangeTests
{
    private const string Copies = """{"name":"n2","current":true},{"name":"n3","current":true}""";

    private FakeJetStream _jetStream = null!;
    private Gateway _gateway = null!;
    private GatewayClient _client = null!;
    private int _delivered;
    private int _infos;
    private int _acks;
    private Func<string> _consumerInfo = null!;

    [SetUp]
    public async Task StartAsync()
    {
        (_delivered, _infos, _acks) = (10, 0, 0);
        _consumerInfo = () => Info(replicated: true);
        _jetStream = await FakeJetStream.StartAsync();
        await _jetStream.AnswerAsync("$JS.API.INFO", () => "{}");
        await _jetStream.AnswerAsync("$JS.API.STREAM.NAMES", () => null);
        await _jetStream.AnswerAsync("$JS.API.STREAM.INFO.s", () => """{"config":{"name":"s","retention":"limits"},"state":{"last_seq":20}}""");
        await _jetStream.AnswerAsync("$JS.API.CONSUMER.INFO.s.c", () =>
        {
            Interlocked.Increment(ref _infos);
            return _consumerInfo();
        });
        await _jetStream.AnswerAsync("$JS.ACK.s.c.>", () =>
        {
            Interlocked.Increment(ref _acks);
            return string.Empty;
        });
        _gateway = await Gateway.StartAsync(_jetStream.Url, configureNats: nats => nats with { RequestTimeout = TimeSpan.FromMilliseconds(500) });
        _client = _gateway.Client();
        await Eventually.HoldsAsync(async () => (await _client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "a gateway that is ready");
    }

    [TearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _gateway.DisposeAsync();
        await _jetStream.DisposeAsync();
    }

    [Test]
    public async Task Publish_NobodyTakesItAndJetStreamIsSilent_SaysThatNothingWasStored()
    {
        var answer = await _client.TryPublishAsync("s.x", [1]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable), answer.ToString());
            Assert.That(answer.Detail, Does.Contain("nothing was stored").And.Not.Contain("may"));
        }
    }

    [Test]
    public async Task Ack_NewLeaderSendsTheLastMessagesAgain_IsConfirmed()
    {
        _delivered = 8;
        _consumerInfo = () =>
        {
            _delivered = _infos > 2 ? 10 : 8;
            return Info(replicated: true);
        };

        var answer = await _client.TryAckAsync("s", "c", 10, 10);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.OK), answer.ToString());
            Assert.That(_acks, Is.EqualTo(1));
        }
    }

    [Test]
    public async Task Ack_NeverSentByAReplicatedConsumer_IsRefusedAndPassesNothingOn()
    {
        var answer = await _client.TryAckAsync("s", "c", 11, 11);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.NotFound), answer.ToString());
            Assert.That(_acks, Is.Zero);
        }
    }

    [Test]
    public async Task Ack_AfterAnotherLeaderWasElected_AsksWhatThatOneKnows()
    {
        _consumerInfo = () => Info(replicated: false);
        var before = await _client.TryAckAsync("s", "c", 10, 10);
        _delivered = 8;

        await _jetStream.TellAsync("$JS.EVENT.ADVISORY.CONSUMER.LEADER_ELECTED.s.c");
        GatewayAnswer? after = null;
        await Eventually.HoldsAsync(
            async () => (after = await _client.TryAckAsync("s", "c", 10, 10)).Status is HttpStatusCode.ServiceUnavailable,
            "an acknowledgement that the new leader could not take, refused for the moment");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(before.Status, Is.EqualTo(HttpStatusCode.OK), before.ToString());
            Assert.That(after!.Detail, Does.Contain("nothing was acknowledged"));
        }
    }

    [Test]
    public async Task Ack_BeyondTheStreamAfterAnElection_IsRefusedAtOnce()
    {
        await _client.TryAckAsync("s", "c", 10, 10);
        await _jetStream.TellAsync("$JS.EVENT.ADVISORY.CONSUMER.LEADER_ELECTED.s.c");

        var answer = await _client.TryAckAsync("s", "c", 21, 21);

        Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.NotFound), answer.ToString());
    }

    private string Info(bool replicated) =>
        $$$"""{"stream_name":"s","name":"c","config":{"ack_policy":"explicit"},"delivered":{"consumer_seq":{{{_delivered}}},"stream_seq":{{{_delivered}}}},"cluster":{"leader":"n1","replicas":[{{{(replicated ? Copies : "")}}}]}}""";
}
