using System.Buffers;
using System.IO.Pipelines;
using Httpmq.Api.Streaming;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.JetStream;
using Httpmq.Infrastructure.JetStream.Deliveries;

namespace Httpmq.Tests.Subscriptions;

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
                queue.TryAdd("s", "reply", new DeliverySequence((ulong)i, (ulong)i), new ReadOnlySequence<byte>(Payload));
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
            queue.TryAdd("s", $"reply {i}", new DeliverySequence((ulong)i, (ulong)i), new ReadOnlySequence<byte>(Payload));
        }

        queue.Drain(new CountingSink(), budget: 150);
        var left = queue.Close();
        var taken = queue.TryAdd("s", "late", default, new ReadOnlySequence<byte>(Payload));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(left.Select(delivery => delivery.ReplyTo), Is.EqualTo(["reply 3", "reply 4", "reply 5"]));
            Assert.That(taken, Is.False);
        }
    }

    [Test]
    public void Deliver_EachWithAnotherSubject_AllocatesNothing()
    {
        var subjects = Enumerable.Range(0, 25).Select(i => $"orders.{i}.created").ToArray();
        var queue = new DeliveryQueue(new ByteBudget(long.MaxValue));
        var writer = new LineFrameWriter(new FixedPipeWriter(), "id", "stream", "consumer");

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
                queue.TryAdd(subject, "reply", new DeliverySequence(1, 2), new ReadOnlySequence<byte>(Payload));
            }

            queue.Drain(writer, int.MaxValue);
        }
    }

    [TestCase("$JS.ACK.stream.consumer.1.22.33.1700000000000000001.4", 1_700_000_000_000_000_001)]
    [TestCase("$JS.ACK._.hash.stream.consumer.1.22.33.1700000000000000001.4", 1_700_000_000_000_000_001)]
    [TestCase("$JS.ACK.stream", null)]
    public void SentAt_ReplySubjectOfADelivery_IsItsTime(string subject, long? expected) =>
        Assert.That(AckSubject.SentAt(subject), Is.EqualTo(expected));

    private sealed class CountingSink : IDeliverySink
    {
        public int Count { get; private set; }

        public bool InOrder { get; private set; } = true;

        public int Write(string subject, DeliverySequence sequence, ReadOnlySpan<byte> payload)
        {
            InOrder &= sequence.Stream == (ulong)++Count;
            return payload.Length;
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
