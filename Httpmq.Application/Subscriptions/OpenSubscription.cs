using FluentValidation;
using Httpmq.Application.Consumers;
using Httpmq.Application.Streams;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using MediatR;

namespace Httpmq.Application.Subscriptions;

/// <summary>
/// Opens a subscription to a consumer, or says why it cannot be: everything is refused here, before the answer starts.
/// <paramref name="Subject"/> does not filter; null: it is not checked.
/// </summary>
public sealed record OpenSubscription(Caller Caller, string Stream, string Consumer, string? Subject, int? MaxInflight, string? Group)
    : IRequest<IDeliverySource>, IValidatedRequest
{
    /// <summary>What the subscriber takes, where it can say so; null: any number.</summary>
    public DeliveryCredit? Credit { get; init; }

    /// <summary>Whether deliveries will be acknowledged one by one without the subscriber.</summary>
    public bool AutoAcknowledge { get; init; }
}

internal sealed class OpenSubscriptionValidator : AbstractValidator<OpenSubscription>
{
    public OpenSubscriptionValidator()
    {
        RuleFor(command => command.Stream).EntityName("stream");
        RuleFor(command => command.Consumer).EntityName("consumer");
        RuleFor(command => command.Subject).SubjectFilter("subject_name").When(command => command.Subject is not null);
        RuleFor(command => (long?)command.MaxInflight).AtLeast("max_msg_inflight", 1);
        RuleFor(command => command.Group).EntityName("delivery_group").When(command => command.Group is not null);
    }
}

internal sealed class OpenSubscriptionHandler(
    IStreamStore streams,
    IConsumerStore consumers,
    IDeliverySourceFactory sources,
    TimeProvider time) : IRequestHandler<OpenSubscription, IDeliverySource>
{
    // A subscriber that reconnects may be faster than the news of its own disconnect.
    private static readonly TimeSpan BoundTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BoundPoll = TimeSpan.FromMilliseconds(50);

    public async Task<IDeliverySource> Handle(OpenSubscription request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        var name = Rules.Consumer(request.Consumer);
        HttpmqException.ThrowIf(request.Caller.CheckConsume(stream, name));
        var consumer = await FindAsync(stream, name, cancellationToken);
        RefuseOtherGroup(consumer, request.Group);
        if (request.AutoAcknowledge && consumer.Config.AckPolicy is not (null or "explicit") and var policy)
        {
            throw new HttpmqException(
                ConsumerErrors.OtherPolicy(new Operation(OperationKind.Settle, stream.Value, name.Value), policy));
        }

        if (request.Subject is { } subject)
        {
            await RefuseOtherSubjectAsync(stream, consumer, subject, cancellationToken);
        }

        consumer = await WaitUntilUnboundAsync(stream, name, consumer, cancellationToken);
        var maxInflight = request.MaxInflight ?? (int)Math.Clamp(consumer.Config.MaxAckPending ?? 1, 1, int.MaxValue);
        return await sources.OpenAsync(consumer, maxInflight, request.Credit, cancellationToken);
    }

    private async Task<ConsumerInfo> FindAsync(StreamName stream, ConsumerName name, CancellationToken cancellationToken) =>
        await consumers.FindAsync(stream, name, cancellationToken) ?? throw new HttpmqException(ConsumerErrors.NotFound(stream, name));

    private async Task<ConsumerInfo> WaitUntilUnboundAsync(
        StreamName stream, ConsumerName name, ConsumerInfo consumer, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (consumer.PushBound && consumer.Config.DeliverGroup is not { Length: > 0 })
        {
            if (time.GetElapsedTime(start) >= BoundTimeout)
            {
                throw new HttpmqException(SubscriptionErrors.Bound(stream, name));
            }

            await Task.Delay(BoundPoll, time, cancellationToken);
            consumer = await FindAsync(stream, name, cancellationToken);
        }

        return consumer;
    }

    private static void RefuseOtherGroup(ConsumerInfo consumer, string? group)
    {
        var wanted = consumer.Config.DeliverGroup ?? string.Empty;
        if (!string.Equals(wanted, group ?? string.Empty, StringComparison.Ordinal))
        {
            throw new HttpmqException(SubscriptionErrors.Group(consumer.Name, wanted, group));
        }
    }

    private async Task RefuseOtherSubjectAsync(
        StreamName stream, ConsumerInfo consumer, string subject, CancellationToken cancellationToken)
    {
        var filters = consumer.Config.Filters();
        if (filters.Count > 0)
        {
            if (!filters.Contains(subject, StringComparer.Ordinal))
            {
                throw new HttpmqException(SubscriptionErrors.NotFiltered(consumer.Name, subject, filters));
            }

            return;
        }

        var info = await streams.GetAsync(stream, cancellationToken);
        var filter = Rules.Filter("subject_name", subject);

        // A mirror or a stream of sources has no subjects of its own.
        if (info.Config.Subjects is { Count: > 0 } subjects && !subjects.Any(filter.Overlaps))
        {
            throw new HttpmqException(SubscriptionErrors.Outside(stream, subject, subjects));
        }
    }
}
