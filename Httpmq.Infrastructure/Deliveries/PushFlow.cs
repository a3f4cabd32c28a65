using System.Buffers;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Protocol;
using Httpmq.Infrastructure.Publishing;

namespace Httpmq.Infrastructure.Deliveries;

/// <summary>
/// A push consumer sends to its deliver subject by itself; its subscriber answers flow control, and holds the consumer where there may be
/// but one.
/// </summary>
/// <remarks>
/// NATS sends every listener of a consumer without a group every message, and does not keep a second one away. That a consumer is
/// bound is checked before; those that pass this check at the same moment, or while a holder's connection is lost, are settled here, see
/// <see cref="ExclusiveClaim"/>. A claim may be lost: interest in a subject needs time to reach all servers of a cluster. So it is
/// repeated, after opening and after each reconnect at first quickly and then at a low rate for good.
/// </remarks>
internal sealed class PushFlow(IFlowSource source, ConsumerInfo consumer, TimeProvider time) : IConsumerFlow
{
    // nats-server notices that nobody listens to a deliver subject any more only when it has sent all that it may. What comes again before
    // that goes to nobody, and then waits for ack_wait.
    private static readonly byte[] InAMoment = "-NAK {\"delay\":250000000}"u8.ToArray();

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(16);

    private readonly ExclusiveClaim? _claim = consumer.Config.DeliverGroup is not { Length: > 0 } ? new ExclusiveClaim(time) : null;
    private readonly Lock _claimGate = new();
    private TimeSpan _pause = FirstPause;
    private long _saidAt = time.GetTimestamp();
    private bool _heard;

    /// <summary>Without a message since it was last asked: nothing tells that the consumer still sends here.</summary>
    public bool WantsCheck
    {
        get
        {
            var heard = _heard;
            _heard = false;
            return !heard;
        }
    }

    public ReadOnlyMemory<byte> Nak => InAMoment;

    public void Start() => Claim();

    public void OnOpened() => Claim();

    public void Refresh(bool reconnected)
    {
        if (reconnected)
        {
            _pause = FirstPause;
        }
        else if (time.GetElapsedTime(Volatile.Read(ref _saidAt)) < _pause)
        {
            return;
        }
        else
        {
            _pause = _pause < LongestPause / 2 ? 2 * _pause : LongestPause;
        }

        Claim();
    }

    public void OnMessage() => _heard = true;

    /// <summary>
    /// Heartbeats are for nobody; flow control, which consumers that others have made may use, is answered while there is room.
    /// </summary>
    public void OnStatus(int status, string? replyTo, in ReadOnlySequence<byte> headers)
    {
        if (status != NatsStatus.Control || !source.HasRoom)
        {
            return;
        }

        // A request that was not answered, or got lost, is repeated in the heartbeats.
        var request = replyTo is { Length: > 0 } ? replyTo : StatusHeaders.Find(headers, JetStreamHeaders.ConsumerStalled);
        if (request is { Length: > 0 })
        {
            source.Send(request, ReadOnlyMemory<byte>.Empty);
        }
    }

    public void OnDrained(int count)
    {
    }

    public void OnForeign(in ReadOnlySequence<byte> payload)
    {
        if (_claim is null)
        {
            return;
        }

        // One at a time with saying it: whoever has ended makes no claim any more.
        lock (_claimGate)
        {
            if (source.IsOver)
            {
                return;
            }

            if (_claim.Hear(payload, out var answer))
            {
                source.FinishAndUnsubscribe(SubscriptionErrors.Held(consumer.Name));
            }
            else if (answer is not null)
            {
                source.Send(source.Subject, answer);
            }
        }
    }

    private void Claim()
    {
        if (_claim is null)
        {
            return;
        }

        lock (_claimGate)
        {
            Volatile.Write(ref _saidAt, time.GetTimestamp());
            if (!source.IsOver)
            {
                source.Send(source.Subject, _claim.Message());
            }
        }
    }
}
