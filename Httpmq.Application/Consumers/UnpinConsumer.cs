using FluentValidation;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using MediatR;

namespace Httpmq.Application.Consumers;

/// <summary>Lets another subscriber of a priority group be the one that is served.</summary>
public sealed record UnpinConsumer(Caller Caller, string Stream, string Consumer, string? Group) : IRequest, IValidatedRequest;

internal sealed class UnpinConsumerValidator : AbstractValidator<UnpinConsumer>
{
    public UnpinConsumerValidator() => RuleFor(command => command.Group).NotEmpty().OverridePropertyName("group")
        .WithMessage("group is required: the name of a priority group");
}

internal sealed class UnpinConsumerHandler(IConsumerControl control) : IRequestHandler<UnpinConsumer>
{
    public async Task<Unit> Handle(UnpinConsumer request, CancellationToken cancellationToken)
    {
        var (stream, consumer) = (Rules.ChangeableStream(request.Stream), Rules.Consumer(request.Consumer));
        HttpmqException.ThrowIf(request.Caller.CheckManage(stream));
        await control.UnpinAsync(stream, consumer, request.Group!, cancellationToken);
        return Unit.Value;
    }
}
