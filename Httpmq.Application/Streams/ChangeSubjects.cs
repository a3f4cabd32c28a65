using FluentValidation;
using Httpmq.Application.Validation;
using MediatR;

namespace Httpmq.Application.Streams;

/// <summary>Replaces the subjects of a stream; at least one.</summary>
public sealed record ChangeSubjects(string Stream, IReadOnlyList<string?>? Subjects) : IRequest, IValidatedRequest;

internal sealed class ChangeSubjectsValidator : AbstractValidator<ChangeSubjects>
{
    public ChangeSubjectsValidator()
    {
        RuleFor(command => command.Stream).EntityName("stream");
        RuleFor(command => command.Subjects).NotEmpty().WithMessage("subjects: at least one is required");
        RuleFor(command => command.Subjects).StreamSubjects("subjects");
    }
}

internal sealed class ChangeSubjectsHandler(IStreamStore streams) : IRequestHandler<ChangeSubjects>
{
    public async Task<Unit> Handle(ChangeSubjects request, CancellationToken cancellationToken)
    {
        var subjects = request.Subjects!.Select(subject => Rules.Filter("subjects", subject)).ToArray();
        await streams.ChangeSubjectsAsync(Rules.Stream(request.Stream), subjects, cancellationToken);
        return Unit.Value;
    }
}
