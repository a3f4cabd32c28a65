using FluentValidation;
using FluentValidation.Results;
using Httpmq.Domain.Limits;

namespace Httpmq.Application.Validation;

/// <summary>The rules of fields that v1 does not have: those of their <see cref="FieldAttribute"/>.</summary>
internal static class FieldRules
{
    // With less, somebody meant seconds.
    private const long ShortestDuration = 1_000_000;

    // An error of a thousand entries helps nobody.
    private const int MostNamed = 10;

    /// <summary>Checks every field that is named, also those within others.</summary>
    public static IRuleBuilderOptionsConditions<T, TConfig> Fields<T, TConfig>(this IRuleBuilder<T, TConfig> rule)
        where TConfig : notnull
        => rule.Custom(static (config, context) =>
        {
            var invalidValues = NamedFields.Of(config)
                .Where(static field => !field.Rules.V1)
                .Select(static field => (field.Name, field.Value, Reason: Validate(field)))
                .Concat(NamedFields.Missing(config)
                    .Select(static name => (Name: name, Value: (object?)null, Reason: (string?)"is required")))
                .Where(static field => field.Reason is not null)
                .Take(MostNamed);
            foreach (var (name, value, reason) in invalidValues)
            {
                context.AddFailure(new ValidationFailure(name, $"{name}: {reason}", value));
            }
        });

    private static string? Validate(NamedField field) => field.Value switch
    {
        null => "null, and a value is expected",
        string text when field.Rules.Values is { Length: > 0 } values && !values.Contains(text, StringComparer.Ordinal) =>
            $"{Rules.Quote(text)} is not {Either(values)}",
        GivenDuration length => Validate(length),
        ulong number => Sequences.Validate(number),
        long or int => Validate(Convert.ToInt64(field.Value), field.Rules),
        _ => null,
    };

    private static string? Validate(GivenDuration given) => given.Nanoseconds switch
    {
        < 0 => $"{given.Nanoseconds} is less than 0",
        > 0 and < ShortestDuration and var length => $"{GivenDuration.Describe(length)} is not 0 or at least "
            + $"{GivenDuration.Describe(ShortestDuration)}"
            + (given.LooksLikeSeconds ? $"; a number is nanoseconds: for {length} seconds write \"{length}s\"" : string.Empty),
        _ => null,
    };

    private static string? Validate(long value, FieldAttribute rules) =>
        value < rules.Minimum ? $"{value} is less than {rules.Minimum}"
        : value > rules.Maximum ? $"{value} is more than {rules.Maximum}"
        : null;

    private static string Either(string[] values) =>
        $"{string.Join(", ", values[..^1].Select(static value => $"'{value}'"))} or '{values[^1]}'";
}
