using FluentValidation;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;
using MediatR;

namespace Httpmq.Application.Streams;

/// <summary>
/// The streams of the account that the caller may see: all, or those that a query asks for. A subject: those that take it.
/// </summary>
public sealed record ListStreams(Caller Caller, ListQuery Query) : IRequest<Listed<StreamInfo>>, IValidatedRequest;

internal sealed class ListStreamsValidator : AbstractValidator<ListStreams>
{
    public ListStreamsValidator() => RuleFor(query => query.Query).SetValidator(new ListQueryValidator());
}

/// <summary>One stream; fails where it does not exist.</summary>
public sealed record GetStream(Caller Caller, string Stream) : IRequest<StreamInfo>;

internal sealed class ReadStreamsHandler(IStreamStore streams)
    : IRequestHandler<ListStreams, Listed<StreamInfo>>, IRequestHandler<GetStream, StreamInfo>
{
    public async Task<Listed<StreamInfo>> Handle(ListStreams request, CancellationToken cancellationToken)
    {
        SubjectFilter? subject = request.Query.Subject is { } text ? Rules.Filter("subject", text) : null;
        var all = await streams.ListAsync(subject, cancellationToken);
        var seen = all.Where(stream => Rights.Sees(request.Caller, stream));
        return Lists.Of(seen, request.Query, static stream => stream.Config.Name!);
    }

    public Task<StreamInfo> Handle(GetStream request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        return Rights.SeeAsync(request.Caller, stream, () => streams.GetAsync(stream, cancellationToken));
    }
}
