using System.Text.Json;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Httpmq.Infrastructure.Telemetry;

/// <summary>
/// Asks JetStream from time to time for the state of streams and consumers, one request after the other, and never because somebody
/// scrapes. A round that is not over when the next is due is given up: a slow JetStream is asked no more than a fast one.
/// </summary>
internal sealed class ConsumerLag(JetStreamApi api, LagOptions options, TimeProvider time, ILogger<ConsumerLag> logger)
    : BackgroundService
{
    private readonly LagSeries _series = new(options, time);
    private bool _failed;

    public override void Dispose()
    {
        _series.Dispose();
        base.Dispose();
    }

    /// <summary>One round.</summary>
    internal async Task<LagSnapshot> GatherAsync(CancellationToken cancellationToken)
    {
        var at = time.GetTimestamp();
        var (streams, omitted) = await ListStreamsAsync(cancellationToken);
        var consumers = new List<ConsumerLagState>();
        foreach (var stream in streams.Where(static stream => stream.State.ConsumerCount > 0))
        {
            omitted += await AddConsumersAsync(stream, consumers, cancellationToken);
        }

        return new LagSnapshot(at, streams, consumers, omitted);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Interval, time);
        _series.Start();
        try
        {
            do
            {
                await RoundAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The process stops.
        }
    }

    private async Task RoundAsync(CancellationToken stopping)
    {
        using var over = new CancellationTokenSource(options.Interval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, stopping);
        try
        {
            _series.Show(await GatherAsync(either.Token));
            _failed = false;
        }
        catch (Exception exception) when (exception is HttpmqException or OperationCanceledException && !stopping.IsCancellationRequested)
        {
            // The series of before end by themselves when they are too old. That there is no connection is said by who connects.
            var isKnown = _failed || exception is HttpmqException { Error.Type: var type } && type == ConnectionErrorTypes.NatsUnavailable;
            logger.NoLag(isKnown ? LogLevel.Debug : LogLevel.Warning, exception is HttpmqException
                ? exception.Message
                : $"it took longer than {options.Interval.TotalSeconds} s");
            _failed |= !isKnown;
        }
    }

    private async Task<(List<StreamLag> Streams, long Omitted)> ListStreamsAsync(CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.ListStreams);
        var streams = new List<StreamLag>();
        for (var read = 0; ;)
        {
            var page = await api.CallAsync(operation, "STREAM.LIST", Page(read), WireJson.Default.StreamLagResponse, cancellationToken);
            var found = page.Streams ?? [];
            read += found.Count;
            foreach (var (config, state) in found)
            {
                if (config?.Name is { } name && state is not null && !LockSubjects.IsOwn(name))
                {
                    streams.Add(new StreamLag(name, state));
                }
            }

            if (found.Count == 0 || read >= page.Total || streams.Count >= options.MaxConsumers)
            {
                var shown = streams.Take(options.MaxConsumers).ToList();
                return (shown, Math.Max(0, page.Total - read) + streams.Count - shown.Count);
            }
        }
    }

    /// <returns>How many consumers are left out.</returns>
    private async Task<long> AddConsumersAsync(StreamLag stream, List<ConsumerLagState> consumers, CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.ListConsumers, stream.Name);
        for (var read = 0; ;)
        {
            if (consumers.Count >= options.MaxConsumers)
            {
                return Math.Max(0, stream.State.ConsumerCount - read);
            }

            var answer = await api.TryCallAsync(
                operation, $"CONSUMER.LIST.{stream.Name}", Page(read), WireJson.Default.ConsumerLagResponse, cancellationToken);
            var found = answer.Consumers ?? [];
            read += found.Count;
            foreach (var consumer in found)
            {
                if (consumer.Config?.DurableName is { Length: > 0 } name)
                {
                    consumers.Add(new ConsumerLagState(stream.Name, name, consumer));
                }
            }

            var over = consumers.Count - options.MaxConsumers;
            if (over > 0)
            {
                consumers.RemoveRange(options.MaxConsumers, over);
                return over + Math.Max(0, answer.Total - read);
            }

            // Also where the stream has been deleted meanwhile.
            if (found.Count == 0 || read >= answer.Total)
            {
                return 0;
            }
        }
    }

    private static byte[] Page(int offset) =>
        JsonSerializer.SerializeToUtf8Bytes(new PageRequest(offset), WireJson.Default.PageRequest);
}
