using FluentValidation;
using FluentValidation.Results;
using Httpmq.Application.Validation;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;

namespace Httpmq.Application.Streams;

/// <summary>All of a configuration but the name.</summary>
internal sealed class StreamConfigValidator : AbstractValidator<StreamConfig>
{
    public StreamConfigValidator()
    {
        RuleFor(config => config.Description).Description("description");
        RuleFor(config => config.Subjects).StreamSubjects("subjects");
        RuleFor(config => (StreamLimits)config).SetValidator(new StreamLimitsValidator());
        RuleFor(config => config.NumReplicas)
            .InclusiveBetween(1, StreamConfig.MostReplicas).OverridePropertyName("replicas")
            .WithMessage(config => $"replicas: {config.NumReplicas} is not within 1 and {StreamConfig.MostReplicas}");
        RuleFor(config => config.DuplicateWindow)
            .Must(static (config, window) => window is not { } given || given.Nanoseconds <= config.MaxAge!.Value.Nanoseconds)
            .OverridePropertyName("duplicate_window")
            .WithMessage(static config =>
                $"duplicate_window: {GivenDuration.Describe(config.DuplicateWindow!.Value.Nanoseconds)} is longer than "
                + $"max_age, {GivenDuration.Describe(config.MaxAge!.Value.Nanoseconds)}; leave it out, or make it at most as long")
            .When(static config => config.MaxAge is { Nanoseconds: > 0 });
        RuleFor(config => config.NoAck)
            .NotEqual(true).OverridePropertyName("no_ack")
            .WithMessage("no_ack: true: JetStream would never confirm a publish, and each would end in a time-out although it is stored; "
                + "leave it out");
        RuleFor(config => config.Metadata).Metadata("metadata");
        RuleFor(config => config).Fields();
        RuleFor(config => config).Custom(static (config, context) =>
        {
            foreach (var (field, destination) in Destinations(config))
            {
                if (destination is not null && SubjectDestination.ReasonAgainst(destination) is { } reason)
                {
                    context.AddFailure(new ValidationFailure(field, $"{field}: {Rules.Quote(destination)} {reason}", destination));
                }
            }
        });
    }

    /// <summary>Where JetStream publishes or stores by itself what it gets.</summary>
    private static IEnumerable<(string Field, string? Destination)> Destinations(StreamConfig config) =>
    [
        ("republish.dest", config.Republish?.Dest),
        ("subject_transform.dest", config.SubjectTransform?.Dest),
        .. Destinations("mirror", config.Mirror),
        .. (config.Sources ?? []).SelectMany(static (source, index) => Destinations($"sources[{index}]", source)),
    ];

    private static IEnumerable<(string Field, string? Destination)> Destinations(string field, StreamSource? source) =>
    [
        .. (source?.SubjectTransforms ?? []).Select((transform, index) => ($"{field}.subject_transforms[{index}].dest", transform?.Dest)),
        ($"{field}.consumer.deliver_subject", source?.Consumer?.DeliverSubject),
        // JetStream appends tokens of its own.
        ($"{field}.external.deliver", source?.External?.Deliver is { Length: > 0 } deliver ? $"{deliver}.>" : null),
    ];
}
