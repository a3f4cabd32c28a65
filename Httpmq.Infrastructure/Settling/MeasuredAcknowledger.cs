using Httpmq.Application.Settling;
using Httpmq.Application.Telemetry;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Infrastructure.Settling;

/// <summary>Counts and times settlements, where somebody wants to know; else it only passes them on.</summary>
internal sealed class MeasuredAcknowledger(MessageAcknowledger acknowledger, GatewayMetrics metrics, TimeProvider time)
    : IMessageAcknowledger
{
    public ValueTask<Error?> SettleAsync(
        StreamName stream,
        ConsumerName consumer,
        DeliverySequence delivery,
        Settlement settlement,
        AckTimeLimit? timeLimit,
        CancellationToken cancellationToken)
    {
        if (!metrics.TimesSettlements)
        {
            return acknowledger.SettleAsync(stream, consumer, delivery, settlement, timeLimit, cancellationToken);
        }

        var started = time.GetTimestamp();
        return MeasureAsync(
            acknowledger.SettleAsync(stream, consumer, delivery, settlement, timeLimit, cancellationToken), settlement.Verb, started);
    }

    public ValueTask<Error?> PrepareAsync(StreamName stream, ConsumerName consumer, CancellationToken cancellationToken) =>
        acknowledger.PrepareAsync(stream, consumer, cancellationToken);

    private async ValueTask<Error?> MeasureAsync(ValueTask<Error?> settling, SettleVerb verb, long started)
    {
        try
        {
            var error = await settling;
            metrics.Settled(verb, error, time, started);
            return error;
        }
        catch (HttpmqException exception)
        {
            metrics.Settled(verb, exception.Error, time, started);
            throw;
        }
    }
}
