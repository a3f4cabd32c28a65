using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using MediatR;

namespace Httpmq.Application.Consumers;

/// <summary>All consumers of a stream; fails where the stream does not exist.</summary>
public sealed record ListConsumers(Caller Caller, string Stream) : IRequest<IReadOnlyList<ConsumerInfo>>;

/// <summary>One consumer; fails where it or its stream does not exist.</summary>
public sealed record GetConsumer(Caller Caller, string Stream, string Consumer) : IRequest<ConsumerInfo>;

internal sealed class ReadConsumersHandler(IConsumerStore consumers)
    : IRequestHandler<ListConsumers, IReadOnlyList<ConsumerInfo>>, IRequestHandler<GetConsumer, ConsumerInfo>
{
    public Task<IReadOnlyList<ConsumerInfo>> Handle(ListConsumers request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        HttpmqException.ThrowIf(request.Caller.CheckSee(stream));
        return consumers.ListAsync(stream, cancellationToken);
    }

    public async Task<ConsumerInfo> Handle(GetConsumer request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        var consumer = Rules.Consumer(request.Consumer);
        HttpmqException.ThrowIf(request.Caller.CheckSee(stream));
        return await consumers.FindAsync(stream, consumer, cancellationToken)
            ?? throw new HttpmqException(ConsumerErrors.NotFound(stream, consumer));
    }
}
