using Httpmq.Tests.Support;

namespace Httpmq.Tests.Infrastructure.Deliveries;

/// <summary>What tells a subscription that its consumer is not there any more, where no advisory does.</summary>
[Parallelizable]
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class LostConsumerTests
{
    private const string Missing = """{"error":{"code":404,"err_code":10014,"description":"consumer not found"}}""";

    private FakeJetStream _jetStream = null!;
    private Gateway _gateway = null!;
    private GatewayClient _client = null!;
    private Func<string> _consumer = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _jetStream = await FakeJetStream.StartAsync();
        await _jetStream.AnswerAsync("$JS.API.INFO", () => "{}");
        await _jetStream.AnswerAsync("$JS.API.STREAM.INFO.s", () => """{"config":{"name":"s","subjects":["s"]},"state":{}}""");
        await _jetStream.AnswerAsync("$JS.API.CONSUMER.INFO.s.c", () => _consumer());
        _gateway = await Gateway.StartAsync(_jetStream.Url);
        _client = _gateway.Client();
        await Eventually.HoldsAsync(
            async () => (await _client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "a gateway that is ready");
    }

    [TearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _gateway.DisposeAsync();
        await _jetStream.DisposeAsync();
    }

    [Test]
    public async Task Pull_NobodyTakesItsRequests_LooksAndEndsAtOnce()
    {
        // As from 2.10 on where the stream or the consumer is gone: 503, because nobody listens for requests.
        _consumer = () => Info(string.Empty);
        await using var subscription = await _client.SubscribeAsync("s", "c", "subject_name=s");

        _consumer = () => Missing;

        var last = await subscription.NextAsync(TimeSpan.FromSeconds(10));

        Assert.That((int)last.Json["error"]!["code"]!, Is.EqualTo(404), last.Json.ToJsonString());
    }

    [Test]
    public async Task Pull_NobodyTakesItsRequestsForAWhile_AsksAgain()
    {
        _consumer = () => Info(string.Empty);
        await using var subscription = await _client.SubscribeAsync("s", "c", "subject_name=s");
        Assert.That(await subscription.IsSilentAsync(TimeSpan.FromSeconds(1)), Is.True);
        var asked = 0;

        await _jetStream.AnswerAsync("$JS.API.CONSUMER.MSG.NEXT.s.c", () =>
        {
            Interlocked.Increment(ref asked);
            return null;
        });

        await Eventually.HoldsAsync(() => asked > 0, "a request after the leader is back", TimeSpan.FromSeconds(5));
    }

    [Test]
    public async Task Push_DeliverSubjectReplacedWithoutAWord_EndsSoon()
    {
        _consumer = () => Info("_INBOX.one.d");
        await using var subscription = await _client.SubscribeAsync("s", "c", "subject_name=s");

        _consumer = () => Info("_INBOX.another.d");

        var last = await subscription.NextAsync(TimeSpan.FromSeconds(10));
        Assert.That((int)last.Json["error"]!["code"]!, Is.EqualTo(404), last.Json.ToJsonString());
    }

    private static string Info(string deliverSubject) =>
        $$$"""{"stream_name":"s","name":"c","config":{"ack_policy":"explicit","deliver_subject":"{{{deliverSubject}}}"},"delivered":{"consumer_seq":0,"stream_seq":0}}""";
}
