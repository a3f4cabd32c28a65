using System.Buffers;
using BenchmarkDotNet.Attributes;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Queues;

namespace Httpmq.MicroBench;

/// <summary>Per delivery: into the queue and out of it, in bursts as they come from the connection.</summary>
public class DeliveryQueueBenchmarks
{
    private const int Burst = 100;

    private readonly DeliveryQueue _queue = new(new ByteBudget(long.MaxValue));
    private readonly ReadOnlySequence<byte> _message = new(new byte[16]);
    private readonly IgnoringSink _sink = new();

    [Benchmark(OperationsPerInvoke = Burst)]
    public int AddAndDrain()
    {
        for (var index = 0; index < Burst; index++)
        {
            _queue.TryAdd(
                "orders.europe.new", "$JS.ACK.orders.workers.1.1.1.0.0", new DeliverySequence(1, 1), at: 0, headers: default, _message);
        }

        return _queue.Drain(_sink, int.MaxValue);
    }

    private sealed class IgnoringSink : IDeliverySink
    {
        public bool WantsDetails => false;

        public int Write(in Delivery delivery) => 1;
    }
}
