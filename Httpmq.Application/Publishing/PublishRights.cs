using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Application.Publishing;

/// <summary>What a message reaches beyond the subject that it is published to, by its headers.</summary>
public static class PublishRights
{
    /// <summary>Null where the caller may publish the message, else the refusal.</summary>
    public static Error? Check(Caller caller, in Publication publication)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return caller.CheckPublish(publication.Subject) ?? CheckNeeds(caller, publication.Needs);
    }

    /// <summary>Null where the caller may do what the headers ask for, else the refusal.</summary>
    /// <param name="caller">Who publishes.</param>
    /// <param name="needs">What they ask for; null: nothing.</param>
    public static Error? CheckNeeds(Caller caller, MessageNeeds? needs)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return needs is null ? null
            // What JetStream publishes later is published by the caller, and what it copies then is read by them.
            : needs.Target is { } target && caller.CheckPublish(target) is { } publish ? publish
            : needs.Source is { } source && caller.CheckRead(source) is { } read ? read
            // Whether a condition holds tells what is stored.
            : needs.Condition is { } condition && !caller.Permissions.PublishAll(condition) && !caller.Permissions.ReadAll(condition)
                ? AccessErrors.Touch(caller, PublishHeaderRules.ExpectedSubject, condition.Value)
            // It removes every other message of the stream.
            : needs.RollsUpAll && !caller.Permissions.ManagesAll && !caller.Permissions.PublishAll(SubjectFilter.Everything)
                ? AccessErrors.Touch(caller, PublishHeaderRules.Rollup, PublishHeaderRules.RollupAll)
            : null;
    }

    /// <summary>
    /// The error as the caller may see it: JetStream says which id the stream's last message has, whatever its subject.
    /// </summary>
    public static Error Hide(Caller caller, Error error)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(error);
        return error.Type == JetStreamErrorTypes.WrongLastMessageIdType && !caller.Permissions.ReadsAll
            ? error.With("description", "wrong last msg ID")
            : error;
    }
}
