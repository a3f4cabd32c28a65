namespace Httpmq.Client;

/// <summary>What is said of a message beside its bytes.</summary>
public sealed class PublishOptions
{
    /// <summary>
    /// Headers of the message. The gateway writes a name with a capital at its start and after each hyphen, except <c>traceparent</c> and
    /// <c>tracestate</c>. Names that begin with <c>Nats-</c> are JetStream's own, such as <c>Nats-Rollup</c>. A header with several values,
    /// and one whose name is to stay as it is, can be in a record of a batch.
    /// </summary>
    public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Published again with the same key within the stream's <c>duplicate_window</c>, the message is not stored again:
    /// <see cref="PublishAnswer.Duplicate"/>. Null: none.
    /// </summary>
    public string? IdempotencyKey { get; set; }

    /// <summary>
    /// Store the message only while the subject's last message has this sequence, and with 0 only while the subject has none; else the
    /// publish fails with 412. Null: whatever is there.
    /// </summary>
    public ulong? ExpectedLastSubjectSequence { get; set; }

    /// <summary>How long it is kept; null: as the stream. The stream has <c>allow_msg_ttl</c>, on nats-server 2.11 or later.</summary>
    public TimeSpan? TimeToLive { get; set; }
}
