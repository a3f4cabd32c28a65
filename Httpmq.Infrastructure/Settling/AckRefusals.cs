using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using Httpmq.Infrastructure.Requests;

namespace Httpmq.Infrastructure.Settling;

/// <summary>What a reply says that is no confirmation, and no "no responders".</summary>
internal static class AckRefusals
{
    public static Error Of(Operation operation, in Reply reply, NatsLink link) => reply.Kind switch
    {
        ReplyKind.Answered when reply.Error is { } error => JetStreamErrors.ToError(operation, error),
        ReplyKind.Answered => AckErrors.Foreign(operation, isStream: true),
        ReplyKind.Foreign => AckErrors.Foreign(operation, isStream: false),
        ReplyKind.NotSent => link.NotConnected,
        ReplyKind.Full => PublishErrors.Full(operation),
        ReplyKind.NotPermitted => ConnectionErrors.Forbidden(operation, JetStreamSubjects.AckPrefix + ">"),
        ReplyKind.TimedOut => AckErrors.TimedOut(operation),
        _ => AckErrors.Lost(operation),
    };
}
