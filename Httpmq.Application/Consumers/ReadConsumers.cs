using Httpmq.Application.Validation;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using MediatR;

namespace Httpmq.Application.Consumers;

/// <summary>All consumers of a stream; fails where the stream does not exist.</summary>
public sealed record ListConsumers(string Stream) : IRequest<IReadOnlyList<ConsumerInfo>>;

/// <summary>One consumer; fails where it or its stream does not exist.</summary>
public sealed record GetConsumer(string Stream, string Consumer) : IRequest<ConsumerInfo>;

internal sealed class ReadConsumersHandler(IConsumerStore consumers)
    : IRequestHandler<ListConsumers, IReadOnlyList<ConsumerInfo>>, IRequestHandler<GetConsumer, ConsumerInfo>
{
    public Task<IReadOnlyList<ConsumerInfo>> Handle(ListConsumers request, CancellationToken cancellationToken) =>
        consumers.ListAsync(Rules.Stream(request.Stream), cancellationToken);

    public async Task<ConsumerInfo> Handle(GetConsumer request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        var consumer = Rules.Consumer(request.Consumer);
        return await consumers.FindAsync(stream, consumer, cancellationToken)
            ?? throw new HttpmqException(ConsumerErrors.NotFound(stream, consumer));
    }
}
