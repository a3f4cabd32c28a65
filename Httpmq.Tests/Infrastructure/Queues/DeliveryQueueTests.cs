using System.Buffers;
using System.IO.Pipelines;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Protocol;
using Httpmq.Infrastructure.Queues;
using Httpmq.Tests.Fuzz;

namespace Httpmq.Tests.Infrastructure.Queues;

/// <summary>What sockets show only after days: the queue's book-keeping, and what a message costs.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class DeliveryQueueTests
{
    private static readonly byte[] Payload = new byte[100];

    [Test]
    public async Task Drain_WhileMessagesArrive_CountsEachByteOnceAndLosesNoWakeUp()
    {
        const int Count = 300_000;
        var queue = new DeliveryQueue(new ByteBudget(long.MaxValue));
        var sink = new CountingSink();
        var writing = Task.Run(() =>
        {
            for (var i = 1; i <= Count; i++)
            {
                queue.TryAdd(
                    "s", "reply", new DeliverySequence((ulong)i, (ulong)i), at: 0, headers: default, new ReadOnlySequence<byte>(Payload));
            }
        });

        while (sink.Count < Count)
        {
            if (queue.Drain(sink, budget: 1) == 0)
            {
                await queue.WaitAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(15));
            }
        }

        await writing;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sink.InOrder, Is.True);
            Assert.That(queue.Bytes, Is.Zero, "what is left in the books of an empty queue ends a healthy subscription one day");
        }
    }

    [Test]
    public void Close_WithMessagesLeft_GivesThemBackInOrderAndTakesNoMore()
    {
        var queue = new DeliveryQueue(new ByteBudget(long.MaxValue));
        for (var i = 1; i <= 5; i++)
        {
            queue.TryAdd(
                "s", $"reply {i}", new DeliverySequence((ulong)i, (ulong)i), at: 0, headers: default, new ReadOnlySequence<byte>(Payload));
        }

        queue.Drain(new CountingSink(), budget: 150);
        var left = queue.Close();
        var taken = queue.TryAdd("s", "late", default, at: 0, headers: default, new ReadOnlySequence<byte>(Payload));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(left.Select(delivery => delivery.ReplyTo), Is.EqualTo(["reply 3", "reply 4", "reply 5"]));
            Assert.That(taken, Is.False);
        }
    }

    [Test]
    public void Close_WhileTheReaderStandsStill_CountsNothingAndGivesBackWhatItHadAlreadyTaken()
    {
        // The reader has swapped all of it in, has read one, and waits for its client.
        var all = new ByteBudget(1000);
        var queue = new DeliveryQueue(all);
        for (var i = 1; i <= 5; i++)
        {
            queue.TryAdd(
                "s", $"reply {i}", new DeliverySequence((ulong)i, (ulong)i), at: 0, headers: default, new ReadOnlySequence<byte>(Payload));
        }

        queue.Drain(new CountingSink(), budget: 1);
        var left = queue.Close();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(left.Select(delivery => delivery.ReplyTo), Is.EqualTo(["reply 2", "reply 3", "reply 4", "reply 5"]));
            Assert.That(all.Used, Is.Zero, "others would be ended for it");
            Assert.That(queue.Drain(new CountingSink(), int.MaxValue), Is.Zero);
        }
    }

    [Test]
    public void Close_WhileTheReaderIsAtWork_LeavesTheRestToTheNextToClose()
    {
        var all = new ByteBudget(1000);
        var queue = new DeliveryQueue(all);
        for (var i = 1; i <= 3; i++)
        {
            queue.TryAdd(
                "s", $"reply {i}", new DeliverySequence((ulong)i, (ulong)i), at: 0, headers: default, new ReadOnlySequence<byte>(Payload));
        }

        var first = new List<QueuedDelivery>();
        queue.Drain(new ActingSink(() => first = queue.Close()), budget: 1);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first, Is.Empty);
            Assert.That(all.Used, Is.Zero);
            Assert.That(
                queue.Close().Select(delivery => (delivery.ReplyTo, delivery.Slab.Length)), Is.EqualTo([("reply 2", 0), ("reply 3", 0)]));
            Assert.That(queue.Close(), Is.Empty);
        }
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Deliver_EachWithAnotherSubject_AllocatesNothing(bool metadata)
    {
        var subjects = Enumerable.Range(0, 25).Select(i => $"orders.{i}.created").ToArray();
        var queue = new DeliveryQueue(new ByteBudget(long.MaxValue));
        var writer = new JsonFrameWriter(new FixedPipeWriter(), "id", "stream", "consumer", new FramingOptions("orders.>", metadata));

        // The arrays have to grow first; 25 at a time is what the shared pool of buffers keeps for sure.
        DeliverAll();
        DeliverAll();

        var before = GC.GetAllocatedBytesForCurrentThread();
        DeliverAll();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.That(allocated, Is.Zero);

        void DeliverAll()
        {
            foreach (var subject in subjects)
            {
                queue.TryAdd(
                    subject,
                    "$JS.ACK.stream.consumer.3.1.2.1700000000000000001.4",
                    new DeliverySequence(1, 2),
                    at: 0,
                    headers: default,
                    new ReadOnlySequence<byte>(Payload));
            }

            queue.Drain(writer, int.MaxValue);
        }
    }

    [Test]
    public void Deliver_WithHeadersInPieces_HandsThemOverBesideThePayloadAndAllocatesNothing()
    {
        var block = "NATS/1.0\r\nA: b\r\nC: d\r\n\r\n"u8.ToArray();
        var headers = Segments.Sequence([block[..12], [], block[12..]]);
        var payload = new ReadOnlySequence<byte>("payload"u8.ToArray());
        var queue = new DeliveryQueue(new ByteBudget(long.MaxValue));
        var sink = new ComparingSink(block);
        DeliverAll();
        DeliverAll();

        var before = GC.GetAllocatedBytesForCurrentThread();
        DeliverAll();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        using (Assert.EnterMultipleScope())
        {
            Assert.That(allocated, Is.Zero);
            Assert.That(sink.Right, Is.EqualTo(75));
            Assert.That(queue.Bytes, Is.Zero);
        }

        void DeliverAll()
        {
            for (var i = 0; i < 25; i++)
            {
                // By turns with and without, so that the one's are not the other's.
                queue.TryAdd("s", "reply", new DeliverySequence(1, 2), at: 0, i % 2 == 0 ? headers : default, payload);
            }

            queue.Drain(sink, int.MaxValue);
        }
    }

    [TestCase("$JS.ACK.stream.consumer.3.22.33.1700000000000000001.4", 3UL, 4UL, 1_700_000_000_000_000_001)]
    [TestCase("$JS.ACK._.hash.stream.consumer.3.22.33.1700000000000000001.4", 3UL, 4UL, 1_700_000_000_000_000_001)]
    [TestCase("$JS.ACK._.hash.stream.consumer.3.22.33.1700000000000000001.4.more", 3UL, 4UL, 1_700_000_000_000_000_001)]
    [TestCase("$JS.ACK.stream", 0UL, 0UL, 0)]
    public void Details_OfAReplySubject_AreItsNumbers(string subject, ulong deliveries, ulong pending, long time) =>
        Assert.That(AckSubjectDetails.Read(subject), Is.EqualTo(new DeliveryDetails(deliveries, pending, time)));

    private sealed class CountingSink : IDeliverySink
    {
        public int Count { get; private set; }

        public bool InOrder { get; private set; } = true;

        public bool WantsDetails => false;

        public int Write(in Delivery delivery)
        {
            InOrder &= delivery.Sequence.Stream == (ulong)++Count;
            return delivery.Payload.Length;
        }
    }

    /// <summary>Counts deliveries with a payload and, every other one, with the headers.</summary>
    private sealed class ComparingSink(byte[] headers) : IDeliverySink
    {
        private int _count;

        public int Right { get; private set; }

        public bool WantsDetails => false;

        public int Write(in Delivery delivery)
        {
            var expected = _count++ % 25 % 2 == 0 ? headers : default;
            Right += delivery.Headers.Block.Span.SequenceEqual(expected) && delivery.Payload.SequenceEqual("payload"u8) ? 1 : 0;
            return delivery.Payload.Length;
        }
    }

    /// <summary>Does something in the middle of it.</summary>
    private sealed class ActingSink(Action act) : IDeliverySink
    {
        public bool WantsDetails => false;

        public int Write(in Delivery delivery)
        {
            act();
            return delivery.Payload.Length;
        }
    }

    /// <summary>Takes everything into the same buffer.</summary>
    private sealed class FixedPipeWriter : PipeWriter
    {
        private readonly byte[] _buffer = new byte[8192];

        public override void Advance(int bytes)
        {
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer;

        public override Span<byte> GetSpan(int sizeHint = 0) => _buffer;

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;
    }
}
