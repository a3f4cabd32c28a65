using System.Globalization;
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
    // An error of a thousand entries helps nobody.
    private const int MostNamed = 10;

    public static IRuleBuilderOptionsConditions<T, string?> EntityName<T>(this IRuleBuilder<T, string?> rule, string field) =>
        rule.Custom((value, context) =>
        {
            if (!Domain.Naming.EntityName.IsValid(value))
            {
                context.Refuse(field, value, NameError(field, value));
            }
        });

    /// <summary>The name of a stream that shall be defined or changed: a name, and not that of the gateway's own.</summary>
    public static IRuleBuilderOptionsConditions<T, string?> ChangeableStream<T>(this IRuleBuilder<T, string?> rule, string field) =>
        rule.Custom((value, context) =>
        {
            if (ValidateChangeable(field, value) is { } reason)
            {
                context.Refuse(field, value, reason);
            }
        });

    public static IRuleBuilderOptionsConditions<T, string?> SubjectFilter<T>(this IRuleBuilder<T, string?> rule, string field) =>
        rule.Custom((value, context) =>
        {
            if (!Domain.Naming.SubjectFilter.TryParse(value, out _, out var reason))
            {
                context.Refuse(field, value, $"{field}: {Quote(value)} {reason}");
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
                if (named < MostNamed && !Domain.Naming.SubjectFilter.TryParseForStream(value, out _, out var reason))
                {
                    named++;
                    context.Refuse(field, value, $"{field}: {Quote(value)} {reason}");
                }
            }
        });

    public static IRuleBuilderOptionsConditions<T, string?> Description<T>(this IRuleBuilder<T, string?> rule, string field) =>
        rule.Custom((value, context) =>
        {
            if (Domain.Limits.Description.Validate(value) is { } reason)
            {
                context.Refuse(field, value, $"{field}: {reason}");
            }
        });

    public static IRuleBuilderOptionsConditions<T, IReadOnlyDictionary<string, string>?> Metadata<T>(
        this IRuleBuilder<T, IReadOnlyDictionary<string, string>?> rule,
        string field) =>
        rule.Custom((value, context) =>
        {
            if (Domain.Limits.Metadata.Validate(value) is { } reason)
            {
                context.Refuse(field, value, $"{field}: {reason}");
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

    public static IRuleBuilderOptionsConditions<T, long?> AtMost<T>(this IRuleBuilder<T, long?> rule, string field, long most) =>
        rule.Custom((value, context) =>
        {
            if (value > most)
            {
                context.Refuse(field, value, $"{field}: {value} is more than {most}");
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
                context.Refuse(
                    field, value,
                    $"{field}: {GivenDuration.Describe(length)} is not 0 ({none}) or at least {GivenDuration.Describe(least)}"
                    + SecondsHint(given));
            }
        });

    /// <summary>A duration that is not too short, and for which 0 means nothing.</summary>
    /// <param name="rule">For which property.</param>
    /// <param name="field">The field as the client wrote it.</param>
    /// <param name="least">The shortest, in nanoseconds.</param>
    /// <param name="insteadOfNone">What to write instead of 0.</param>
    public static IRuleBuilderOptionsConditions<T, GivenDuration?> NoShorterThan<T>(
        this IRuleBuilder<T, GivenDuration?> rule, string field, long least, string insteadOfNone) =>
        rule.Custom((value, context) =>
        {
            if (value is { Nanoseconds: var length } given && length < least)
            {
                var hint = length == 0 ? $"; {insteadOfNone}" : SecondsHint(given);
                context.Refuse(
                    field, value, $"{field}: {GivenDuration.Describe(length)} is less than {GivenDuration.Describe(least)}{hint}");
            }
        });

    public static IRuleBuilderOptionsConditions<T, long?> Between<T>(
        this IRuleBuilder<T, long?> rule, string field, long least, long most) =>
        rule.Custom((value, context) =>
        {
            if (value < least || value > most)
            {
                context.Refuse(field, value, $"{field}: {value} is not from {least} to {most}");
            }
        });

    public static IRuleBuilderOptionsConditions<T, GivenDuration?> NoLongerThan<T>(
        this IRuleBuilder<T, GivenDuration?> rule, string field, long most) =>
        rule.Custom((value, context) =>
        {
            if (value is { Nanoseconds: var length } && length > most)
            {
                context.Refuse(
                    field, value, $"{field}: {GivenDuration.Describe(length)} is longer than {GivenDuration.Describe(most)}");
            }
        });

    /// <summary>Text that JetStream decides about: it is not empty, not long, and can be shown.</summary>
    public static IRuleBuilderOptionsConditions<T, string?> Word<T>(this IRuleBuilder<T, string?> rule, string field) =>
        rule.Custom((value, context) =>
        {
            if (value is not null && (value.Length is 0 or > Domain.Naming.EntityName.MaxLength || !value.All(IsVisible)))
            {
                context.Refuse(
                    field, value,
                    $"{field}: {Quote(value)} is not 1 to {Domain.Naming.EntityName.MaxLength} characters of ASCII without white space");
            }
        });

    /// <summary>A field that means nothing without another.</summary>
    public static IRuleBuilderOptionsConditions<T, TValue> OnlyWith<T, TValue>(
        this IRuleBuilder<T, TValue> rule, string field, string other, Func<T, object?> otherOf) =>
        rule.Custom((value, context) =>
        {
            if (value is not null && otherOf(context.InstanceToValidate) is null)
            {
                context.Refuse(field, value, $"{field}: it is taken with {other} only");
            }
        });

    /// <summary>For handlers without validators, and for names that a validator has passed already.</summary>
    public static StreamName Stream(string? value) => StreamName.TryParse(value, out var name)
        ? name
        : throw new HttpmqException(RequestErrors.StreamName(value, NameError("stream", value)));

    /// <summary>As <see cref="Stream"/>, for a stream that shall be changed.</summary>
    public static StreamName ChangeableStream(string? value) => ValidateChangeable("stream", value) is { } reason
        ? throw new HttpmqException(RequestErrors.StreamName(value, reason))
        : Stream(value);

    /// <inheritdoc cref="Stream"/>
    public static ConsumerName Consumer(string? value) => ConsumerName.TryParse(value, out var name)
        ? name
        : throw new HttpmqException(RequestErrors.ConsumerName(value, NameError("consumer", value)));

    /// <inheritdoc cref="Stream"/>
    public static SubjectFilter Filter(string field, string? value) =>
        Domain.Naming.SubjectFilter.TryParse(value, out var filter, out var reason)
            ? filter
            : throw new HttpmqException(RequestErrors.Subject(field, value, reason!));

    /// <summary>A message's sequence in a path.</summary>
    public static ulong Sequence(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) && sequence > 0
            ? sequence
            : throw new HttpmqException(RequestErrors.Invalid(
                new InvalidValue("sequence", text, $"sequence: {Quote(text)} is not an integer from 1 to {ulong.MaxValue}")));

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

    private static string? ValidateChangeable(string field, string? value) =>
        !Domain.Naming.EntityName.IsValid(value) ? NameError(field, value)
        : LockSubjects.IsOwn(value) ? $"{field}: {Quote(value)} {LockSubjects.Reason}"
        : null;

    private static string SecondsHint(GivenDuration given) => given.LooksLikeSeconds
        ? $"; a number is nanoseconds: for {given.Nanoseconds} seconds write \"{given.Nanoseconds}s\""
        : string.Empty;

    private static bool IsVisible(char character) => character is > ' ' and <= '~';

    private static string NameError(string field, string? value) => value is null
        ? $"{field} is required: {Domain.Naming.EntityName.Rule}"
        : $"{field}: {Quote(value)} is not {Domain.Naming.EntityName.Rule}";
}
