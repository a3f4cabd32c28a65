using System.Diagnostics;
using Httpmq.Bench.Http2;
using Httpmq.Bench.Loads;
using Httpmq.Bench.Measuring;

namespace Httpmq.Bench.Cases;

/// <summary>Subscriptions that nothing comes for: what each takes of memory, and all of them of the processor.</summary>
internal sealed class IdleCase(string name, string description, Target target) : BenchCase(name, description, target)
{
    private const int Subscriptions = 10_000;
    private const int StreamsPerConnection = 100;
    private const string ConsumerPrefix = "idle-";
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Watching = TimeSpan.FromSeconds(10);

    public override bool IsCompared => false;

    public override async Task PrepareAsync(BenchContext context, CancellationToken cancellationToken)
    {
        await base.PrepareAsync(context, cancellationToken);
        await context.Nats.CreatePushConsumersAsync(StreamName, ConsumerPrefix, context.Scaled(Subscriptions), cancellationToken);
    }

    public override async Task<Sample> RunAsync(BenchContext context, Side side, CancellationToken cancellationToken)
    {
        var count = context.Scaled(Subscriptions);
        var gateway = context.Gateway.Dataplane;
        await using var connections = new Connections();
        var before = gateway.WorkingSet();
        for (var first = 0; first < count; first += StreamsPerConnection)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var connection = await connections.AddAsync(context.Dataplane);
            await Task.WhenAll(Enumerable.Range(first, Math.Min(StreamsPerConnection, count - first)).Select(index =>
                new Subscription(long.MaxValue, firstSequence: 0)
                    .OpenAsync(connection, context.Dataplane, StreamName, $"{ConsumerPrefix}{index}", SubjectName)));
        }

        await Task.Delay(Settling, cancellationToken);
        var start = Stopwatch.GetTimestamp();
        var cpu = gateway.ProcessorTime();
        await Task.Delay(Watching, cancellationToken);
        var part = (gateway.ProcessorTime() - cpu) / Stopwatch.GetElapsedTime(start);
        return new Sample(0, 0, null, 0, 0, 0, 0, 0, new IdleCost((gateway.WorkingSet() - before) / (double)count, part));
    }

    private sealed class Connections : IAsyncDisposable
    {
        private readonly List<Http2Connection> _opened = [];

        public async Task<Http2Connection> AddAsync(Uri server)
        {
            var connection = await Http2Connection.ConnectAsync(server);
            _opened.Add(connection);
            return connection;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var connection in _opened)
            {
                await connection.DisposeAsync();
            }
        }
    }
}
