using FluentValidation;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using MediatR;

namespace Httpmq.Application.Consumers;

/// <summary>Stops a consumer's deliveries until a time.</summary>
public sealed record PauseConsumer(Caller Caller, string Stream, string Consumer, DateTimeOffset? Until)
    : IRequest<PauseState>, IValidatedRequest;

/// <summary>Lets a paused consumer deliver again; one that is not paused stays as it is.</summary>
public sealed record ResumeConsumer(Caller Caller, string Stream, string Consumer) : IRequest<PauseState>;

internal sealed class PauseConsumerValidator : AbstractValidator<PauseConsumer>
{
    public PauseConsumerValidator() => RuleFor(command => command.Until).NotNull().OverridePropertyName("until")
        .WithMessage("until is required: a time such as \"2026-01-15T09:30:00Z\"");
}

internal sealed class PauseConsumerHandler(IConsumerControl control)
    : IRequestHandler<PauseConsumer, PauseState>, IRequestHandler<ResumeConsumer, PauseState>
{
    public Task<PauseState> Handle(PauseConsumer request, CancellationToken cancellationToken) =>
        PauseAsync(request.Caller, request.Stream, request.Consumer, request.Until, cancellationToken);

    public Task<PauseState> Handle(ResumeConsumer request, CancellationToken cancellationToken) =>
        PauseAsync(request.Caller, request.Stream, request.Consumer, until: null, cancellationToken);

    private Task<PauseState> PauseAsync(
        Caller caller, string stream, string consumer, DateTimeOffset? until, CancellationToken cancellationToken)
    {
        var (streamName, consumerName) = (Rules.ChangeableStream(stream), Rules.Consumer(consumer));
        HttpmqException.ThrowIf(caller.CheckManage(streamName));
        return control.PauseAsync(streamName, consumerName, until, cancellationToken);
    }
}
