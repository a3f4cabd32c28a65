using System.Text.Json;
using Httpmq.Application.Consumers;
using Httpmq.Application.Messages;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.JetStream.Requests;
using Httpmq.Infrastructure.JetStream.Wire;

namespace Httpmq.Infrastructure.JetStream;

/// <summary>
/// Rebuilds the acknowledgement from the two sequences and waits for JetStream's confirmation. Because the server trusts the
/// stream sequence blindly, it is checked here first: docs/adr/0001-stateless-confirmed-acknowledgements.md.
/// </summary>
internal sealed class MessageAcknowledger(
    NatsLink link,
    RequestPipeline requests,
    JetStreamApi api,
    ConsumerLedger ledger,
    TimeProvider time) : IMessageAcknowledger
{
    // How long a new leader gets to send again what it does not know to have been sent.
    private static readonly TimeSpan LeaderPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LeaderPoll = TimeSpan.FromMilliseconds(200);
    private static readonly byte[] Ack = "+ACK"u8.ToArray();

    public async ValueTask<Error?> AcknowledgeAsync(
        StreamName stream,
        ConsumerName consumer,
        DeliverySequence delivery,
        CancellationToken cancellationToken)
    {
        var entry = ledger.Get(stream.Value, consumer.Value);
        if (!entry.Trusted || delivery.Stream > entry.Delivered)
        {
            var refusal = await CheckAsync(stream, consumer, delivery, entry, cancellationToken);
            if (refusal is not null)
            {
                return refusal;
            }
        }

        var reply = await requests.SendAsync(AckSubject.Build(stream.Value, consumer.Value, delivery), Ack);
        if (reply is { Kind: ReplyKind.Answered, Error: null, Stream: null })
        {
            return null;
        }

        var what = What(stream, consumer, delivery);
        return reply.Kind switch
        {
            ReplyKind.Answered when reply.Error is null => new Error(ErrorKind.Internal, what, "a stream answered in the consumer's place: look for one with subjects below $JS"),
            ReplyKind.Answered => JetStreamErrors.ToError(what, reply.Error),
            ReplyKind.NoResponders => await ExplainNoConsumerAsync(stream, consumer, entry, what, cancellationToken),
            ReplyKind.Foreign => new Error(ErrorKind.Internal, what, "somebody else than JetStream answered in the consumer's place: look for a stream or a client with subjects below $JS"),
            ReplyKind.NotSent => link.NotConnected,
            ReplyKind.Full => new Error(ErrorKind.Unavailable, what, "too many requests wait for JetStream's answer; nothing was acknowledged, try again"),
            ReplyKind.TimedOut => new Error(ErrorKind.Timeout, what, "JetStream did not confirm in time; the message may have been acknowledged, and acknowledging again is safe"),
            _ => new Error(ErrorKind.Unavailable, what, "the connection to NATS was lost before JetStream confirmed; acknowledging again is safe"),
        };
    }

    /// <summary>Asks the server about a delivery that the ledger cannot vouch for. Null: pass it on.</summary>
    private async Task<Error?> CheckAsync(
        StreamName stream,
        ConsumerName name,
        DeliverySequence delivery,
        ConsumerEntry entry,
        CancellationToken cancellationToken)
    {
        try
        {
            var what = What(stream, name, delivery);
            var consumer = await FindConsumerAsync(what, stream, name, cancellationToken);
            if (consumer is null)
            {
                return ConsumerErrors.NotFound(stream, name);
            }

            if (consumer.Config!.AckPolicy is not "explicit")
            {
                return new Error(ErrorKind.Conflict, what, $"consumer {name} has ack policy '{consumer.Config.AckPolicy}'; single messages are acknowledged with 'explicit' only");
            }

            var info = await api.CallAsync(what, $"STREAM.INFO.{stream}", [], WireJson.Default.StreamInfoWire, cancellationToken);
            if (delivery.Stream > info.State?.LastSeq)
            {
                return NeverSent(what, name, delivery);
            }

            var delivered = await ReadMarkAsync(what, stream, name, consumer, delivery, cancellationToken);
            if (delivery.Stream > delivered)
            {
                return entry.IsInDoubt(time) ? NotKnownYet(what, name) : NeverSent(what, name, delivery);
            }

            if (info.Config!.Retention is "limits" && !link.Server.MovesCursorOnUnknownAck)
            {
                entry.Raise(delivered);
                entry.Trusted = true;
                return null;
            }

            return await WasForConsumerAsync(what, stream, consumer.Config, delivery, cancellationToken)
                ? null
                : NeverSent(what, name, delivery);
        }
        catch (HttpmqException exception)
        {
            return exception.Error;
        }
    }

    /// <summary>
    /// Up to which stream sequence the consumer was sent messages. Copies of a consumer learn of deliveries a little later
    /// than subscribers: a leader that takes over knows the last ones only once it has sent them again, which it does at once.
    /// </summary>
    private async Task<ulong> ReadMarkAsync(
        string what,
        StreamName stream,
        ConsumerName name,
        ConsumerInfoWire consumer,
        DeliverySequence delivery,
        CancellationToken cancellationToken)
    {
        var mark = consumer.Delivered?.StreamSeq ?? 0;
        if (mark >= delivery.Stream || consumer.Cluster?.Replicas is not { Count: > 0 })
        {
            return mark;
        }

        using var patience = new CancellationTokenSource(LeaderPatience, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            while (mark < delivery.Stream)
            {
                await Task.Delay(LeaderPoll, time, limit.Token);
                mark = (await FindConsumerAsync(what, stream, name, limit.Token))?.Delivered?.StreamSeq ?? 0;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Patience is over: what it said last counts.
        }

        return mark;
    }

    /// <summary>
    /// Below the mark a filtered consumer could still name a message of another consumer, and on work-queue and interest
    /// streams remove it.
    /// </summary>
    private async Task<bool> WasForConsumerAsync(
        string what,
        StreamName stream,
        ConsumerConfigWire config,
        DeliverySequence delivery,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<string> filters = config.FilterSubjects ?? (config.FilterSubject is { Length: > 0 } filter ? [filter] : []);
        if (filters.Count == 0)
        {
            return true;
        }

        var answer = await api.TryCallAsync(
            what,
            $"STREAM.MSG.GET.{stream}",
            JsonSerializer.SerializeToUtf8Bytes(new MessageGetRequest(delivery.Stream), WireJson.Default.MessageGetRequest),
            WireJson.Default.MessageGetResponse,
            cancellationToken);
        return answer switch
        {
            // It is gone, so there is nothing left to harm: acknowledging twice succeeds.
            { Error.Code: 404 } => true,
            { Error: { } error } => throw new HttpmqException(JetStreamErrors.ToError(what, error)),
            _ => filters.Any(text => SubjectFilter.TryParse(text, out var parsed, out _) && parsed.Covers(answer.Message?.Subject ?? string.Empty)),
        };
    }

    private async Task<ConsumerInfoWire?> FindConsumerAsync(string what, StreamName stream, ConsumerName name, CancellationToken cancellationToken)
    {
        var answer = await api.TryCallAsync(what, $"CONSUMER.INFO.{stream}.{name}", [], WireJson.Default.ConsumerInfoWire, cancellationToken);
        return answer.Error switch
        {
            null => answer.Config is null ? null : answer,
            { ErrCode: JetStreamErrors.ConsumerNotFound } => null,
            { ErrCode: JetStreamErrors.StreamNotFound } => throw new HttpmqException(ConsumerErrors.StreamNotFound(stream)),
            _ => throw new HttpmqException(JetStreamErrors.ToError(what, answer.Error)),
        };
    }

    private async Task<Error> ExplainNoConsumerAsync(
        StreamName stream,
        ConsumerName consumer,
        ConsumerEntry entry,
        string what,
        CancellationToken cancellationToken)
    {
        entry.Reset();
        try
        {
            return await FindConsumerAsync(what, stream, consumer, cancellationToken) is null
                ? ConsumerErrors.NotFound(stream, consumer)
                : new Error(ErrorKind.Unavailable, what, "the consumer has no leader at the moment; nothing was acknowledged, try again");
        }
        catch (HttpmqException exception)
        {
            return exception.Error;
        }
    }

    private static Error NeverSent(string what, ConsumerName consumer, DeliverySequence delivery) => new(
        ErrorKind.NotFound,
        what,
        $"stream: consumer {consumer} was never sent a message with stream sequence {delivery.Stream}");

    private static Error NotKnownYet(string what, ConsumerName consumer) => new(
        ErrorKind.Unavailable,
        what,
        $"consumer {consumer} has another leader since a moment ago, which does not know yet what the one before it sent; nothing was acknowledged, try again, or wait until the message comes again");

    private static string What(StreamName stream, ConsumerName consumer, DeliverySequence delivery) =>
        $"Unable to acknowledge message {delivery.Stream} of stream {stream} for consumer {consumer}";
}
