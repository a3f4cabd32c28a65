using System.Text.Json.Nodes;
using Httpmq.Api.Errors;
using Httpmq.Api.Subscriptions;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Application.Consumers;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Access;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Httpmq.Tests.Api.Subscriptions;

/// <summary>From a source to an answer, without either: what is written when, and why it ends.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SubscriptionPumpTests : IDisposable
{
    private static readonly Error Gone = ConsumerErrors.NotFound(
        Httpmq.Domain.Naming.StreamName.OfExisting("s"), Httpmq.Domain.Naming.ConsumerName.OfExisting("c"));

    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly FakeExchange _exchange = new();
    private readonly FakeSource _source = new();
    private readonly SubscriptionPump _pump;
    private readonly Task<PumpEnd> _running;

    public SubscriptionPumpTests()
    {
        var framing = Framings.Create(new FramingOptions(), _exchange.Http.Response.BodyWriter, "id", "s", "c");
        _pump = new SubscriptionPump(
            _exchange.Http,
            _source,
            new Subscriber(
                _exchange.Http.Response.BodyWriter, new Signed(framing, _exchange.Http.Response.BodyWriter), _exchange.Http.RequestAborted),
            _time,
            _stopping.Token);
        _running = _pump.RunAsync();
    }

    public void Dispose()
    {
        _exchange.Dispose();
        _stopping.Dispose();
    }

    [Test]
    public async Task Run_NothingToDeliver_SaysAtOnceThatItIsOpen()
    {
        Assert.That(await _exchange.ReadLineAsync(), Is.EqualTo("open"));
        Assert.That((_running.IsCompleted, _pump.Deliveries), Is.EqualTo((false, 0)));
    }

    [Test]
    public async Task Run_Deliveries_AreWrittenInOrderAndCounted()
    {
        await _exchange.ReadLineAsync();
        _source.Add(1, 2, 3);

        for (var sequence = 1; sequence <= 3; sequence++)
        {
            Assert.That((int)JsonNode.Parse(await _exchange.ReadLineAsync())!["sequence"]!["stream"]!, Is.EqualTo(sequence));
        }

        await Eventually.HoldsAsync(() => _pump.Deliveries == 3, "3 deliveries");
    }

    [Test]
    public async Task Run_ClientReadsNothing_CountsHowLongAndStopsCountingWhenItReads()
    {
        _source.Add(1, 2, 3);
        await Eventually.HoldsAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return _pump.Stalled >= TimeSpan.FromSeconds(10);
            },
            "10 s without reading");

        for (var line = 0; line < 4; line++)
        {
            await _exchange.ReadLineAsync();
        }

        await Eventually.HoldsAsync(() => _pump.Stalled == TimeSpan.Zero, "nothing waits");
    }

    [Test]
    public async Task Run_CutOffWhileItWaitsForTheClient_EndsWithoutALastLine()
    {
        _source.Add(1, 2, 3);
        await Eventually.HoldsAsync(() => _source.Drained == 3, "deliveries that nobody reads");

        _pump.Abort();

        Assert.That(await EndAsync(), Is.EqualTo(PumpEnd.ClientGone));
        Assert.That(_exchange.IsAborted, Is.True);
    }

    [Test]
    public async Task Run_ClientLeavesWhileNothingComes_Ends()
    {
        await _exchange.ReadLineAsync();

        _exchange.Leave();

        Assert.That(await EndAsync(), Is.EqualTo(PumpEnd.ClientGone));
    }

    [Test]
    public async Task Run_GatewayStops_SaysSoInTheLastLine()
    {
        await _exchange.ReadLineAsync();

        await _stopping.CancelAsync();

        Assert.That((string)JsonNode.Parse(await _exchange.ReadLineAsync())!["error"]!["message"]!, Is.EqualTo("Server stopping"));
        Assert.That(await EndAsync(), Is.EqualTo(PumpEnd.Stopping));
    }

    [Test]
    public async Task Run_SourceEnds_WritesWhatWasReceivedBeforeAndThenWhy()
    {
        await _exchange.ReadLineAsync();
        _source.Add(1, 2);
        _source.EndWith(Gone);
        Assert.That(_pump.IsEnding, Is.True);

        Assert.That((int)JsonNode.Parse(await _exchange.ReadLineAsync())!["sequence"]!["stream"]!, Is.EqualTo(1));
        Assert.That((int)JsonNode.Parse(await _exchange.ReadLineAsync())!["sequence"]!["stream"]!, Is.EqualTo(2));
        Assert.That((string)JsonNode.Parse(await _exchange.ReadLineAsync())!["error"]!["message"]!, Is.EqualTo(Gone.Message()));
        Assert.That(await EndAsync(), Is.EqualTo(PumpEnd.SourceEnded));
    }

    [Test]
    public async Task Run_Heartbeat_ComesWhenNothingElseCameForItsTime()
    {
        using var exchange = new FakeExchange();
        var source = new FakeSource();
        var options = new FramingOptions { Shape = FrameShape.NdJson };
        var framing = Framings.Create(options, exchange.Http.Response.BodyWriter, "id", "s", "c");
        var subscriber = new Subscriber(exchange.Http.Response.BodyWriter, framing, exchange.Http.RequestAborted)
        {
            Heartbeat = TimeSpan.FromSeconds(15),
        };
        var running = new SubscriptionPump(exchange.Http, source, subscriber, _time, _stopping.Token).RunAsync();
        Assert.That(await ReadAsync("event"), Is.EqualTo("open"));

        _time.Advance(TimeSpan.FromSeconds(14));
        source.Add(1);
        Assert.That(await ReadAsync("b64_msg"), Is.EqualTo("aGk="), "and no sign of life before");
        _time.Advance(TimeSpan.FromSeconds(14));
        source.Add(2);
        Assert.That(await ReadAsync("b64_msg"), Is.EqualTo("aGk="), "the time begins anew with each message");
        _time.Advance(TimeSpan.FromSeconds(15));
        Assert.That(await ReadAsync("event"), Is.EqualTo("keepalive"));
        _time.Advance(TimeSpan.FromSeconds(15));
        Assert.That(await ReadAsync("event"), Is.EqualTo("keepalive"), "and with each sign of life");

        exchange.Leave();
        Assert.That(await running.WaitAsync(Eventually.TimeLimit), Is.EqualTo(PumpEnd.ClientGone));

        async Task<string?> ReadAsync(string member) => (string?)JsonNode.Parse(await exchange.ReadLineAsync())![member];
    }

    [TestCase(true, "the token or client certificate has expired; begin again with a new one")]
    [TestCase(false, "the key or its rights have changed since this began; begin again")]
    public async Task Run_AccessEnds_EndsAndSaysWhy(bool expires, string reason)
    {
        using var exchange = new FakeExchange();
        using var ending = new CancellationTokenSource();
        var caller = Caller.Anonymous with { Expires = expires ? _time.GetUtcNow().AddMinutes(1) : null, Ended = ending.Token };
        exchange.Http.Features.Set(caller);
        var framing = Framings.Create(
            new FramingOptions { Shape = FrameShape.NdJson }, exchange.Http.Response.BodyWriter, "id", "s", "c");
        var subscriber = new Subscriber(exchange.Http.Response.BodyWriter, framing, exchange.Http.RequestAborted);
        var pump = new SubscriptionPump(exchange.Http, new FakeSource(), subscriber, _time, _stopping.Token);
        var running = pump.RunAsync();
        Assert.That(await exchange.ReadLineAsync(), Does.Contain("open"));
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.That(running.IsCompleted, Is.False);

        if (expires)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
        }
        else
        {
            await ending.CancelAsync();
        }

        Assert.That(await exchange.ReadLineAsync(), Does.Contain($"\"detail\":\"{reason}\",\"type\":\"unauthenticated\""));
        Assert.That(await running, Is.EqualTo(PumpEnd.Refused));
    }

    [Test]
    public async Task Run_GatewayStopsWhileTheClientGoesOnAsking_EndsAllTheSame()
    {
        using var exchange = new FakeExchange();
        using var asking = new CancellationTokenSource();
        var source = new FakeSource();
        using var inbox = new SubscriberInbox(source, new DeliveryCredit(null));
        var framing = Framings.Create(
            new FramingOptions { Shape = FrameShape.NdJson }, exchange.Http.Response.BodyWriter, "id", "s", "c");
        var subscriber = new Subscriber(exchange.Http.Response.BodyWriter, framing, exchange.Http.RequestAborted) { Inbox = inbox };
        var running = new SubscriptionPump(exchange.Http, source, subscriber, _time, _stopping.Token).RunAsync();
        var flood = Task.Run(async () =>
        {
            while (!asking.IsCancellationRequested)
            {
                await inbox.StartAsync(() => Task.FromResult("{\"event\":\"settled\"}"u8.ToArray()), 1, null, CancellationToken.None);
                await Task.Yield();
            }
        });
        while ((string?)JsonNode.Parse(await exchange.ReadLineAsync())!["event"] is not "settled")
        {
            // The flood has begun.
        }

        await _stopping.CancelAsync();

        // So many may have been begun; that many again is a loop.
        var lines = 0;
        while (JsonNode.Parse(await exchange.ReadLineAsync())!["error"] is null)
        {
            Assert.That(++lines, Is.LessThan(10_000), "it ends although the client goes on asking");
        }

        Assert.That(await running.WaitAsync(Eventually.TimeLimit), Is.EqualTo(PumpEnd.Stopping));
        await asking.CancelAsync();
        await flood;
    }

    private Task<PumpEnd> EndAsync() => _running.WaitAsync(Eventually.TimeLimit);

    /// <summary>A framing that says when it opens.</summary>
    private sealed class Signed(IFraming framing, System.IO.Pipelines.PipeWriter output) : IFraming
    {
        public string ContentType => framing.ContentType;

        public string CacheControl => framing.CacheControl;

        public long Bytes => framing.Bytes;

        public bool WantsDetails => framing.WantsDetails;

        public void WriteOpen()
        {
            "open\n"u8.CopyTo(output.GetSpan(5));
            output.Advance(5);
        }

        public void WriteKeepAlive(DateTimeOffset now) => framing.WriteKeepAlive(now);

        public void WriteEvent(ReadOnlySpan<byte> json) => framing.WriteEvent(json);

        public void WriteEnd(Error error) => framing.WriteEnd(error);

        public int Write(in Delivery delivery) => framing.Write(delivery);
    }

    /// <summary>Deliveries as a test adds them.</summary>
    private sealed class FakeSource : IDeliverySource
    {
        private readonly Queue<ulong> _ready = new();
        private readonly SemaphoreSlim _signal = new(0);
        private volatile Error? _end;
        private int _drained;

        public string Stream => "s";

        public string Consumer => "c";

        public Error? End => _end;

        public int Drained => Volatile.Read(ref _drained);

        public void Add(params ulong[] sequences)
        {
            lock (_ready)
            {
                Array.ForEach(sequences, _ready.Enqueue);
            }

            Wake();
        }

        public void EndWith(Error error)
        {
            _end = error;
            Wake();
        }

        public async ValueTask WaitAsync(bool held = false) => await _signal.WaitAsync();

        public void Wake() => _signal.Release();

        public int Drain(IDeliverySink sink, int budget)
        {
            lock (_ready)
            {
                var count = 0;
                while (_ready.TryDequeue(out var sequence))
                {
                    sink.Write(new Delivery("s", new DeliverySequence(sequence, sequence), "hi"u8, default));
                    count++;
                }

                _drained += count;
                return count;
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
