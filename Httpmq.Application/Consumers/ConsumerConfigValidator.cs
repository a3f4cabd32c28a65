using FluentValidation;
using Httpmq.Application.Validation;
using Httpmq.Domain.Consumers;

namespace Httpmq.Application.Consumers;

/// <summary>All of a configuration but the name, what the mode says, and max_inflight.</summary>
internal sealed class ConsumerConfigValidator : AbstractValidator<ConsumerConfig>
{
    public ConsumerConfigValidator()
    {
        RuleFor(config => config.MaxDeliver).AtLeast("max_retry", -1);
        RuleFor(config => config.AckWait).NoneOrAtLeast("ack_wait", "30 s", ConsumerConfig.ShortestAckWait);
        RuleFor(config => config.FilterSubject).SubjectFilter("filter_subject").When(config => config.FilterSubject is { Length: > 0 });
        RuleForEach(config => config.FilterSubjects).SubjectFilter("filter_subjects");
        RuleFor(config => config.FilterSubjects).Empty().OverridePropertyName("filter_subjects")
            .WithMessage("filter_subjects: not together with filter_subject").When(config => config.FilterSubject is { Length: > 0 });
        RuleFor(config => config.DeliverGroup).EntityName("delivery_group").When(config => config.DeliverGroup is { Length: > 0 });
        RuleFor(config => config.Metadata).Metadata("metadata");
        RuleFor(config => config).Fields();
    }
}
