using FluentValidation;
using FluentValidation.Results;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Streams;
using MediatR;

namespace Httpmq.Application.Streams;

/// <summary>Removes messages of a stream; how many were removed.</summary>
public sealed record PurgeStream(Caller Caller, string Stream, PurgeScope Scope) : IRequest<ulong>, IValidatedRequest;

internal sealed class PurgeStreamValidator : AbstractValidator<PurgeStream>
{
    public PurgeStreamValidator()
    {
        RuleFor(command => command.Stream).ChangeableStream("stream");
        RuleFor(command => command.Scope.Filter).SubjectFilter("filter").When(command => command.Scope.Filter is not null);
        RuleFor(command => command.Scope).Custom(static (scope, context) =>
        {
            // JetStream takes 0 for "all of them", which somebody who writes 0 hardly means.
            if (scope.Seq is 0)
            {
                const string Reason = "seq: 0 is less than 1; messages before this sequence are removed";
                context.AddFailure(new ValidationFailure("seq", Reason, scope.Seq));
            }

            if (Sequences.Validate(scope.Seq) is { } reason)
            {
                context.AddFailure(new ValidationFailure("seq", $"seq: {reason}", scope.Seq));
            }

            if (scope is { Seq: not null, Keep: not null })
            {
                context.AddFailure(new ValidationFailure("keep", "keep: not together with seq", scope.Keep));
            }
        });
    }
}

internal sealed class PurgeStreamHandler(IStreamContents contents) : IRequestHandler<PurgeStream, ulong>
{
    public Task<ulong> Handle(PurgeStream request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        HttpmqException.ThrowIf(request.Caller.CheckManage(stream));
        return contents.PurgeAsync(stream, request.Scope, cancellationToken);
    }
}
