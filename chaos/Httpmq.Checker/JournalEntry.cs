using System.Text.Json.Serialization;

namespace Httpmq.Checker;

/// <summary>What a publisher knows about its message.</summary>
public enum PublishOutcome
{
    /// <summary>Answered 200: it is in the stream.</summary>
    Stored,

    /// <summary>Answered with an error that says it was not stored.</summary>
    Refused,

    /// <summary>Answered that nobody knows, or not answered.</summary>
    Unknown,
}

/// <summary>What a subscriber knows about its acknowledgement.</summary>
public enum AckOutcome
{
    /// <summary>Answered 200: the message must not come again.</summary>
    Confirmed,

    /// <summary>Answered that it is not possible: unknown, never sent, invalid.</summary>
    Refused,

    /// <summary>Unavailable, out of time, or not answered.</summary>
    Unknown,
}

/// <summary>
/// One line of a journal. Times are microseconds since the run began, from one clock. A message is named by a text that
/// identifies its bytes; to the checker it is nothing but equal or different.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(PublishEntry), "publish")]
[JsonDerivedType(typeof(DeliveryEntry), "delivery")]
[JsonDerivedType(typeof(ReplayEntry), "replay")]
[JsonDerivedType(typeof(AckEntry), "ack")]
[JsonDerivedType(typeof(EndEntry), "end")]
[JsonDerivedType(typeof(FaultEntry), "fault")]
[JsonDerivedType(typeof(ServerEntry), "server")]
[JsonDerivedType(typeof(StreamEntry), "stream")]
[JsonDerivedType(typeof(BusyEntry), "busy")]
[JsonDerivedType(typeof(RequestEntry), "request")]
[JsonDerivedType(typeof(HoldersEntry), "holders")]
[JsonDerivedType(typeof(ChangeEntry), "change")]
[JsonDerivedType(typeof(NoteEntry), "note")]
[JsonDerivedType(typeof(ExitEntry), "exit")]
[JsonDerivedType(typeof(StoredEntry), "stored")]
[JsonDerivedType(typeof(ConsumerEntry), "consumer")]
public abstract record JournalEntry(long At);

/// <summary>A publish through a gateway, from its start to its end; the sequence counts only where it was stored.</summary>
public sealed record PublishEntry(
    long At,
    long Until,
    string Message,
    PublishOutcome Outcome,
    ulong Sequence = 0,
    int Status = 0,
    string? Detail = null,
    string Through = "") : JournalEntry(At);

/// <summary>A message that a subscriber received, and on which of its subscriptions.</summary>
public sealed record DeliveryEntry(
    long At,
    string Consumer,
    string Subscription,
    ulong Sequence,
    ulong ConsumerSequence,
    string Message) : JournalEntry(At);

/// <summary>A message that a replay's reader received; it reads on where it was when its answer breaks off.</summary>
public sealed record ReplayEntry(long At, string Reader, ulong Sequence, string Message) : JournalEntry(At);

/// <summary>An acknowledgement, from its start to its end.</summary>
public sealed record AckEntry(
    long At,
    long Until,
    string Consumer,
    ulong Sequence,
    ulong ConsumerSequence,
    AckOutcome Outcome,
    int Status = 0,
    string? Detail = null) : JournalEntry(At);

/// <summary>A subscription was ended by the gateway with a last line.</summary>
/// <param name="Code">The error's code: 404 says that the consumer is gone.</param>
public sealed record EndEntry(long At, string Subscription, int Code, string Detail) : JournalEntry(At);

/// <summary>What a fault can explain.</summary>
[Flags]
public enum FaultEffects
{
    None = 0,

    /// <summary>What is under way arrives late: after the fault is over.</summary>
    Delays = 1,

    /// <summary>A consumer may lose its leader.</summary>
    ChangesLeader = 2,

    /// <summary>A nats-server is ended in order.</summary>
    StopsServer = 4,

    /// <summary>The nats-server with the stream's leading copy, or its only one, is killed.</summary>
    KillsCopy = 8,

    /// <summary>Clients do not reach a gateway, or do not hear its answers, in time.</summary>
    HoldsClients = 16,

    /// <summary>Nothing that others do may suffer.</summary>
    HarmsNobody = 32,

    /// <summary>A nats-server is cut off from the others, and may still take itself for a leader.</summary>
    SplitsCluster = 64,
}

/// <summary>Something was broken on purpose, or is whole again.</summary>
public sealed record FaultEntry(long At, string What, FaultEffects Effects = FaultEffects.None, bool Over = false) : JournalEntry(At);

/// <summary>A nats-server that started, and keeps its version until it starts again.</summary>
public sealed record ServerEntry(long At, string Version, string Node = "") : JournalEntry(At);

/// <summary>The run itself was not scheduled in this time: the machine had other things to do, and nobody's answers can be timed.</summary>
public sealed record BusyEntry(long At, long Until) : JournalEntry(At);

/// <summary>How many copies the stream and its consumers have.</summary>
public sealed record StreamEntry(long At, int Copies) : JournalEntry(At);

/// <summary>A request other than a publish or an acknowledgement: only how long its answer took counts.</summary>
public sealed record RequestEntry(long At, long Until, string What, int Status, string? Detail = null) : JournalEntry(At);

/// <summary>
/// Several asked at once for a push consumer without a group: how many had a subscription open some time afterwards, and how many of
/// them received the message that was published then.
/// </summary>
public sealed record HoldersEntry(long At, string Consumer, int Open, int Received) : JournalEntry(At);

/// <summary>One of several changes that were asked for at once: what was answered 200 must be there afterwards.</summary>
/// <param name="Found">What JetStream has; null when it did not say.</param>
public sealed record ChangeEntry(long At, string What, int Status, string Wanted, string? Found, string? Detail = null) : JournalEntry(At);

/// <summary>Something that explains, and decides nothing: a subscription that opened or ended, a server that was slow.</summary>
public sealed record NoteEntry(long At, string Who, string What) : JournalEntry(At);

/// <summary>A server process ended: because it was told to stop in an orderly way, or by itself.</summary>
public sealed record ExitEntry(long At, string Who, int Code, bool Told) : JournalEntry(At);

/// <summary>A message that the stream holds at the end; the time is when the stream says that it was stored.</summary>
public sealed record StoredEntry(long At, ulong Sequence, string Message) : JournalEntry(At);

/// <summary>What a consumer holds at the end.</summary>
public sealed record ConsumerEntry(long At, string Consumer, ulong AckFloor, ulong Pending, long AckPending) : JournalEntry(At);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(JournalEntry))]
internal sealed partial class JournalJson : JsonSerializerContext;
