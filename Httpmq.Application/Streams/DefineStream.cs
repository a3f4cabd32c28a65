using FluentValidation;
using Httpmq.Application.Validation;
using Httpmq.Domain.Streams;
using MediatR;

namespace Httpmq.Application.Streams;

/// <summary>Creates a stream; the same again succeeds, a different one of this name is a conflict.</summary>
public sealed record DefineStream(string? Name, IReadOnlyList<string?>? Subjects, StreamLimits Limits, int? Replicas) : IRequest, IValidatedRequest;

internal sealed class DefineStreamValidator : AbstractValidator<DefineStream>
{
    public DefineStreamValidator()
    {
        RuleFor(command => command.Name).ChangeableStream("name");
        RuleFor(command => command.Subjects).StreamSubjects("subjects");
        RuleFor(command => command.Limits).SetValidator(new StreamLimitsValidator());
        RuleFor(command => command.Replicas)
            .InclusiveBetween(1, StreamSpec.MostReplicas)
            .WithMessage(command => $"replicas: {command.Replicas} is not within 1 and {StreamSpec.MostReplicas}");
    }
}

internal sealed class DefineStreamHandler(IStreamStore streams) : IRequestHandler<DefineStream>
{
    public async Task<Unit> Handle(DefineStream request, CancellationToken cancellationToken)
    {
        var subjects = (request.Subjects ?? []).Select(subject => Rules.Filter("subjects", subject)).ToArray();
        await streams.CreateAsync(new StreamSpec(Rules.Stream(request.Name), subjects, request.Limits, request.Replicas), cancellationToken);
        return Unit.Value;
    }
}
