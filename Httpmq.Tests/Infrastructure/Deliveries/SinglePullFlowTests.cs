using System.Buffers;
using System.Text;
using System.Text.Json;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Deliveries;
using Httpmq.Infrastructure.Protocol;
using Httpmq.Tests.Application;
using Microsoft.Extensions.Time.Testing;

namespace Httpmq.Tests.Infrastructure.Deliveries;

/// <summary>What one pull asks for, and when it is over, without a server and by a clock of our own.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SinglePullFlowTests
{
    private const int MaxPayload = 1024 * 1024;

    private readonly FakeTimeProvider _time = new();
    private readonly RecordingSource _source = new();

    private SinglePullRequest Last => JsonSerializer.Deserialize(_source.Sent[^1].Payload, BriefJson.Default.SinglePullRequest)!;

    [Test]
    public void Start_NothingNamed_SendsTheDefaultsAndNothingElse()
    {
        Open(new PullOptions()).Start();

        Assert.That(_source.Sent.Single().Subject, Is.EqualTo("$JS.API.CONSUMER.MSG.NEXT.s.c"));
        Assert.That(Encoding.UTF8.GetString(_source.Sent.Single().Payload), Is.EqualTo(
            """{"batch":1,"expires":5000000000,"max_bytes":8388608,"idle_heartbeat":1250000000}"""));
    }

    [Test]
    public void Start_NoWaitWithoutATime_WaitsForNothing()
    {
        Open(new PullOptions { NoWait = true }).Start();

        Assert.That(Encoding.UTF8.GetString(_source.Sent.Single().Payload), Is.EqualTo(
            """{"batch":1,"no_wait":true,"max_bytes":8388608}"""));
    }

    [Test]
    public void Start_MoreBytesThanMayWait_AsksForThose()
    {
        var options = new NatsOptions { MaxPendingBytes = 1_000_000 };

        new SinglePullFlow(_source, Samples.Info(deliverSubject: ""), new PullOptions { Batch = 100 }, MaxPayload, options, _time).Start();

        Assert.That(Last.MaxBytes, Is.EqualTo(1_000_000 - (100 * 256)));
    }

    [Test]
    public void Start_MessagesMayBeLargerThanTheDefault_AsksForOne()
    {
        new SinglePullFlow(_source, Samples.Info(deliverSubject: ""), new PullOptions(), 64 * MaxPayload, new NatsOptions(), _time).Start();

        Assert.That(Last.MaxBytes, Is.GreaterThan(64 * MaxPayload));
    }

    [Test]
    public async Task OnQueued_All_IsOver()
    {
        var flow = Open(new PullOptions { Batch = 2 });
        flow.OnQueued();
        Assert.That(flow.Over.IsCompleted, Is.False);

        flow.OnQueued();

        Assert.That(await OverAsync(flow), Is.True);
    }

    [TestCase("404 No Messages")]
    [TestCase("408 Request Timeout")]
    [TestCase("408 Requests Pending")]
    [TestCase("409 Batch Completed")]
    public void OnStatus_ServerIsDone_IsOverWithoutAnError(string status)
    {
        var flow = Receive(status);

        Assert.That((flow.Over.IsCompleted, _source.End), Is.EqualTo((true, (object?)null)));
    }

    [TestCase("400 Bad Request - Priority Group missing", "pull-invalid")]
    [TestCase("409 Message Size Exceeds MaxBytes", "pull-max-bytes-too-small")]
    [TestCase("409 Consumer Deleted", "consumer-deleted")]
    [TestCase("409 Consumer is push based", "consumer-became-push")]
    [TestCase("409 Exceeded MaxRequestBatch of 10", "pull-refused")]
    [TestCase("409 Exceeded MaxWaiting", "too-many-pulls")]
    [TestCase("409 Leadership Change", "pull-interrupted")]
    [TestCase("409 Server Shutdown", "pull-interrupted")]
    [TestCase("423 Nats-Wrong-Pin-Id", "pull-wrong-pin")]
    [TestCase("503", "consumer-without-leader")]
    [TestCase("599 What is this", "pull-interrupted")]
    public void OnStatus_ServerRefuses_EndsWithTheReason(string status, string type)
    {
        Receive(status);

        Assert.That(_source.End!.Type.Slug, Is.EqualTo(type));
    }

    [Test]
    public void OnStatus_LimitsOfTheConsumer_AreKeptWhereTheClientNamedNone()
    {
        var flow = Open(new PullOptions());
        flow.Start();
        Tell(flow, "409 Exceeded MaxRequestMaxBytes of 1000");
        Tell(flow, "409 Exceeded MaxRequestExpires of 2s");
        Tell(flow, "409 Exceeded MaxRequestExpires of 2s");

        Assert.That((Last.MaxBytes, Last.Expires, _source.End), Is.EqualTo((1000L, 1_250_000_000L, (object?)null)));
    }

    [TestCase("409 Exceeded MaxRequestMaxBytes of 1000")]
    [TestCase("409 Exceeded MaxRequestExpires of 2s")]
    public void OnStatus_LimitsOfTheConsumer_RefuseWhatTheClientNamed(string status)
    {
        var flow = Open(new PullOptions { Expires = 5_000_000_000, MaxBytes = 2000 });
        flow.Start();

        Tell(flow, status);

        Assert.That((_source.End!.Type.Slug, _source.Sent.Count), Is.EqualTo(("pull-refused", 1)));
    }

    [Test]
    public void OnStatus_TheSameLimitForEver_EndsIt()
    {
        var flow = Open(new PullOptions());
        flow.Start();
        for (var round = 0; round < 100 && _source.End is null; round++)
        {
            Tell(flow, "409 Exceeded MaxRequestExpires of 1ns");
            Tell(flow, "409 Exceeded MaxRequestMaxBytes of 99999999999999999999");
        }

        Assert.That((_source.End!.Type.Slug, _source.Sent.Count), Is.EqualTo(("pull-refused", 1)).Or.EqualTo(("pull-refused", 2)));
    }

    [Test]
    public void Refresh_HeartbeatsStayAway_EndsIt()
    {
        var flow = Open(new PullOptions { Expires = 60_000_000_000 });
        flow.Start();
        _time.Advance(TimeSpan.FromSeconds(10));
        Tell(flow, "100 Idle Heartbeat");
        _time.Advance(TimeSpan.FromSeconds(10));
        flow.Refresh(reconnected: false);
        Assert.That(_source.End, Is.Null);

        _time.Advance(TimeSpan.FromSeconds(5));
        flow.Refresh(reconnected: false);

        Assert.That(_source.End!.Type.Slug, Is.EqualTo("pull-unanswered"));
    }

    [Test]
    public async Task Refresh_TimeIsOverAndTheServerSaysNothing_GoesOnWithoutIt()
    {
        var flow = Open(new PullOptions { Expires = 1_000_000_000 });
        flow.Start();
        _time.Advance(TimeSpan.FromSeconds(4));

        flow.Refresh(reconnected: false);

        Assert.That((await OverAsync(flow), _source.End), Is.EqualTo((false, (object?)null)));
    }

    [TestCase(true, true)]
    [TestCase(false, false)]
    public void Refresh_ConnectionWasLost_EndsIt(bool reconnected, bool connected)
    {
        var flow = Open(new PullOptions());
        flow.Start();
        _source.IsConnected = connected;

        flow.Refresh(reconnected);

        Assert.That(_source.End!.Type.Slug, Is.EqualTo("pull-interrupted"));
    }

    [Test]
    public async Task OnQueued_HalfOfTheAckWaitPasses_GoesOnWithWhatIsHere()
    {
        var flow = Open(new PullOptions { Batch = 10, Expires = 60_000_000_000 }, ackWait: 10_000_000_000);
        flow.Start();
        _time.Advance(TimeSpan.FromSeconds(20));
        flow.OnQueued();
        _time.Advance(TimeSpan.FromSeconds(4));
        flow.OnQueued();
        Assert.That(flow.Over.IsCompleted, Is.False);

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(await OverAsync(flow), Is.False);
    }

    /// <summary>JetStream answers such a pull when the client acknowledges something, which may be never.</summary>
    [TestCase(2, null, false, true)]
    [TestCase(1, null, false, false)]
    [TestCase(0, null, true, true)]
    [TestCase(2, 10_000_000_000, false, false)]
    public async Task Wait_NoWaitAndNoAnswer_IsOverWhereTheConsumerMayDeliverNothing(
        int pending, long? expires, bool isPaused, bool isOver)
    {
        var flow = Open(new PullOptions { Batch = 5, NoWait = true, Expires = expires });
        flow.Start();
        var info = Samples.Info(deliverSubject: "");
        info = info with { NumAckPending = pending, Paused = isPaused, Config = info.Config with { MaxAckPending = 2 } };
        var asked = 0;
        var pull = new SilentPull(flow, _ => Task.FromResult<ConsumerInfo?>(asked++ < 3 ? info : null), _time);

        var waiting = pull.WaitAsync(CancellationToken.None);
        for (var step = 0; step < 6 && !waiting.IsCompleted; step++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(250));
        }

        Assert.That((waiting.IsCompleted, flow.Over.IsCompleted), Is.EqualTo((isOver, false)));
        flow.OnFinished();
        Assert.That(await waiting.WaitAsync(TimeSpan.FromSeconds(5), TimeProvider.System), Is.EqualTo(!isOver));
    }

    private SinglePullFlow Open(PullOptions options, long ackWait = ConsumerConfig.DefaultAckWait)
    {
        var info = Samples.Info(deliverSubject: "");
        return new SinglePullFlow(
            _source, info with { Config = info.Config with { AckWait = ackWait } }, options, MaxPayload, new NatsOptions(), _time);
    }

    private static Task<bool> OverAsync(SinglePullFlow flow) => flow.Over.WaitAsync(TimeSpan.FromSeconds(5), TimeProvider.System);

    private SinglePullFlow Receive(string status)
    {
        var flow = Open(new PullOptions { Batch = 20, Expires = 5_000_000_000, MaxBytes = 1000 });
        flow.Start();
        Tell(flow, status);
        return flow;
    }

    private static void Tell(SinglePullFlow flow, string status) => flow.OnStatus(
        int.Parse(status[..3], System.Globalization.CultureInfo.InvariantCulture),
        replyTo: null,
        new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes($"NATS/1.0 {status}\r\n\r\n")));
}
