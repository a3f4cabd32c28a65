using System.Buffers;
using System.Diagnostics;
using Httpmq.Bench.Http2;
using Httpmq.Bench.Loads;
using Httpmq.Bench.Measuring;
using Httpmq.Bench.Nats;

namespace Httpmq.Bench.Cases;

/// <summary>
/// One message to many consumers with one subscriber each; the next is published when all have it. The publisher is the raw
/// client on both sides, so that only the deliveries differ.
/// </summary>
internal sealed class FanOutCase(string name, string description, Target target) : BenchCase(name, description, target)
{
    private const int Consumers = 1000;
    private const int Connections = 8;
    private const string ConsumerPrefix = "fan-";

    public override async Task PrepareAsync(BenchContext context, CancellationToken cancellationToken)
    {
        await base.PrepareAsync(context, cancellationToken);
        await context.Nats.CreatePushConsumersAsync(StreamName, ConsumerPrefix, context.Scaled(Consumers), cancellationToken);
    }

    public override Task<Sample> RunAsync(BenchContext context, Side side, CancellationToken cancellationToken) => side == Side.Gateway
        ? RunGatewayAsync(context, context.Scaled(Consumers))
        : RunRawAsync(context, context.Scaled(Consumers));

    private async Task<Sample> RunGatewayAsync(BenchContext context, int consumers)
    {
        var countdown = new Countdown();
        var connections = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Http2Connection.ConnectAsync(context.Dataplane)));
        try
        {
            await Task.WhenAll(Enumerable.Range(0, consumers).Select(index => new FanSubscription(countdown)
                .OpenAsync(connections[index % Connections], context.Dataplane, StreamName, $"{ConsumerPrefix}{index}", SubjectName)));
            return await PublishRoundsAsync(context, countdown, consumers);
        }
        finally
        {
            foreach (var connection in connections)
            {
                await connection.DisposeAsync();
            }
        }
    }

    private async Task<Sample> RunRawAsync(BenchContext context, int consumers)
    {
        var countdown = new Countdown();
        await using var connection = await context.Nats.ConnectAsync();
        var deliveries = await Task.WhenAll(Enumerable.Range(0, consumers).Select(async index =>
        {
            var subject = await context.Nats.DeliverSubjectAsync(StreamName, $"{ConsumerPrefix}{index}");
            return await RawDeliveries.OpenAsync(connection, subject, (string? _, in ReadOnlySequence<byte> _) => countdown.Signal(1));
        }));
        var sample = await PublishRoundsAsync(context, countdown, consumers);

        // The library itself holds subscriptions weakly.
        GC.KeepAlive(deliveries);
        return sample;
    }

    private async Task<Sample> PublishRoundsAsync(BenchContext context, Countdown countdown, int consumers)
    {
        await using var connection = await context.Nats.ConnectAsync();
        await using var publisher = await PipelinedRequester.OpenAsync(connection, window: 1);
        var payload = Payload.Of(16);
        var latency = new LatencyHistogram();
        return await context.Meter.MeasureAsync(async () =>
        {
            long rounds = 0;
            for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < context.Duration; rounds++)
            {
                var published = Stopwatch.GetTimestamp();
                var all = countdown.Start(consumers);
                await publisher.SendAsync(SubjectName, payload);
                await all;
                latency.RecordSince(published);
            }

            return new Counted(rounds * consumers, latency);
        });
    }

    /// <summary>Tells when all subscribers have the current message.</summary>
    private sealed class Countdown
    {
        private TaskCompletionSource _all = new();
        private int _left;

        public Task Start(int count)
        {
            _all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _left, count);
            return _all.Task;
        }

        public void Signal(int count)
        {
            if (Interlocked.Add(ref _left, -count) == 0)
            {
                _all.TrySetResult();
            }
        }

        public void Fail(string reason) => _all.TrySetException(new BenchException(reason));
    }

    private sealed class FanSubscription(Countdown countdown) : Subscription(expected: long.MaxValue, firstSequence: 0)
    {
        public override void OnFailed(string reason)
        {
            base.OnFailed(reason);
            countdown.Fail(reason);
        }

        protected override void OnLines(int count) => countdown.Signal(count);
    }
}
