namespace Httpmq.Application.Telemetry;

/// <summary>One instrument of the gateway.</summary>
/// <param name="Name">Its name, as OpenTelemetry has it; Prometheus has underscores, and the unit behind it.</param>
/// <param name="Kind">What its values are.</param>
/// <param name="Unit">In UCUM; in braces what is counted.</param>
/// <param name="Description">What it measures, without a full stop.</param>
/// <param name="Tags">The names of its tags; each has few values, and none comes from a client.</param>
public sealed record MetricName(
    string Name, MetricKind Kind, string Unit, string Description, params IReadOnlyList<string> Tags);

/// <summary>What the values of an instrument are.</summary>
public enum MetricKind
{
    /// <summary>A sum that grows.</summary>
    Counter,

    /// <summary>A sum that grows and shrinks.</summary>
    UpDown,

    /// <summary>What was found when somebody asked.</summary>
    Gauge,

    /// <summary>How many values were up to how large.</summary>
    Histogram,
}

/// <summary>Every name that the gateway's own metrics have. A test holds the list in docs/operations.md against this one.</summary>
public static class MetricNames
{
    /// <summary>The meter of what the gateway does.</summary>
    public const string Meter = "Httpmq";

    /// <summary>The meter of what JetStream stores and has delivered, by the names of NATS's own exporter.</summary>
    public const string LagMeter = "Httpmq.JetStream";

    /// <summary>What became of it: <c>stored</c>, <c>duplicate</c>, <c>confirmed</c>, <c>error</c>.</summary>
    public const string Outcome = "httpmq.outcome";

    /// <summary>The type of the error, as in answers; only where there is one.</summary>
    public const string ErrorType = "error.type";

    /// <summary><c>ack</c>, <c>nak</c>, <c>term</c> or <c>progress</c>.</summary>
    public const string Verb = "httpmq.verb";

    /// <summary>What the deliveries come from: <c>subscription</c>, <c>replay</c> or <c>pull</c>.</summary>
    public const string Source = "httpmq.source";

    /// <summary>How they are written.</summary>
    public const string Framing = "httpmq.framing";

    /// <summary>Why a session ended.</summary>
    public const string Reason = "httpmq.reason";

    /// <summary>Which of the gateway's connections to NATS.</summary>
    public const string Connection = "httpmq.connection";

    /// <summary>A stream, by the name that NATS's exporter gives the tag.</summary>
    public const string StreamName = "stream_name";

    /// <summary>A consumer, by the name that NATS's exporter gives the tag.</summary>
    public const string ConsumerName = "consumer_name";

    public static readonly MetricName Publishes = new(
        "httpmq.publishes", MetricKind.Counter, "{message}",
        "Messages sent to JetStream, and records of batches, by what became of them", Outcome, ErrorType);

    public static readonly MetricName PublishDuration = new(
        "httpmq.publish.duration", MetricKind.Histogram, "s",
        "From sending a message to JetStream's answer; not of atomic batches", ErrorType);

    public static readonly MetricName PublishBytes = new(
        "httpmq.publish.io", MetricKind.Counter, "By", "Headers and payloads of messages sent to JetStream");

    public static readonly MetricName Settlements = new(
        "httpmq.settlements", MetricKind.Counter, "{delivery}",
        "Deliveries that were settled, by verb and by what became of it", Verb, Outcome, ErrorType);

    public static readonly MetricName SettleDuration = new(
        "httpmq.settle.duration", MetricKind.Histogram, "s", "From sending a settlement to JetStream's confirmation", Verb);

    public static readonly MetricName Deliveries = new(
        "httpmq.deliveries", MetricKind.Counter, "{delivery}", "Deliveries written to clients", Source, Framing);

    public static readonly MetricName DeliveryBytes = new(
        "httpmq.delivery.io", MetricKind.Counter, "By", "Bytes of deliveries as they are written to clients", Source, Framing);

    public static readonly MetricName Redeliveries = new(
        "httpmq.redeliveries", MetricKind.Counter, "{delivery}", "Deliveries from JetStream that are not the first of their message");

    public static readonly MetricName PendingBytes = new(
        "httpmq.deliveries.pending", MetricKind.Gauge, "By", "What waits for subscribers, with what keeping it costs");

    public static readonly MetricName OpenSessions = new(
        "httpmq.sessions.open", MetricKind.UpDown, "{session}", "Subscriptions, replays and pulls that are open", Source, Framing);

    public static readonly MetricName EndedSessions = new(
        "httpmq.sessions.ended", MetricKind.Counter, "{session}",
        "Subscriptions, replays and pulls that have ended, by why", Source, Framing, Reason);

    public static readonly MetricName OpenBatches = new(
        "httpmq.batches.open", MetricKind.UpDown, "{batch}", "Batches of publishes that are open");

    public static readonly MetricName InflightRequests = new(
        "httpmq.requests.inflight", MetricKind.Gauge, "{request}", "Publishes and settlements that wait for JetStream", Connection);

