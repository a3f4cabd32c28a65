using FluentValidation;
using Httpmq.Application.Validation;
using Httpmq.Domain.Streams;

namespace Httpmq.Application.Streams;

internal sealed class StreamLimitsValidator : AbstractValidator<StreamLimits>
{
    public StreamLimitsValidator()
    {
        RuleFor(limits => limits.MaxConsumers).AtLeast("max_consumers", -1);
        RuleFor(limits => limits.MaxMsgs).AtLeast("max_msgs", -1);
        RuleFor(limits => limits.MaxBytes).AtLeast("max_bytes", -1);
        RuleFor(limits => limits.MaxMsgsPerSubject).AtLeast("max_msgs_per_subject", -1);
        RuleFor(limits => (long?)limits.MaxMsgSize).AtLeast("max_msg_size", -1);
        RuleFor(limits => limits.MaxAge).NoneOrAtLeast("max_age", "no limit", StreamLimits.ShortestMaxAge);
    }
}
