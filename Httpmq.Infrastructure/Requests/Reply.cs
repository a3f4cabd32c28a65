using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Requests;

/// <summary>How one request to a JetStream stream or consumer ended.</summary>
internal enum ReplyKind
{
    /// <summary>JetStream answered; see the reply's fields.</summary>
    Answered,

    /// <summary>Nobody listens on the subject: nothing happened.</summary>
    NoResponders,

    /// <summary>Somebody who is not JetStream answered; what JetStream did is not known.</summary>
    Foreign,

    /// <summary>It was not sent: there was no connection.</summary>
    NotSent,

    /// <summary>It was not sent: too many are waiting for an answer already.</summary>
    Full,

    /// <summary>It was not sent: JetStream answers nothing at the moment.</summary>
    Silent,

    /// <summary>It was sent, and nats-server refused it: the gateway's user may not publish there. Nothing happened.</summary>
    NotPermitted,

    /// <summary>It was sent, and no answer came in time.</summary>
    TimedOut,

    /// <summary>It was sent, and the connection was lost before an answer came.</summary>
    ConnectionLost,
}

/// <summary>An answer: of a publish where it was stored, of an acknowledgement nothing, of both an error.</summary>
/// <param name="Kind">How it ended.</param>
/// <param name="Stream">Of a publish: the stream that stored it.</param>
/// <param name="Sequence">Of a publish: its sequence there.</param>
/// <param name="Error">Why it was refused.</param>
/// <param name="Duplicate">Of a publish: the stream had a message with its id already.</param>
/// <param name="Value">Of a publish to a counter: what it counts now.</param>
internal readonly record struct Reply(
    ReplyKind Kind, string? Stream = null, ulong Sequence = 0, ApiError? Error = null, bool Duplicate = false, string? Value = null)
{
    /// <summary>Of a publish, whether a stream answered: it stored the message, or said why it did not.</summary>
    public bool IsOfStream => Kind is ReplyKind.Answered && (Stream is not null || Error is not null);
}

/// <summary>A request under way: waits in a slot, or is answered already.</summary>
internal readonly struct PendingReply
{
    private readonly ValueTask<Reply> _reply;

    public PendingReply(in Reply reply, long started)
    {
        _reply = new ValueTask<Reply>(reply);
        Started = started;
    }

    public PendingReply(RequestSlot slot, short version, long started)
    {
        _reply = new ValueTask<Reply>(slot, version);
        Started = started;
    }

    /// <summary>When it began, as a time stamp of the pipeline's clock.</summary>
    public long Started { get; }

    public bool IsCompleted => _reply.IsCompleted;

    /// <summary>Waits for the end; to be called exactly once.</summary>
    public ValueTask<Reply> WaitAsync() => _reply;
}
