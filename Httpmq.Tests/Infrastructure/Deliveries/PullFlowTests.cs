using System.Buffers;
using System.Text;
using System.Text.Json;
using Httpmq.Api.Errors;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Deliveries;
using Httpmq.Infrastructure.Protocol;
using Httpmq.Tests.Application;
using Microsoft.Extensions.Time.Testing;

namespace Httpmq.Tests.Infrastructure.Deliveries;

/// <summary>When a pull consumer is asked, and for how much, without a server and by a clock of our own.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class PullFlowTests
{
    private const int Ahead = 10;

    private readonly FakeTimeProvider _time = new();
    private readonly RecordingSource _source = new();
    private readonly PullFlow _flow;

    public PullFlowTests() => _flow = Flow(credit: null);

    [Test]
    public void Start_Asks_ForAllThatMayBeAhead()
    {
        _flow.Start();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(_source.Sent.Single().Subject, Is.EqualTo("$JS.API.CONSUMER.MSG.NEXT.s.c"));
            Assert.That(_source.Sent.Single().ReplyTo, Is.EqualTo("inbox"));

            // Short heartbeats until the server has shown that it keeps the request.
            Assert.That(_source.Asked, Is.EqualTo([(Ahead, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(1))]));
        }
    }

    [Test]
    public void OnDrained_HalfOfItIsFree_AsksForWhatIsFree()
    {
        _flow.Start();
        Receive(4);
        _flow.OnDrained(4);
        Assert.That(_source.Batches, Is.EqualTo([Ahead]), "4 of 10 are not worth a request");

        Receive(1);
        _flow.OnDrained(1);

        Assert.That(_source.Batches, Is.EqualTo([Ahead, 5]));
    }

    [Test]
    public void Start_WithCredit_AsksForNoMoreThanThat()
    {
        var credit = new DeliveryCredit(0);
        var flow = Flow(credit);

        flow.Start();
        Assert.That(_source.Batches, Is.Empty);

        credit.Add(3);
        Assert.That(_source.Batches, Is.EqualTo([3]));

        credit.Add(100);
        Assert.That(_source.Batches, Is.EqualTo([3, Ahead - 3]), "as far ahead as agreed");
    }

    [Test]
    public void OnDrained_CreditIsUsedUp_AsksWhenThereIsMore()
    {
        var credit = new DeliveryCredit(2);
        var flow = Flow(credit);
        flow.Start();
        flow.OnMessage();
        flow.OnMessage();
        flow.OnStatus(NatsStatus.RequestTimeout, replyTo: null, Headers("408 Request Timeout\r\nNats-Pending-Messages: 0"));
        Assert.That(_source.Batches, Is.EqualTo([2]), "both wait for the subscriber, who has credit for no third");

        credit.Use();
        credit.Use();
        flow.OnDrained(2);
        Assert.That(_source.Batches, Is.EqualTo([2]));

        credit.Add(1);
        Assert.That(_source.Batches, Is.EqualTo([2, 1]));
    }

    [Test]
    public void Refresh_NothingIsAskedFor_DoesNotWaitForHeartbeats()
    {
        var credit = new DeliveryCredit(1);
        var flow = Flow(credit);
        flow.Start();
        flow.OnMessage();
        credit.Use();
        flow.OnDrained(1);

        _time.Advance(TimeSpan.FromSeconds(20));
        flow.Refresh(reconnected: false);
        Assert.That(_source.Checks, Is.Zero);

        _time.Advance(TimeSpan.FromMilliseconds(1));
        flow.Refresh(reconnected: false);
        Assert.That((_source.Checks, _source.Sent.Count), Is.EqualTo((1, 1)), "whether the consumer is still there");
    }

    [Test]
    public void OnMessage_SubscriberTakesNone_AsksForNoMore()
    {
        _flow.Start();
        Receive(Ahead);
        _flow.OnStatus(NatsStatus.RequestTimeout, replyTo: null, Headers("408 Request Timeout"));

        Assert.That(_source.Batches, Is.EqualTo([Ahead]));
    }

    [Test]
    public void OnStatus_RequestIsOver_AsksForWhatTheServerLeft()
    {
        _flow.Start();
        Receive(3);
        _flow.OnDrained(3);

        _flow.OnStatus(
            NatsStatus.RequestTimeout, replyTo: null, Headers("408 Request Timeout\r\nNats-Pending-Messages: 7\r\nNats-Pending-Bytes: 0"));

        Assert.That(_source.Asked[^1], Is.EqualTo(
            (Ahead, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(10))), "it is known now that requests are kept");
    }

    [Test]
    public void OnStatus_RefusedAgainAndAgain_AsksAfterPausesThatGrow()
    {
        _flow.Start();
        foreach (var pause in (int[])[100, 200, 400])
        {
            _flow.OnStatus(NatsStatus.Conflict, replyTo: null, Headers("409 Exceeded MaxWaiting"));
            var before = _source.Sent.Count;

            _time.Advance(TimeSpan.FromMilliseconds(pause - 1));
            Assert.That(_source.Sent, Has.Count.EqualTo(before), $"{pause} ms are not over");
            _time.Advance(TimeSpan.FromMilliseconds(1));

            Assert.That(() => _source.Sent.Count, Is.EqualTo(before + 1).After(5000, 5));
        }
    }

    [Test]
    public void OnStatus_NobodyAnswers_LooksForTheConsumer()
    {
        _flow.Start();

        _flow.OnStatus(NatsStatus.NoResponders, replyTo: null, Headers("503"));

        Assert.That((_source.Checks, _source.Sent.Count), Is.EqualTo((1, 1)));
    }

    [Test]
    public void Refresh_TwoSignsOfLifeMissing_AsksAgainAndLooks()
    {
        _flow.Start();
        _time.Advance(TimeSpan.FromSeconds(2));
        _flow.Refresh(reconnected: false);
        Assert.That(_source.Sent, Has.Count.EqualTo(1));

        _time.Advance(TimeSpan.FromMilliseconds(1));
        _flow.Refresh(reconnected: false);

        Assert.That((_source.Batches[^1], _source.Sent.Count, _source.Checks), Is.EqualTo((Ahead, 2, 1)));
    }

    [Test]
    public void Refresh_HeartbeatsCome_AsksNothing()
    {
        _flow.Start();
        for (var seconds = 0; seconds < 10; seconds++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            _flow.OnStatus(NatsStatus.Control, replyTo: null, Headers("100 Idle Heartbeat"));
            _flow.Refresh(reconnected: false);
        }

        Assert.That(_source.Sent, Has.Count.EqualTo(1));
    }

    [Test]
    public void Refresh_Reconnected_AsksAgainWithoutALook()
    {
        _flow.Start();

        _flow.Refresh(reconnected: true);

        Assert.That((_source.Sent.Count, _source.Checks), Is.EqualTo((2, 0)));
    }

    [Test]
    public void OnStatus_ConsumerTakesSmallerBatches_AsksForHalfUntilItDoes()
    {
        _flow.Start();

        for (var refusals = 0; refusals < 3; refusals++)
        {
            _flow.OnStatus(NatsStatus.Conflict, replyTo: null, Headers("409 Exceeded MaxRequestBatch of 1"));
        }

        Assert.That(_source.Batches, Is.EqualTo([10, 5, 2, 1]));

        _flow.OnStatus(NatsStatus.Conflict, replyTo: null, Headers("409 Exceeded MaxRequestBatch of 0"));

        Assert.That(_source.End?.Detail(), Does.Contain("refused to be asked"));
    }

    [Test]
    public void OnStatus_ConsumerTakesShorterRequests_AsksForHalfTheTime()
    {
        _flow.Start();

        _flow.OnStatus(NatsStatus.Conflict, replyTo: null, Headers("409 Exceeded MaxRequestExpires of 5s"));

        Assert.That(_source.Asked[^1].Expires, Is.EqualTo(TimeSpan.FromSeconds(30)));
    }

    [TestCase(NatsStatus.Conflict, "409 Consumer Deleted", ErrorKind.NotFound)]
    [TestCase(NatsStatus.Conflict, "409 Consumer is push based", ErrorKind.Conflict)]
    [TestCase(NatsStatus.BadRequest, "400 Bad Request", ErrorKind.Conflict)]
    public void OnStatus_ConsumerIsNoMoreToBeAsked_Ends(int status, string headers, ErrorKind kind)
    {
        _flow.Start();

        _flow.OnStatus(status, replyTo: null, Headers(headers));

        Assert.That(_source.End?.Kind, Is.EqualTo(kind));
    }

    [Test]
    public void Ask_SourceIsOverOrNotConnected_SendsNothing()
    {
        _source.IsConnected = false;
        _flow.Start();
        _source.IsConnected = true;
        _source.Finish(SubscriptionErrors.NoStream);
        _flow.Refresh(reconnected: true);

        Assert.That(_source.Sent, Is.Empty);
    }

    private PullFlow Flow(DeliveryCredit? credit) => new(
        _source,
        Samples.Info(deliverSubject: ""),
        Ahead,
        credit,
        new NatsOptions { PullExpires = TimeSpan.FromSeconds(60) },
        _time,
        CancellationToken.None);

    private static ReadOnlySequence<byte> Headers(string text) => new(Encoding.ASCII.GetBytes($"NATS/1.0 {text}\r\n\r\n"));

    private void Receive(int count)
    {
        for (var index = 0; index < count; index++)
        {
            _flow.OnMessage();
        }
    }
}
