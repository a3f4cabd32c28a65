using Httpmq.Application.Validation;
using Httpmq.Domain.Streams;
using MediatR;

namespace Httpmq.Application.Streams;

/// <summary>All streams of the account.</summary>
public sealed record ListStreams : IRequest<IReadOnlyList<StreamInfo>>;

/// <summary>One stream; fails where it does not exist.</summary>
public sealed record GetStream(string Stream) : IRequest<StreamInfo>;

internal sealed class ReadStreamsHandler(IStreamStore streams)
    : IRequestHandler<ListStreams, IReadOnlyList<StreamInfo>>, IRequestHandler<GetStream, StreamInfo>
{
    public Task<IReadOnlyList<StreamInfo>> Handle(ListStreams request, CancellationToken cancellationToken) =>
        streams.ListAsync(cancellationToken);

    public Task<StreamInfo> Handle(GetStream request, CancellationToken cancellationToken) =>
        streams.GetAsync(Rules.Stream(request.Stream), cancellationToken);
}
