using FluentValidation;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Streams;
using MediatR;

namespace Httpmq.Application.Streams;

/// <summary>Changes the limits of a stream that are given; none given changes nothing, but the stream must exist.</summary>
public sealed record ChangeLimits(Caller Caller, string Stream, StreamLimits Limits) : IRequest, IValidatedRequest;

internal sealed class ChangeLimitsValidator : AbstractValidator<ChangeLimits>
{
    public ChangeLimitsValidator()
    {
        RuleFor(command => command.Stream).ChangeableStream("stream");
        RuleFor(command => command.Limits).SetValidator(new StreamLimitsValidator());
    }
}

internal sealed class ChangeLimitsHandler(IStreamStore streams) : IRequestHandler<ChangeLimits>
{
    public async Task<Unit> Handle(ChangeLimits request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        HttpmqException.ThrowIf(request.Caller.CheckManage(stream));
        await streams.ChangeLimitsAsync(stream, request.Limits, cancellationToken);
        return Unit.Value;
    }
}