    public static readonly MetricName NatsConnected = new(
        "httpmq.nats.connected", MetricKind.Gauge, "{connection}", "1 while the connection to NATS is open, else 0", Connection);

    public static readonly MetricName NatsReconnects = new(
        "httpmq.nats.reconnects", MetricKind.Counter, "{connection}",
        "Connections to NATS that were opened again after a loss", Connection);

    public static readonly MetricName EmbeddedRestarts = new(
        "httpmq.embedded_nats.restarts", MetricKind.Counter, "{restart}", "Times that the embedded nats-server had to be started again");

    public static readonly MetricName AccessRefusals = new(
        "httpmq.access.refusals", MetricKind.Counter, "{request}",
        "Requests, and records of batches, whose sender is not known or may not", ErrorType);

    public static readonly MetricName RateRefusals = new(
        "httpmq.rate_limit.refusals", MetricKind.Counter, "{request}", "Requests, and records of batches, beyond a rate limit", Reason);

    public static readonly MetricName StreamMessages = new(
        "jetstream_stream_total_messages", MetricKind.Gauge, "", "Messages in the stream", StreamName);

    public static readonly MetricName StreamBytes = new(
        "jetstream_stream_total_bytes", MetricKind.Gauge, "", "Bytes that the stream stores", StreamName);

    public static readonly MetricName StreamFirst = new(
        "jetstream_stream_first_seq", MetricKind.Gauge, "", "The stream's first sequence", StreamName);

    public static readonly MetricName StreamLast = new(
        "jetstream_stream_last_seq", MetricKind.Gauge, "", "The stream's last sequence", StreamName);

    public static readonly MetricName StreamConsumers = new(
        "jetstream_stream_consumer_count", MetricKind.Gauge, "", "Consumers of the stream", StreamName);

    public static readonly MetricName ConsumerPending = new(
        "jetstream_consumer_num_pending", MetricKind.Gauge, "",
        "Messages that the consumer has not delivered yet", StreamName, ConsumerName);

    public static readonly MetricName ConsumerAckPending = new(
        "jetstream_consumer_num_ack_pending", MetricKind.Gauge, "", "Deliveries that are not settled yet", StreamName, ConsumerName);

    public static readonly MetricName ConsumerRedelivered = new(
        "jetstream_consumer_num_redelivered", MetricKind.Gauge, "",
        "Messages that were delivered more than once and are not settled", StreamName,
        ConsumerName);

    public static readonly MetricName ConsumerWaiting = new(
        "jetstream_consumer_num_waiting", MetricKind.Gauge, "",
        "Requests of a pull consumer that wait for messages", StreamName, ConsumerName);

    public static readonly MetricName ConsumerDeliveredConsumer = new(
        "jetstream_consumer_delivered_consumer_seq", MetricKind.Gauge, "",
        "The consumer sequence of the last delivery", StreamName, ConsumerName);

    public static readonly MetricName ConsumerDeliveredStream = new(
        "jetstream_consumer_delivered_stream_seq", MetricKind.Gauge, "",
        "The stream sequence of the last delivery", StreamName, ConsumerName);

    public static readonly MetricName ConsumerFloorConsumer = new(
        "jetstream_consumer_ack_floor_consumer_seq", MetricKind.Gauge, "",
        "Up to this consumer sequence all is settled", StreamName, ConsumerName);

    public static readonly MetricName ConsumerFloorStream = new(
        "jetstream_consumer_ack_floor_stream_seq", MetricKind.Gauge, "",
        "Up to this stream sequence all is settled", StreamName, ConsumerName);

    public static readonly MetricName LagOmitted = new(
        "httpmq.lag.omitted", MetricKind.Gauge, "{consumer}",
        "Streams and consumers that are beyond the limit and have no jetstream_… series");

    public static readonly MetricName LagAge = new(
        "httpmq.lag.age", MetricKind.Gauge, "s",
        "How long ago the jetstream_… series were gathered; they end when JetStream stays silent");

    /// <summary>Those of <see cref="Meter"/>, in the order of the documentation.</summary>
    public static IReadOnlyList<MetricName> All { get; } =
    [
        Publishes, PublishDuration, PublishBytes, Settlements, SettleDuration, Deliveries, DeliveryBytes, Redeliveries, PendingBytes,
        OpenSessions, EndedSessions, OpenBatches, InflightRequests, NatsConnected, NatsReconnects, EmbeddedRestarts,
        AccessRefusals, RateRefusals,
    ];

    /// <summary>Those of <see cref="LagMeter"/>, in the order of the documentation.</summary>
    public static IReadOnlyList<MetricName> Lag { get; } =
    [
        StreamMessages, StreamBytes, StreamFirst, StreamLast, StreamConsumers, ConsumerPending, ConsumerAckPending, ConsumerRedelivered,
        ConsumerWaiting, ConsumerDeliveredConsumer, ConsumerDeliveredStream, ConsumerFloorConsumer, ConsumerFloorStream, LagOmitted,
        LagAge,
    ];
}
