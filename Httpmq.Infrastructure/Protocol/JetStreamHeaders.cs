namespace Httpmq.Infrastructure.Protocol;

/// <summary>Headers of messages that JetStream reads or writes; https://docs.nats.io/nats-concepts/jetstream/headers.</summary>
internal static class JetStreamHeaders
{
    /// <summary>Store the message only in this stream.</summary>
    public const string ExpectedStream = "Nats-Expected-Stream";

    /// <summary>Store the message only while this is the last sequence of its subject; 0: while there is none.</summary>
    public const string ExpectedLastSubjectSequence = "Nats-Expected-Last-Subject-Sequence";

    /// <summary>Of a pull that ends: how many messages it still waited for.</summary>
    public static ReadOnlySpan<byte> PendingMessages => "Nats-Pending-Messages:"u8;

    /// <summary>Of a heartbeat: where the consumer, which has stalled, waits for an answer.</summary>
    public static ReadOnlySpan<byte> ConsumerStalled => "Nats-Consumer-Stalled:"u8;
}
