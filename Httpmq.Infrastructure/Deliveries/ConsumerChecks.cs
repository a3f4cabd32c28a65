using System.Collections.Concurrent;
using Httpmq.Application.Consumers;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Microsoft.Extensions.Logging;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>Asks whether the consumers of open sources are still there and the same, and ends the sources where they are not.</summary>
internal sealed class ConsumerChecks(
    IConsumerStore consumers,
    DeliveryLink link,
    OpenSources open,
    TimeProvider time,
    ILogger logger,
    CancellationToken stopping)
{
    private const int ParallelChecks = 32;

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<DeliverySource, byte> _running = new();

    /// <summary>Asks once.</summary>
    /// <exception cref="HttpmqException">JetStream does not answer.</exception>
    public async Task CheckOnceAsync(DeliverySource source, CancellationToken cancellationToken)
    {
        try
        {
            var (stream, consumer) = (StreamName.OfExisting(source.Stream), ConsumerName.OfExisting(source.Consumer));
            var now = await consumers.FindAsync(stream, consumer, cancellationToken);
            if (now is null)
            {
                source.Finish(SubscriptionErrors.Deleted);
            }
            else if (now.Replaces(source.Info))
            {
                source.Finish(SubscriptionErrors.Replaced);
            }
        }
        catch (HttpmqException exception) when (exception.Error.Kind is ErrorKind.NotFound)
        {
            source.Finish(SubscriptionErrors.NoStream);
        }
    }

    /// <summary>Asks until there is an answer.</summary>
    public void Check(DeliverySource source) => CheckAsync(source, stopping).AsTask().Forget();

    /// <summary>As <see cref="Check"/>; once at a time for each source, however often it is called.</summary>
    public void RequestCheck(DeliverySource source)
    {
        if (_running.TryAdd(source, 0))
        {
            CheckAsync(source).Forget();
        }
    }

    /// <summary>Asks for all, some at a time.</summary>
    public async Task CheckAllAsync()
    {
        try
        {
            await Parallel.ForEachAsync(
                open.All,
                new ParallelOptions { MaxDegreeOfParallelism = ParallelChecks, CancellationToken = stopping },
                CheckAsync);
        }
        catch (OperationCanceledException)
        {
            // The process stops.
        }
    }

    private async Task CheckAsync(DeliverySource source)
    {
        try
        {
            await CheckAsync(source, stopping);
        }
        finally
        {
            _running.TryRemove(source, out _);
        }
    }

    private async ValueTask CheckAsync(DeliverySource source, CancellationToken cancellationToken)
    {
        try
        {
            while (source.End is null && open.Contains(source) && link.IsOpen)
            {
                try
                {
                    await CheckOnceAsync(source, cancellationToken);
                    return;
                }
                catch (HttpmqException exception)
                {
                    // JetStream takes a while to recover after a restart.
                    logger.CheckPostponed(source.Stream, source.Consumer, exception.Error.ToString());
                }

                await Task.Delay(Retry, time, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The process stops.
        }
    }
}
