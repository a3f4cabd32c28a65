using Httpmq.Api.Errors;
using Httpmq.Application.Settling;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Ledger;
using Httpmq.Infrastructure.Requests;
using Httpmq.Infrastructure.Settling;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Httpmq.Tests.Infrastructure.Settling;

/// <summary>What is asked before an acknowledgement is passed on, what is refused, and what its end is called.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class MessageAcknowledgerTests : IAsyncDisposable
{
    private const string Info = "$JS.API.CONSUMER.INFO.s.c";
    private const string Copies = ""","cluster":{"leader":"n1","replicas":[{"name":"n2","current":true}]}""";
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(4);

    private FakeConnection _connection = null!;
    private RequestPipeline _requests = null!;
    private ConsumerLedger _ledger = null!;
    private MessageAcknowledger _acknowledger = null!;
    private ulong _delivered = 10;
    private int _replicas = 1;
    private string _more = string.Empty;
    private string _filter = string.Empty;
    private string? _ack = string.Empty;
    private string? _info;

    [SetUp]
    public async Task OpenAsync()
    {
        // A version that keeps messages of others, so that nothing but the consumer has to be asked.
        _connection = await FakeConnection.OpenAsync(static options => options with { RequestTimeout = TimeLimit }, version: "2.12.5");
        _connection.Server.Answer = subject => subject switch
        {
            Info => _info ?? Consumer(),
            "$JS.API.STREAM.MSG.GET.s" =>
                """{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","message":{"subject":"other","seq":3}}""",
            _ when subject.StartsWith("$JS.ACK.", StringComparison.Ordinal) => _ack,
            _ => null,
        };
        _requests = new RequestPipeline(_connection.Link, _connection.Options, _connection.Time, NullLoggerFactory.Instance);
        _ledger = new ConsumerLedger(_connection.Time);
        var api = new JetStreamApi(_connection.Link, _connection.Options, _connection.Time);
        _acknowledger = new MessageAcknowledger(_connection.Link, _requests, api, _ledger, _connection.Time);
    }

    public async ValueTask DisposeAsync()
    {
        await _requests.DisposeAsync();
        await _connection.DisposeAsync();
    }

    [Test]
    public async Task Acknowledge_ConsumerNotKnownYet_AsksOnceAndThenNoMore()
    {
        Assert.That(await AckAsync(3, 3), Is.Null);
        Assert.That(await AckAsync(4, 4), Is.Null);

        Assert.That(_connection.Server.Asked, Is.EqualTo(new[] { Info, "$JS.ACK.s.c.1.3.3.0.0", "$JS.ACK.s.c.1.4.4.0.0" }));
    }

    [TestCase(11UL, 3UL, "11")]
    [TestCase(3UL, 11UL, "beyond the 10 deliveries")]
    public async Task Acknowledge_BeyondTheMark_IsRefusedAndNothingIsTouched(ulong stream, ulong consumer, string says)
    {
        var error = await AckAsync(stream, consumer);

        Assert.That(error?.Kind, Is.EqualTo(ErrorKind.NotFound));
        Assert.That(error!.Detail(), Does.Contain(says));
        Assert.That(Sent, Is.Empty);
    }

    [Test]
    public async Task Acknowledge_ManyBeyondTheMarkInOneRequest_AsksOnceForAllOfThem()
    {
        for (var request = 1; request <= 2; request++)
        {
            var timeLimit = new AckTimeLimit(_connection.Time);
            _connection.Time.Advance(TimeSpan.FromMilliseconds(1));
            for (var number = 11UL; number < 20; number++)
            {
                Assert.That((await AckAsync(number, number, timeLimit))?.Detail(), Does.Contain($"sequence {number}"));
            }

            Assert.That(_connection.Server.Asked, Is.EqualTo(Enumerable.Repeat(Info, request)), "what came after the answer asks again");
        }
    }

    [Test]
    public async Task Acknowledge_ConsumerThatIsNotThere_IsNotFound()
    {
        _info =
            """{"type":"io.nats.jetstream.api.v1.consumer_info_response","error":{"code":404,"err_code":10014,"description":"consumer not found"}}""";

        Assert.That((await AckAsync(3, 3))?.Kind, Is.EqualTo(ErrorKind.NotFound));
        Assert.That(Sent, Is.Empty);
    }

    [Test]
    public async Task Acknowledge_DeliveryOfAnotherMessage_IsRefusedAfterTheConsumerWasAsked()
    {
        _ledger.Get("s", "c").Saw(new DeliverySequence(5, 3));

        Assert.That((await AckAsync(3, 3))?.Detail(), Does.Contain("another message"));
        Assert.That(_connection.Server.Asked, Is.EqualTo(new[] { Info }));
    }

    [Test]
    public async Task Acknowledge_NewLeaderDoesNotKnowYet_IsAskedAgainUntilItDoes()
    {
        (_replicas, _more, _delivered) = (3, Copies, 2);
        var acknowledging = AckAsync(3, 3);
        await Eventually.HoldsAsync(() => _connection.Server.Asked.Contains(Info, StringComparer.Ordinal), "a request");
        _delivered = 3;

        Assert.That(await _connection.PassesUntilAsync(acknowledging, "the acknowledgement"), Is.Null);
        Assert.That(Sent, Has.Exactly(1).Items);
    }

    [Test]
    public async Task Acknowledge_NewLeaderNeverKnows_IsRefusedAsNotKnownYetAfterTwoSeconds()
    {
        (_replicas, _more, _delivered) = (3, Copies, 2);
        var start = _connection.Time.GetTimestamp();

        var error = await _connection.PassesUntilAsync(AckAsync(3, 3), "a refusal");

        Assert.That((error?.Kind, Sent.Any()), Is.EqualTo((ErrorKind.Unavailable, false)), error?.Detail());
        Assert.That(_connection.Time.GetElapsedTime(start), Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(2)));
    }

    [Test]
    public async Task Acknowledge_MessageThatTheFilterExcludes_IsToldAsNeverSent()
    {
        _filter = ""","filter_subject":"mine" """;

        Assert.That((await AckAsync(3, 3))?.Detail(), Does.Contain("was never sent a message with stream sequence 3"));
    }

    [Test]
    public async Task Acknowledge_NotConfirmedInTime_IsATimeOutAndForgetsTheMark()
    {
        _ack = null;
        var acknowledging = AckAsync(3, 3);
        await Eventually.HoldsAsync(() => Sent.Any(), "sent");

        var error = await _connection.PassesUntilAsync(acknowledging, "the end");

        Assert.That((error?.Kind, _ledger.Find("s", "c")?.Rules), Is.EqualTo((ErrorKind.Timeout, (AckRules?)null)), error?.Detail());
    }

    [Test]
    public async Task Acknowledge_NobodyListens_SaysThatTheConsumerHasNoLeader()
    {
        _ack = FakeNats.NobodyListens;

        Assert.That((await AckAsync(3, 3))?.Detail(), Does.Contain("has no leader at the moment"));
    }

    [Test]
    public async Task Acknowledge_RefusedByAnError_IsToldAndNotTakenForAConfirmation()
    {
        _ack = """{"error":{"code":400,"err_code":10000,"description":"no"}}""";
        Assert.That(await AckAsync(3, 3), Is.Not.Null);

        _ack = """{"stream":"all","seq":1}""";
        Assert.That((await AckAsync(4, 4))?.Detail(), Does.Contain("a stream answered in the consumer's place"));
    }

    [Test]
    public async Task Acknowledge_WithoutAConnection_IsUnavailable()
    {
        await _connection.Server.DisposeAsync();
        await _connection.PassesUntilAsync(() => !_connection.Link.IsOpen, "lost");

        Assert.That((await AckAsync(3, 3))?.Kind, Is.EqualTo(ErrorKind.Unavailable));
    }

    [Test]
    public async Task Prepare_AckPolicyIsAnother_RefusesAll()
    {
        _info = Consumer().Replace("explicit", "all", StringComparison.Ordinal);

        var error = await _acknowledger.PrepareAsync(StreamName.OfExisting("s"), ConsumerName.OfExisting("c"), CancellationToken.None);

        Assert.That(error?.Detail(), Does.Contain("ack policy 'all'"));
    }

    private IEnumerable<string> Sent =>
        _connection.Server.Asked.Where(static subject => subject.StartsWith("$JS.ACK.", StringComparison.Ordinal));

    private string Consumer() =>
        $$$"""{"type":"io.nats.jetstream.api.v1.consumer_info_response","stream_name":"s","name":"c","config":{"ack_policy":"explicit","num_replicas":{{{_replicas}}},"metadata":{"_nats.ver":"2.12.5"}{{{_filter}}}},"delivered":{"consumer_seq":{{{_delivered}}},"stream_seq":{{{_delivered}}}}{{{_more}}}}""";

    private Task<Error?> AckAsync(ulong stream, ulong consumer, AckTimeLimit? timeLimit = null) => _acknowledger.SettleAsync(
        StreamName.OfExisting("s"), ConsumerName.OfExisting("c"), new DeliverySequence(stream, consumer), new Settlement(SettleVerb.Ack),
        timeLimit, CancellationToken.None).AsTask().WaitAsync(Eventually.TimeLimit);
}
