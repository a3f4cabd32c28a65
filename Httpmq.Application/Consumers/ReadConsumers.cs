using FluentValidation;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using MediatR;

namespace Httpmq.Application.Consumers;

/// <summary>
/// The consumers of a stream: all, or those that a query asks for; fails where the stream does not exist. A subject: those that get it.
/// </summary>
public sealed record ListConsumers(Caller Caller, string Stream, ListQuery Query) : IRequest<Listed<ConsumerInfo>>, IValidatedRequest;

internal sealed class ListConsumersValidator : AbstractValidator<ListConsumers>
{
    public ListConsumersValidator() => RuleFor(query => query.Query).SetValidator(new ListQueryValidator());
}

/// <summary>One consumer; fails where it or its stream does not exist.</summary>
public sealed record GetConsumer(Caller Caller, string Stream, string Consumer) : IRequest<ConsumerInfo>;

internal sealed class ReadConsumersHandler(IConsumerStore consumers)
    : IRequestHandler<ListConsumers, Listed<ConsumerInfo>>, IRequestHandler<GetConsumer, ConsumerInfo>
{
    public async Task<Listed<ConsumerInfo>> Handle(ListConsumers request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        HttpmqException.ThrowIf(Rights.CheckSeeConsumers(request.Caller, stream));
        var all = await consumers.ListAsync(stream, cancellationToken);
        var seen = all.Where(consumer => Rights.CheckSee(request.Caller, stream, ConsumerName.OfExisting(consumer.Name)) is null);
        if (request.Query.Subject is { } subject)
        {
            seen = seen.Where(consumer => Gets(consumer, Rules.Filter("subject", subject)));
        }

        return Lists.Of(seen, request.Query, static consumer => consumer.Name);
    }

    public async Task<ConsumerInfo> Handle(GetConsumer request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        var consumer = Rules.Consumer(request.Consumer);
        HttpmqException.ThrowIf(Rights.CheckSee(request.Caller, stream, consumer));
        return await consumers.FindAsync(stream, consumer, cancellationToken)
            ?? throw new HttpmqException(ConsumerErrors.NotFound(stream, consumer));
    }

    private static bool Gets(ConsumerInfo consumer, SubjectFilter subject) =>
        consumer.Config.Filters() is not { Count: > 0 } filters || filters.Any(subject.Overlaps);
}
