using Httpmq.Domain.Limits;
using Httpmq.Domain.Streams;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Streams;

/// <summary>What JetStream reports of a stream, in the domain's words.</summary>
internal static class StreamReports
{
    public static StreamInfo ToInfo(this StreamInfoWire wire)
    {
        var config = wire.Config!;
        var known = NamedFields.OnlySet(config.Known, StreamConfig.DefaultsFor(config.Known.MaxAge?.Nanoseconds ?? 0)) with
        {
            Name = config.Known.Name ?? string.Empty,
            Description = config.Known.Description ?? string.Empty,
            Subjects = config.Known.Subjects ?? [],
            MaxConsumers = config.Known.MaxConsumers ?? -1,
            MaxMsgs = config.Known.MaxMsgs ?? -1,
            MaxBytes = config.Known.MaxBytes ?? -1,
            MaxAge = config.Known.MaxAge ?? 0,
            MaxMsgsPerSubject = config.Known.MaxMsgsPerSubject ?? -1,
            MaxMsgSize = config.Known.MaxMsgSize ?? -1,
            NumReplicas = config.Known.NumReplicas ?? 1,
            Metadata = config.Known.Metadata is { Count: > 0 } metadata ? metadata : null,
            Retention = config.Known.Retention,
            Discard = config.Known.Discard,
            Storage = config.Known.Storage,
            DuplicateWindow = config.Known.DuplicateWindow,
        };

        // A mirror, what comes from sources, and what is rewritten on its way in is stored under subjects of elsewhere.
        return new StreamInfo(known, wire.Created, wire.State!)
        {
            TakesOtherSubjects = config.Holds("mirror") || config.Holds("sources") || config.Holds("subject_transform"),
        };
    }
}
