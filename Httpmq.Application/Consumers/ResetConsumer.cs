using FluentValidation;
using FluentValidation.Results;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using MediatR;

namespace Httpmq.Application.Consumers;

/// <summary>
/// Sets a consumer to another position, back or forth; its consumer sequences begin at 1 again. Where it goes on from.
/// </summary>
/// <param name="Caller">Who asks.</param>
/// <param name="Stream">The stream.</param>
/// <param name="Consumer">The consumer.</param>
/// <param name="Sequence">The stream sequence of the next message; null: the first that is not acknowledged.</param>
public sealed record ResetConsumer(Caller Caller, string Stream, string Consumer, ulong? Sequence) : IRequest<ulong>, IValidatedRequest;

internal sealed class ResetConsumerValidator : AbstractValidator<ResetConsumer>
{
    public ResetConsumerValidator() => RuleFor(command => command.Sequence).Custom(static (sequence, context) =>
    {
        // JetStream takes 0 for "the first that is not acknowledged".
        if (sequence is 0)
        {
            context.AddFailure(new ValidationFailure("seq", "seq: 0 is less than 1", sequence));
        }

        if (Sequences.Validate(sequence) is { } reason)
        {
            context.AddFailure(new ValidationFailure("seq", $"seq: {reason}", sequence));
        }
    });
}

internal sealed class ResetConsumerHandler(IConsumerControl control) : IRequestHandler<ResetConsumer, ulong>
{
    public Task<ulong> Handle(ResetConsumer request, CancellationToken cancellationToken)
    {
        var (stream, consumer) = (Rules.ChangeableStream(request.Stream), Rules.Consumer(request.Consumer));
        HttpmqException.ThrowIf(request.Caller.CheckManage(stream));
        return control.ResetAsync(stream, consumer, request.Sequence, cancellationToken);
    }
}
