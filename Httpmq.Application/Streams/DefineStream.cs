using FluentValidation;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Streams;
using MediatR;

namespace Httpmq.Application.Streams;

/// <summary>Creates a stream; the same again succeeds, a different one of this name is a conflict.</summary>
public sealed record DefineStream(Caller Caller, StreamConfig Config) : IRequest, IValidatedRequest;

internal sealed class DefineStreamValidator : AbstractValidator<DefineStream>
{
    public DefineStreamValidator()
    {
        RuleFor(command => command.Config.Name).ChangeableStream("name");
        RuleFor(command => command.Config.Description).Description("description");
        RuleFor(command => command.Config.Subjects).StreamSubjects("subjects");
        RuleFor(command => (StreamLimits)command.Config).SetValidator(new StreamLimitsValidator());
        RuleFor(command => command.Config.NumReplicas)
            .InclusiveBetween(1, StreamConfig.MostReplicas).OverridePropertyName("replicas")
            .WithMessage(command => $"replicas: {command.Config.NumReplicas} is not within 1 and {StreamConfig.MostReplicas}");
        RuleFor(command => command.Config.Metadata).Metadata("metadata");
    }
}

internal sealed class DefineStreamHandler(IStreamStore streams) : IRequestHandler<DefineStream>
{
    public async Task<Unit> Handle(DefineStream request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Config.Name);
        HttpmqException.ThrowIf(request.Caller.CheckManage(stream));
        await streams.CreateAsync(stream, request.Config, cancellationToken);
        return Unit.Value;
    }
}
