using Httpmq.Api.Http;
using Httpmq.Application.Settling;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using MediatR;

namespace Httpmq.Api.Subscriptions;

/// <summary>
/// Acknowledges deliveries once they are written to the client: at most once, since what a client loses on the way or in a crash is not
/// redelivered. What cannot be acknowledged comes again, as it would without.
/// </summary>
internal sealed class AutoAcknowledgement(
    IMediator mediator, Caller caller, string requestId, IDeliverySource source, ILogger<SubscriptionPumps> logger)
{
    private readonly List<SettleEntry> _written = [];

    /// <summary>Remembers what this sink is given.</summary>
    public IDeliverySink Around(IDeliverySink sink) => new Remembering(sink, _written);

    /// <summary>Acknowledges what was written since the last call, and waits until JetStream confirmed it, for 4.2 s at most.</summary>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        if (_written.Count == 0)
        {
            return;
        }

        try
        {
            var outcomes = await mediator.Send(
                new SettleDeliveries(caller, source.Stream, source.Consumer, [.. _written]), cancellationToken);
            if (outcomes.FirstOrDefault(static outcome => outcome.Error is not null).Error is { } error)
            {
                LogFailure(error);
            }
        }
        catch (HttpmqException exception)
        {
            LogFailure(exception.Error);
        }
        catch (OperationCanceledException)
        {
            // The client is gone, and the loop ends by itself.
        }

        _written.Clear();
    }

    private void LogFailure(Error error)
    {
        if (logger.IsEnabled(LogLevel.Debug))
        {
            logger.NotAcknowledged(
                PlainText.Word(requestId), PlainText.Word(caller.Name), source.Stream, source.Consumer, error.ToString());
        }
    }

    private sealed class Remembering(IDeliverySink sink, List<SettleEntry> written) : IDeliverySink
    {
        public bool WantsDetails => sink.WantsDetails;

        public int Write(in Delivery delivery)
        {
            written.Add(new SettleEntry(
                new AckPair(delivery.Sequence.Stream, delivery.Sequence.Consumer), new Settlement(SettleVerb.Ack)));
            return sink.Write(delivery);
        }
    }
}
