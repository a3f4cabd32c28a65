using FluentValidation;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;
using MediatR;

namespace Httpmq.Application.Streams;

/// <summary>
/// The subjects that a stream has messages of, with their counts, in the order of their names. Where no limit is given, the first 1,000.
/// </summary>
public sealed record ListSubjects(Caller Caller, string Stream, ListQuery Query) : IRequest<SubjectPage>, IValidatedRequest;

internal sealed class ListSubjectsValidator : AbstractValidator<ListSubjects>
{
    public ListSubjectsValidator() => RuleFor(query => query.Query).SetValidator(new ListQueryValidator());
}

internal sealed class ListSubjectsHandler(IStreamContents contents) : IRequestHandler<ListSubjects, SubjectPage>
{
    private const int DefaultLimit = 1000;

    public Task<SubjectPage> Handle(ListSubjects request, CancellationToken cancellationToken)
    {
        var stream = Rules.ChangeableStream(request.Stream);
        SubjectFilter? filter = request.Query.Subject is { } text ? Rules.Filter("subject", text) : null;
        if (!request.Caller.Permissions.Manage(stream))
        {
            HttpmqException.ThrowIf(request.Caller.CheckRead(filter is null ? [] : [filter.Value]));
        }

        var page = request.Query.Page;
        return contents.ListSubjectsAsync(stream, filter, new Page(page.Offset, page.Limit ?? DefaultLimit), cancellationToken);
    }
}
