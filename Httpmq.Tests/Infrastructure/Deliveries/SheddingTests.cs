using System.Buffers;
using Httpmq.Api.Errors;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Deliveries;
using Httpmq.Infrastructure.Ledger;
using Httpmq.Tests.Application;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Moq;

namespace Httpmq.Tests.Infrastructure.Deliveries;

/// <summary>Who goes when more waits than may, and what becomes of what waited; without a server.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SheddingTests : IAsyncDisposable
{
    // The queue counts 256 bytes beside each message.
    private const int Message = 1000;
    private const int Counted = Message + 256;

    private readonly FakeTimeProvider _time = new();
    private readonly OpenSources _open = new();
    private readonly DeliveryLink _link;
    private readonly SourceContext _context;

    public SheddingTests()
    {
        var options = new NatsOptions { Url = "nats://127.0.0.1:1", MaxPendingBytes = 4 * Counted, MaxTotalPendingBytes = 6 * Counted };
        var logger = NullLogger.Instance;
        _link = new DeliveryLink(options, Mock.Of<IHostApplicationLifetime>(), _time, NullLoggerFactory.Instance);
        _context = new SourceContext(
            _link,
            new BackgroundSender(_link, logger),
            options,
            new ConsumerLedger(_time),
            NoMetrics.Create(),
            _time,
            logger,
            new Shedding(options.MaxTotalPendingBytes, _open, logger),
            _open.Remove,
            static _ => { },
            static _ => { },
            CancellationToken.None);
    }

    public ValueTask DisposeAsync() => _link.DisposeAsync();

    [Test]
    public void OnDelivery_MoreThanOneMayHave_EndsIt()
    {
        var source = Open();
        Deliver(source, 4);
        Assert.That(source.End, Is.Null);

        Deliver(source, 1);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(source.End?.Kind, Is.EqualTo(ErrorKind.TooMany));
            Assert.That(source.End?.Detail(), Does.Contain($"{5 * Counted} bytes wait for it"));
            Assert.That(source.PendingBytes, Is.EqualTo(5 * Counted), "it is still there to be read");
        }
    }

    [Test]
    public void OnDelivery_MoreThanAllMayHave_EndsTheSlowestAndLetsGoOfWhatWaitsForIt()
    {
        var (slowest, others) = (Open(), new[] { Open(), Open() });
        Deliver(slowest, 4);
        Deliver(others[0], 2);
        Assert.That(slowest.End, Is.Null);

        Deliver(others[1], 1);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(slowest.End?.Detail(), Does.Contain("limits.max_total_pending_bytes"));
            Assert.That(slowest.PendingBytes, Is.Zero);
            Assert.That(others.Select(other => other.End), Has.All.Null);
            Assert.That(_context.Shedding.Pending.Used, Is.EqualTo(3 * Counted));
        }
    }

    [Test]
    public void OnDelivery_TheOneWithMostHasEnded_IsItThatGoes()
    {
        var (ended, other) = (Open(), Open());
        Deliver(ended, 4);
        ended.Finish(SubscriptionErrors.Deleted);

        Deliver(other, 3);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(ended.End?.Detail(), Is.EqualTo("the consumer was deleted"), "the first reason stays");
            Assert.That(ended.PendingBytes, Is.Zero);
            Assert.That(other.End, Is.Null);
        }
    }

    [Test]
    public void Drain_SubscriberReads_MakesRoomForAll()
    {
        var (one, other) = (Open(), Open());
        Deliver(one, 4);
        one.Drain(new IgnoringSink(), int.MaxValue);

        Deliver(other, 4);
        Deliver(one, 2);

        Assert.That((one.End, other.End), Is.EqualTo(((Error?)null, (Error?)null)));
    }

    private static void Deliver(DeliverySource source, int count)
    {
        for (var index = 0; index < count; index++)
        {
            source.OnDelivery(
                "s", "$JS.ACK.s.c.1.1.1.0.0", new DeliverySequence(1, 1), default, new ReadOnlySequence<byte>(new byte[Message]));
        }
    }

    private static ConsumerInfo Info { get; } = Samples.Info(deliverSubject: "");

    private DeliverySource Open()
    {
        var source = new DeliverySource(_context, Info, flow => new PullFlow(
            flow, Info, maxInflight: 100, credit: null, _context.Options, _context.Time, _context.Stopping));
        _open.Add(source);
        return source;
    }

    private sealed class IgnoringSink : IDeliverySink
    {
        public bool WantsDetails => false;

        public int Write(in Delivery delivery) => 1;
    }
}
