namespace Httpmq.Infrastructure.Protocol;

/// <summary>Headers of messages that JetStream reads or writes; https://docs.nats.io/nats-concepts/jetstream/headers.</summary>
internal static class JetStreamHeaders
{
    /// <summary>Store the message only in this stream.</summary>
    public const string ExpectedStream = "Nats-Expected-Stream";

    /// <summary>Store the message only while this is the last sequence of its subject; 0: while there is none.</summary>
    public const string ExpectedLastSubjectSequence = "Nats-Expected-Last-Subject-Sequence";

    /// <summary>Store the message only while this is the last sequence of the stream.</summary>
    public const string ExpectedLastSequence = "Nats-Expected-Last-Sequence";

    /// <summary>Of a message of an atomic batch: which batch, at most 64 characters.</summary>
    public const string BatchId = "Nats-Batch-Id";

    /// <summary>Its place there, from 1.</summary>
    public const string BatchSequence = "Nats-Batch-Sequence";

    /// <summary>It is the last one, and all are stored.</summary>
    public const string BatchCommit = "Nats-Batch-Commit";

    /// <summary>Of a pull that ends: how many messages it still waited for.</summary>
    public static ReadOnlySpan<byte> PendingMessages => "Nats-Pending-Messages:"u8;

    /// <summary>Of a pull that ends: how many bytes it left of those that it was to have at most.</summary>
    public static ReadOnlySpan<byte> PendingBytes => "Nats-Pending-Bytes:"u8;

    /// <summary>Of a heartbeat: the consumer sequence that was sent last.</summary>
    public static ReadOnlySpan<byte> LastConsumer => "Nats-Last-Consumer:"u8;

    /// <summary>Of a heartbeat: where the consumer, which has stalled, waits for an answer.</summary>
    public static ReadOnlySpan<byte> ConsumerStalled => "Nats-Consumer-Stalled:"u8;
}
