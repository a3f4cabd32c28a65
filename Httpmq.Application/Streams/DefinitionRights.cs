using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;

namespace Httpmq.Application.Streams;

/// <summary>What a definition of a stream reads and writes beyond the stream. Who manages all streams may define anything.</summary>
internal static class DefinitionRights
{
    /// <summary>Null where the caller may define the stream like this, else the refusal.</summary>
    public static Error? Check(Caller caller, StreamName stream, StreamConfig config) =>
        caller.CheckManage(stream) is { } refusal ? refusal
        : caller.Permissions.ManagesAll ? null
        : CheckTaken(caller, config.Subjects)
            ?? CheckSources(caller, config)
            ?? CheckSubject(caller, "republish", config.Republish?.Dest)
            ?? (config.Republish is { } republish ? CheckCopied(caller, "republish", republish.Src) : null)
            ?? CheckSubject(caller, "subject_transform", config.SubjectTransform?.Dest);

    /// <summary>
    /// A stream that takes any first token would store what the consumers of others deliver, and what JetStream tells of other streams.
    /// </summary>
    public static Error? CheckTaken(Caller caller, IReadOnlyList<string?>? subjects) =>
        !caller.Permissions.ManagesAll
        && (subjects ?? []).FirstOrDefault(
            static one => SubjectFilter.TryParse(one, out var filter, out _) && filter.FindReserved() is not null) is { } taken
            ? AccessErrors.Touch(caller, "subjects", taken)
            : null;

    /// <summary>
    /// Defines a stream. Where JetStream refuses because another stream takes the subjects, that one is named only to who may see it.
    /// </summary>
    public static async Task<T> DefineAsync<T>(
        Caller caller, IStreamStore streams, Func<Task<T>> define, CancellationToken cancellationToken)
    {
        try
        {
            return await define();
        }
        catch (HttpmqException exception) when (!caller.Permissions.ManagesAll
            && exception.Error is { Type: var type } error && type == JetStreamErrorTypes.SubjectsOverlapType
            && error["other_stream"] is string other)
        {
            if (await MaySeeAsync(caller, streams, StreamName.OfExisting(other), cancellationToken))
            {
                throw;
            }

            throw new HttpmqException(
                error with { Members = [.. error.Members.Where(static one => one.Name is not ("subject" or "taken" or "other_stream"))] },
                exception);
        }
    }

    private static async Task<bool> MaySeeAsync(
        Caller caller, IStreamStore streams, StreamName stream, CancellationToken cancellationToken)
    {
        try
        {
            await Rights.SeeAsync(caller, stream, () => streams.GetAsync(stream, cancellationToken));
            return true;
        }
        catch (HttpmqException)
        {
            // Also where it cannot be told: what was asked is refused in any case.
            return false;
        }
    }

    private static Error? CheckSources(Caller caller, StreamConfig config)
    {
        if (config.Mirror is { } mirror && CheckSource(caller, "mirror", mirror) is { } refusal)
        {
            return refusal;
        }

        foreach (var source in config.Sources ?? [])
        {
            if (CheckSource(caller, "sources", source) is { } other)
            {
                return other;
            }
        }

        return null;
    }

    // Another account's streams, and where JetStream sends what it copies, are nobody's but of who manages all.
    private static Error? CheckSource(Caller caller, string field, StreamSource? source) =>
        source is null ? null
        : source.External is not null || source.Consumer is not null || !StreamName.TryParse(source.Name, out var name)
            || !caller.Permissions.Manage(name)
            ? AccessErrors.Touch(caller, field, source.Name)
        : source.SubjectTransforms is { Count: > 0 } transforms
            ? transforms.Select(transform =>
                CheckSubject(caller, field, transform?.Dest) ?? CheckCopied(caller, field, transform?.Src))
                .FirstOrDefault(static refusal => refusal is not null)
        : CheckCopied(caller, field, source.FilterSubject);

    /// <summary>Who gets a copy reads it. Without a filter it is of all subjects that there are, or will be.</summary>
    private static Error? CheckCopied(Caller caller, string field, string? subjects) =>
        SubjectFilter.TryParse(string.IsNullOrEmpty(subjects) ? ">" : subjects, out var filter, out _) && caller.Permissions.ReadAll(filter)
            ? null
            : AccessErrors.Touch(caller, field, subjects);

    /// <summary>What is stored or published under other subjects is published there by whoever defines it.</summary>
    private static Error? CheckSubject(Caller caller, string field, string? destination) =>
        destination is null
            || (SubjectFilter.TryParse(SubjectDestination.Widest(destination), out var filter, out _)
                && caller.Permissions.PublishAll(filter))
            ? null
            : AccessErrors.Touch(caller, field, destination);
}
