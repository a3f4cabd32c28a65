using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>One pull: a source whose flow asks once.</summary>
/// <param name="source">Takes what comes.</param>
/// <param name="silence">Knows when it is over.</param>
internal sealed class Pull(DeliverySource source, SilentPull silence) : IPull
{
    public string Stream => source.Stream;

    public string Consumer => source.Consumer;

    public bool HasMessages => source.PendingBytes > 0;

    public async Task<Error?> CompleteAsync(CancellationToken stop)
    {
        var isOver = false;
        try
        {
            isOver = await silence.WaitAsync(stop);
        }
        catch (OperationCanceledException)
        {
            // With what is here.
        }

        if (!isOver)
        {
            // JetStream keeps the request yet: what it sends until it hears of the end arrives before it has heard.
            await source.StopReceivingAsync();
        }

        return HasMessages ? null : Explain(await IsDroppedAsync(stop) ? PullErrors.Waiting() : source.End);
    }

    public int Drain(IDeliverySink sink, int budget) => source.Drain(sink, budget);

    public ValueTask DisposeAsync() => source.DisposeAsync();

    private async Task<bool> IsDroppedAsync(CancellationToken stop)
    {
        try
        {
            return source.End?.Type == PullErrorTypes.Unanswered && await silence.IsBeyondMaxWaitingAsync(stop);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>The same errors end subscriptions; here they name what failed.</summary>
    private Error? Explain(Error? end)
    {
        if (end is not { Operation: null })
        {
            return end;
        }

        var operation = PullErrors.Operation(StreamName.OfExisting(Stream), ConsumerName.OfExisting(Consumer));
        return end.Type == SubscriptionErrorTypes.TooSlow ? PullErrors.Full(operation) : end with { Operation = operation };
    }
}
