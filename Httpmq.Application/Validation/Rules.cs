using FluentValidation;
using FluentValidation.Results;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;

namespace Httpmq.Application.Validation;

/// <summary>
/// The value objects' rules as validation rules. Every message names the field as the client wrote it, and the value.
/// </summary>
internal static class Rules
{
    // An error of a thousand faults helps nobody.
    private const int MostNamed = 10;

    public static IRuleBuilderOptionsConditions<T, string?> EntityName<T>(this IRuleBuilder<T, string?> rule, string field) =>
        rule.Custom((value, context) =>
        {
            if (!Domain.Naming.EntityName.IsValid(value))
            {
                context.Refuse(field, value, NameFault(field, value));
            }
        });

    /// <summary>The name of a stream that shall be defined or changed: a name, and not that of the gateway's own.</summary>
    public static IRuleBuilderOptionsConditions<T, string?> ChangeableStream<T>(this IRuleBuilder<T, string?> rule, string field) =>
        rule.Custom((value, context) =>
        {
            if (FaultOfChangeable(field, value) is { } fault)
            {
                context.Refuse(field, value, fault);
            }
        });

    public static IRuleBuilderOptionsConditions<T, string?> SubjectFilter<T>(this IRuleBuilder<T, string?> rule, string field) =>
        rule.Custom((value, context) =>
        {
            if (!Domain.Naming.SubjectFilter.TryParse(value, out _, out var fault))
            {
                context.Refuse(field, value, $"{field}: {Quote(value)} {fault}");
            }
        });

    /// <summary>Subjects that a stream shall take; the first few that it cannot are named.</summary>
    public static IRuleBuilderOptionsConditions<T, IReadOnlyList<string?>?> StreamSubjects<T>(
        this IRuleBuilder<T, IReadOnlyList<string?>?> rule, string field) =>
        rule.Custom((values, context) =>
        {
            if (values?.Count > StreamConfig.MostSubjects)
            {
                context.Refuse(field, values, $"{field}: {values.Count} are more than {StreamConfig.MostSubjects}; use wildcards");
                return;
            }

            var named = 0;
            foreach (var value in values ?? [])
            {
                if (named < MostNamed && !Domain.Naming.SubjectFilter.TryParseForStream(value, out _, out var fault))
                {
                    named++;
                    context.Refuse(field, value, $"{field}: {Quote(value)} {fault}");
                }
            }
        });

    public static IRuleBuilderOptionsConditions<T, string?> Description<T>(this IRuleBuilder<T, string?> rule, string field) =>
        rule.Custom((value, context) =>
        {
            if (Domain.Limits.Description.FaultOf(value) is { } fault)
            {
                context.Refuse(field, value, $"{field}: {fault}");
            }
        });

    public static IRuleBuilderOptionsConditions<T, IReadOnlyDictionary<string, string>?> Metadata<T>(
        this IRuleBuilder<T, IReadOnlyDictionary<string, string>?> rule,
        string field) =>
        rule.Custom((value, context) =>
        {
            if (Domain.Limits.Metadata.FaultOf(value) is { } fault)
            {
                context.Refuse(field, value, $"{field}: {fault}");
            }
        });

    public static IRuleBuilderOptionsConditions<T, long?> AtLeast<T>(this IRuleBuilder<T, long?> rule, string field, long least) =>
        rule.Custom((value, context) =>
        {
            if (value < least)
            {
                context.Refuse(field, value, $"{field}: {value} is less than {least}");
            }
        });

    /// <summary>A duration that is 0 or not too short.</summary>
    /// <param name="rule">For which property.</param>
    /// <param name="field">The field as the client wrote it.</param>
    /// <param name="none">What 0 means.</param>
    /// <param name="least">The shortest, in nanoseconds.</param>
    public static IRuleBuilderOptionsConditions<T, GivenDuration?> NoneOrAtLeast<T>(
        this IRuleBuilder<T, GivenDuration?> rule, string field, string none, long least) =>
        rule.Custom((value, context) =>
        {
            if (value is { Nanoseconds: not 0 and var length } given && length < least)
            {
                var hint = given.LooksLikeSeconds ? $"; a number is nanoseconds: for {length} seconds write \"{length}s\"" : string.Empty;
                context.Refuse(
                    field, value,
                    $"{field}: {GivenDuration.Describe(length)} is not 0 ({none}) or at least {GivenDuration.Describe(least)}{hint}");
            }
        });

    /// <summary>For handlers without validators, and for names that a validator has passed already.</summary>
    public static StreamName Stream(string? value) => StreamName.TryParse(value, out var name)
        ? name
        : throw new HttpmqException(RequestErrors.StreamName(value, NameFault("stream", value)));

    /// <summary>As <see cref="Stream"/>, for a stream that shall be changed.</summary>
    public static StreamName ChangeableStream(string? value) => FaultOfChangeable("stream", value) is { } fault
        ? throw new HttpmqException(RequestErrors.StreamName(value, fault))
        : Stream(value);

    /// <inheritdoc cref="Stream"/>
    public static ConsumerName Consumer(string? value) => ConsumerName.TryParse(value, out var name)
        ? name
        : throw new HttpmqException(RequestErrors.ConsumerName(value, NameFault("consumer", value)));

    /// <inheritdoc cref="Stream"/>
    public static SubjectFilter Filter(string field, string? value) =>
        Domain.Naming.SubjectFilter.TryParse(value, out var filter, out var fault)
            ? filter
            : throw new HttpmqException(RequestErrors.Subject(field, value, fault!));

    /// <summary>The value in an error: quoted, and cut where it would fill a screen.</summary>
    public static string Quote(string? value)
    {
        const int Longest = 100;
        return value switch
        {
            null => "null",
            { Length: > Longest } => $"'{value.AsSpan(0, Longest)}…' ({value.Length} characters)",
            _ => $"'{value}'",
        };
    }

    private static void Refuse<T>(this ValidationContext<T> context, string field, object? value, string reason) =>
        context.AddFailure(new ValidationFailure(field, reason, value));

    private static string? FaultOfChangeable(string field, string? value) =>
        !Domain.Naming.EntityName.IsValid(value) ? NameFault(field, value)
        : LockSubjects.IsOwn(value) ? $"{field}: {Quote(value)} {LockSubjects.Fault}"
        : null;

    private static string NameFault(string field, string? value) => value is null
        ? $"{field} is required: {Domain.Naming.EntityName.Rule}"
        : $"{field}: {Quote(value)} is not {Domain.Naming.EntityName.Rule}";
}
