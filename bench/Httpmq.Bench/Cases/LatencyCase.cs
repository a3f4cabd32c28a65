using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Httpmq.Bench.Http2;
using Httpmq.Bench.Loads;
using Httpmq.Bench.Measuring;
using Httpmq.Bench.Nats;

namespace Httpmq.Bench.Cases;

/// <summary>From publishing to receiving, at a steady and moderate rate. Each message carries the time it was sent.</summary>
internal sealed class LatencyCase(string name, string description, Target target) : BenchCase(name, description, target)
{
    private const int PerSecond = 1000;
    private const int PayloadBytes = 16;
    private const int MaxInflight = 1_000_000;

    public override bool ComparesLatency => true;

    public override async Task<Sample> RunAsync(BenchContext context, Side side, CancellationToken cancellationToken)
    {
        // A stream of its own for each run: a new consumer would get the messages of those before.
        var stream = $"{StreamName}-{Guid.NewGuid():N}";
        var subject = $"{SubjectName}.{Guid.NewGuid():N}";
        await context.Management.CreateStreamAsync(stream, subject);
        try
        {
            var consumer = ConsumerName(side);
            await context.Management.CreatePushConsumerAsync(stream, consumer, MaxInflight);
            return side == Side.Gateway
                ? await RunGatewayAsync(context, stream, consumer, subject, cancellationToken)
                : await RunRawAsync(context, stream, consumer, subject, cancellationToken);
        }
        finally
        {
            await context.Nats.DeleteStreamAsync(stream);
        }
    }

    private static async Task<Sample> RunGatewayAsync(
        BenchContext context, string stream, string consumer, string subject, CancellationToken cancellationToken)
    {
        var messages = (int)(PerSecond * context.Duration.TotalSeconds);
        var latency = new LatencyHistogram();
        await using var subscribing = await Http2Connection.ConnectAsync(context.Dataplane);
        await using var publishing = await Http2Connection.ConnectAsync(context.Dataplane);
        var subscription = new TimedSubscription(messages, latency);
        await subscription.OpenAsync(subscribing, context.Dataplane, stream, consumer, subject);
        var head = RequestHead.Post(context.Dataplane, $"/v1/data/subject/{subject}");
        return await context.Meter.MeasureAsync(async () =>
        {
            await Task.Run(() => Pace(messages, () =>
            {
                publishing.Start(new Unanswered(), head, Encoding.ASCII.GetBytes(Convert.ToBase64String(Stamp())));
                publishing.Flush();
                return Task.CompletedTask;
            }), cancellationToken);
            await subscription.Complete;
            return new Counted(messages, latency);
        });
    }

    private static async Task<Sample> RunRawAsync(
        BenchContext context, string stream, string consumer, string subject, CancellationToken cancellationToken)
    {
        var messages = (int)(PerSecond * context.Duration.TotalSeconds);
        var latency = new LatencyHistogram();
        await using var subscribing = await context.Nats.ConnectAsync();
        await using var publishing = await context.Nats.ConnectAsync();
        await using var publisher = await PipelinedRequester.OpenAsync(publishing, PerSecond);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = messages;
        await using var deliveries = await RawDeliveries.OpenAsync(
            subscribing,
            await context.Nats.DeliverSubjectAsync(stream, consumer),
            (string? _, in ReadOnlySequence<byte> payload) =>
            {
                Span<byte> message = stackalloc byte[PayloadBytes];
                payload.CopyTo(message);
                latency.RecordSince(BinaryPrimitives.ReadInt64LittleEndian(message));
                if (--left == 0)
                {
                    done.SetResult();
                }
            });
        return await context.Meter.MeasureAsync(async () =>
        {
            await Task.Run(() => Pace(messages, () => publisher.SendAsync(subject, Stamp()).AsTask()), cancellationToken);
            await done.Task;
            return new Counted(messages, latency);
        });
    }

    /// <summary>Sends what is due, and sleeps: a timer of the runtime is not fine enough, and spinning would take a core.</summary>
    private static void Pace(int messages, Func<Task> send)
    {
        var start = Stopwatch.GetTimestamp();
        for (var sent = 0; sent < messages;)
        {
            for (var due = (int)(Stopwatch.GetElapsedTime(start).TotalSeconds * PerSecond); sent < Math.Min(due, messages); sent++)
            {
                _ = send();
            }

            Thread.Sleep(1);
        }
    }

    private static byte[] Stamp()
    {
        var message = new byte[PayloadBytes];
        BinaryPrimitives.WriteInt64LittleEndian(message, Stopwatch.GetTimestamp());
        return message;
    }

    private sealed class Unanswered : Http2Stream;

    private sealed class TimedSubscription(long expected, LatencyHistogram latency) : LineSubscription(expected)
    {
        protected override void OnLine(ReadOnlySpan<byte> line)
        {
            Span<byte> message = stackalloc byte[PayloadBytes];
            DeliveryLine.Decode(line, message);
            latency.RecordSince(BinaryPrimitives.ReadInt64LittleEndian(message));
        }
    }
}
