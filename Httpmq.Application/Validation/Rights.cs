using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;

namespace Httpmq.Application.Validation;

/// <summary>Rights that depend on what is there, which a refusal must not tell.</summary>
internal static class Rights
{
    /// <summary>Reads one message; who may not read its subject gets the same refusal as for a message that is not there.</summary>
    public static async Task<StoredMessage> ReadAsync(Caller caller, StreamName stream, ulong sequence, Func<Task<StoredMessage>> read)
    {
        if (caller.Permissions.ReadsAll)
        {
            return await read();
        }

        if (caller.Permissions.ReadsSome && await OrNullAsync(read) is { } message && caller.Permissions.Read(message.Subject))
        {
            return message;
        }

        throw new HttpmqException(AccessErrors.Read(caller, stream, sequence));
    }

    /// <summary>Reads a stream's configuration and state, with the same refusal whether it may not be seen or is not there.</summary>
    public static async Task<StreamInfo> SeeAsync(Caller caller, StreamName stream, Func<Task<StreamInfo>> read)
    {
        if (SeesWithoutLooking(caller, stream))
        {
            return await read();
        }

        if (caller.Permissions.ReadsSome && await OrNullAsync(read) is { } info && SeesByItsSubjects(caller, info))
        {
            return info;
        }

        throw new HttpmqException(AccessErrors.See(caller, stream));
    }

    /// <summary>Whether the stream may be seen: who manages it, uses one of its consumers, or may read all that it takes.</summary>
    public static bool Sees(Caller caller, StreamInfo stream) =>
        SeesWithoutLooking(caller, StreamName.OfExisting(stream.Config.Name!)) || SeesByItsSubjects(caller, stream);

    /// <summary>Null where some consumers of the stream may be seen, else the refusal.</summary>
    public static Error? CheckSeeConsumers(Caller caller, StreamName stream) =>
        SeesWithoutLooking(caller, stream) ? null : AccessErrors.See(caller, stream);

    /// <summary>Null where the consumer may be seen, else the refusal.</summary>
    public static Error? CheckSee(Caller caller, StreamName stream, ConsumerName consumer) =>
        caller.Permissions.ReadsAll || caller.Permissions.Manage(stream) || caller.Permissions.Consume(stream, consumer)
            ? null
            : AccessErrors.Consume(caller, stream, consumer);

    private static bool SeesWithoutLooking(Caller caller, StreamName stream) =>
        caller.Permissions.ReadsAll || caller.Permissions.Manage(stream) || caller.Permissions.ConsumesSome(stream);

    // A mirror has no subjects of its own and may hold any; so may one that rewrites them.
    private static bool SeesByItsSubjects(Caller caller, StreamInfo stream) =>
        stream is { TakesOtherSubjects: false, Config.Subjects: { Count: > 0 } subjects }
        && subjects.All(subject => SubjectFilter.TryParse(subject, out var filter, out _) && caller.Permissions.ReadAll(filter));

    private static async Task<T?> OrNullAsync<T>(Func<Task<T>> read)
        where T : class
    {
        try
        {
            return await read();
        }
        catch (HttpmqException exception) when (exception.Error.Kind is ErrorKind.NotFound)
        {
            return null;
        }
    }
}
