using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;

namespace Httpmq.Tests.Application;

/// <summary>What ports answer in the tests of handlers.</summary>
internal static class Samples
{
    public static StreamName Stream { get; } = StreamName.OfExisting("s");

    public static ConsumerName Consumer { get; } = ConsumerName.OfExisting("c");

    /// <summary>A push consumer without group or filter, in flight 4, as the default definition makes it.</summary>
    public static ConsumerInfo Info(
        string deliverSubject = "_INBOX.x",
        string group = "",
        string[]? filters = null,
        bool bound = false,
        string notes = "",
        long maxDeliver = -1,
        long ackWait = ConsumerConfig.DefaultAckWait,
        long maxAckPending = 4,
        IReadOnlyDictionary<string, string>? metadata = null) => new(
            "s",
            "c",
            DateTimeOffset.UnixEpoch,
            new ConsumerConfig
            {
                DurableName = "c",
                Description = notes,
                DeliverSubject = deliverSubject,
                DeliverGroup = group,
                MaxDeliver = maxDeliver,
                AckWait = ackWait,
                FilterSubjects = filters,
                MaxAckPending = maxAckPending,
                Metadata = metadata,
            },
            new SequenceInfo(0, 0, LastActive: null),
            new SequenceInfo(0, 0, LastActive: null),
            0,
            0,
            0,
            0,
            bound);

    public static StreamInfo StreamInfo(params string[] subjects) => new(
        new StreamConfig { Name = "s", Subjects = subjects },
        DateTimeOffset.UnixEpoch,
        new StreamState(0, 0, 0, DateTimeOffset.MinValue, 0, DateTimeOffset.MinValue, 0));

    /// <summary>The error that this fails with.</summary>
    public static Error ErrorOf(Func<Task> action) => Assert.ThrowsAsync<HttpmqException>(action)!.Error;
}
