using Httpmq.Chaos.Servers;
using Httpmq.Checker;

namespace Httpmq.Chaos.Load;

/// <summary>What publishers and subscribers share.</summary>
internal sealed record LoadContext(string Stream, IReadOnlyList<GatewaySite> Sites, RunClock Clock, JournalWriter Journal, Tally Tally)
{
    private const string Misbehaviour = "clients leave without a word and forget acknowledgements";

    private volatile TaskCompletionSource? _acksHeld;

    /// <inheritdoc cref="ChaosOptions.Verbs"/>
    public bool Verbs { get; init; }

    /// <summary>While false, clients behave as the well-behaved ones do: they acknowledge everything and never leave.</summary>
    public bool Unruly { get; private set; }

    /// <summary>
    /// Subscribers acknowledge nothing, so that consumers soon have much to send and may not; until <see cref="ReleaseAcks"/>.
    /// </summary>
    public void HoldAcks() => _acksHeld ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void ReleaseAcks()
    {
        var held = _acksHeld;
        _acksHeld = null;
        held?.TrySetResult();
    }

    /// <summary>Waits until subscribers may acknowledge.</summary>
    public Task MayAcknowledgeAsync() => _acksHeld?.Task ?? Task.CompletedTask;

    /// <summary>Subscribers that leave change who holds what, as faults do, so it is written down as one.</summary>
    public void Misbehave()
    {
        Unruly = true;
        Journal.Write(new FaultEntry(Clock.Now, Misbehaviour));
    }

    public void Behave()
    {
        Unruly = false;
        Journal.Write(new FaultEntry(Clock.Now, Misbehaviour, Over: true));
    }
}

/// <summary>Counts for the progress line.</summary>
internal sealed class Tally
{
    private long _stored;
    private long _refused;
    private long _unknown;
    private long _delivered;
    private long _acked;
    private long _backlog;

    public long Stored => Volatile.Read(ref _stored);

    public long Refused => Volatile.Read(ref _refused);

    public long Unknown => Volatile.Read(ref _unknown);

    public long Delivered => Volatile.Read(ref _delivered);

    public long Acked => Volatile.Read(ref _acked);

    /// <summary>How far the slowest consumer is behind.</summary>
    public long Backlog
    {
        get => Volatile.Read(ref _backlog);
        set => Volatile.Write(ref _backlog, value);
    }

    public void Count(PublishOutcome outcome)
    {
        switch (outcome)
        {
            case PublishOutcome.Stored:
                Interlocked.Increment(ref _stored);
                break;
            case PublishOutcome.Refused:
                Interlocked.Increment(ref _refused);
                break;
            default:
                Interlocked.Increment(ref _unknown);
                break;
        }
    }

    public void CountDelivery() => Interlocked.Increment(ref _delivered);

    public void CountAck() => Interlocked.Increment(ref _acked);
}
