using FluentValidation;
using Httpmq.Application.Consumers;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using MediatR;

namespace Httpmq.Application.Subscriptions;

/// <summary>Asks a pull consumer for messages, once, or tells why it cannot be asked.</summary>
public sealed record OpenPull(Caller Caller, string Stream, string Consumer, PullOptions Options) : IRequest<IPull>, IValidatedRequest;

internal sealed class OpenPullValidator : AbstractValidator<OpenPull>
{
    public OpenPullValidator()
    {
        RuleFor(command => command.Stream).EntityName("stream");
        RuleFor(command => command.Consumer).EntityName("consumer");
        RuleFor(command => (long?)command.Options.Batch).Between("batch", 1, PullOptions.MostMessages);
        RuleFor(command => command.Options.Expires)
            .NoShorterThan("expires", PullOptions.ShortestExpires, "for a pull that does not wait say no_wait")
            .NoLongerThan("expires", PullOptions.LongestExpires);
        RuleFor(command => command.Options.MaxBytes).Between("max_bytes", 1, PullOptions.MostBytes);
        RuleFor(command => command.Options.Group).Word("group");
        RuleFor(command => command.Options.Id).Word("id");
        RuleFor(command => (long?)command.Options.Priority).Between("priority", 0, PullOptions.LeastPriority);
        RuleFor(command => command.Options.MinPending).AtLeast("min_pending", 1);
        RuleFor(command => command.Options.MinAckPending).AtLeast("min_ack_pending", 1);
        RuleFor(command => command.Options.Id).OnlyWith("id", "group", command => command.Options.Group);
        RuleFor(command => command.Options.Priority).OnlyWith("priority", "group", command => command.Options.Group);
        RuleFor(command => command.Options.MinPending).OnlyWith("min_pending", "group", command => command.Options.Group);
        RuleFor(command => command.Options.MinAckPending).OnlyWith("min_ack_pending", "group", command => command.Options.Group);
    }
}

internal sealed class OpenPullHandler(IConsumerStore consumers, IPullFactory pulls) : IRequestHandler<OpenPull, IPull>
{
    public async Task<IPull> Handle(OpenPull request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        var name = Rules.Consumer(request.Consumer);
        HttpmqException.ThrowIf(request.Caller.CheckConsume(stream, name));
        var consumer = await consumers.FindAsync(stream, name, cancellationToken)
            ?? throw new HttpmqException(ConsumerErrors.NotFound(stream, name));
        return consumer.Config.IsPush()
            ? throw new HttpmqException(PullErrors.Push(PullErrors.Operation(stream, name)))
            : await pulls.OpenAsync(consumer, request.Options, cancellationToken);
    }
}
