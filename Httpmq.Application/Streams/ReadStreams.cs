using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;
using MediatR;

namespace Httpmq.Application.Streams;

/// <summary>All streams of the account that the caller may see.</summary>
public sealed record ListStreams(Caller Caller) : IRequest<IReadOnlyList<StreamInfo>>;

/// <summary>One stream; fails where it does not exist.</summary>
public sealed record GetStream(Caller Caller, string Stream) : IRequest<StreamInfo>;

internal sealed class ReadStreamsHandler(IStreamStore streams)
    : IRequestHandler<ListStreams, IReadOnlyList<StreamInfo>>, IRequestHandler<GetStream, StreamInfo>
{
    public async Task<IReadOnlyList<StreamInfo>> Handle(ListStreams request, CancellationToken cancellationToken)
    {
        var all = await streams.ListAsync(cancellationToken);
        return [.. all.Where(stream => request.Caller.Permissions.See(StreamName.OfExisting(stream.Config.Name!)))];
    }

    public Task<StreamInfo> Handle(GetStream request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        HttpmqException.ThrowIf(request.Caller.CheckSee(stream));
        return streams.GetAsync(stream, cancellationToken);
    }
}
