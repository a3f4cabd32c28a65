using Httpmq.Bench.Http2;
using Httpmq.Bench.Loads;
using Httpmq.Bench.Measuring;
using Httpmq.Bench.Nats;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace Httpmq.Bench.Cases;

/// <summary>
/// Pulls a backlog and acknowledges every message with confirmation: so many pulls at a time, each followed by its settlement. The raw side
/// fetches with the client library and acknowledges by request-reply.
/// </summary>
internal sealed class PullCase(string name, string description, Target target, int backlog, int lanes, int batch)
    : ConsumeAckCase(name, description, target, backlog, lanes * batch, batch)
{
    private readonly int _batch = batch;

    protected override Task CreateConsumerAsync(BenchContext context, string consumer, int inflight) =>
        context.Management.CreatePullConsumerAsync(StreamName, consumer, inflight);

    protected override async Task<Sample> RunGatewayAsync(BenchContext context, string consumer, int messages)
    {
        await using var connection = await Http2Connection.ConnectAsync(context.Dataplane);
        var load = new PullLoad(connection, context.Dataplane, StreamName, consumer, messages, lanes, _batch);
        return await context.Meter.MeasureAsync(async () =>
        {
            load.Start();
            await load.AllConfirmed.Task;
            return new Counted(messages);
        });
    }

    protected override async Task<Sample> RunRawAsync(
        BenchContext context, string consumer, int messages, CancellationToken cancellationToken)
    {
        await using var connection = await context.Nats.ConnectAsync();
        var jetStream = new NatsJSContext(connection);
        var left = new Remaining(messages);

        // Held here: the client library holds its subscriptions weakly, and a lane that waits for one is held by nothing else.
        var acknowledgers = await Task.WhenAll(
            Enumerable.Range(0, lanes).Select(_ => PipelinedRequester.OpenAsync(connection, _batch)));
        try
        {
            return await context.Meter.MeasureAsync(async () =>
            {
                await Task.WhenAll(acknowledgers.Select(
                    acknowledger => FetchAsync(jetStream, consumer, left, acknowledger, cancellationToken)));
                return new Counted(messages);
            });
        }
        finally
        {
            foreach (var acknowledger in acknowledgers)
            {
                await acknowledger.DisposeAsync();
            }
        }
    }

    private async Task FetchAsync(
        NatsJSContext jetStream, string consumer, Remaining left, PipelinedRequester acknowledger, CancellationToken cancellationToken)
    {
        var source = await jetStream.GetConsumerAsync(StreamName, consumer, cancellationToken);
        while (left.Take(_batch) is > 0 and var count)
        {
            await foreach (var message in source.FetchAsync<NatsMemoryOwner<byte>>(
                new NatsJSFetchOpts { MaxMsgs = count }, cancellationToken: cancellationToken))
            {
                message.Data.Dispose();
                await acknowledger.SendAsync(message.ReplyTo!, Ack);
            }

            await acknowledger.DrainAsync();
        }
    }

    /// <summary>What the lanes have not asked for yet.</summary>
    private sealed class Remaining(int messages)
    {
        private int _left = messages;

        /// <summary>Takes so many, or what is left.</summary>
        public int Take(int count) => Math.Min(count, Interlocked.Add(ref _left, -count) + count);
    }
}
