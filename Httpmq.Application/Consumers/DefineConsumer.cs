using FluentValidation;
using Httpmq.Application.Validation;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using MediatR;

namespace Httpmq.Application.Consumers;

/// <summary>
/// Creates a consumer, or changes what may change of an existing one: in-flight limit, deliveries, ack wait, notes.
/// Another mode, delivery group or filter is a conflict.
/// </summary>
/// <param name="AckWait">Nanoseconds; absent or 0: 30 s.</param>
/// <param name="MaxRetry">Deliveries in total; absent, 0 or -1: no limit.</param>
public sealed record DefineConsumer(
    string Stream,
    string? Name,
    string? Notes,
    string? FilterSubject,
    string? DeliveryGroup,
    string? Mode,
    long? MaxInflight,
    long? MaxRetry,
    long? AckWait) : IRequest, IValidatedRequest;

internal sealed class DefineConsumerValidator : AbstractValidator<DefineConsumer>
{
    public DefineConsumerValidator()
    {
        RuleFor(command => command.Stream).EntityName("stream");
        RuleFor(command => command.Name).EntityName("name");
        RuleFor(command => command.Mode).Must(mode => mode is "push" or "pull")
            .WithMessage(command => $"mode: {Rules.Quote(command.Mode)} is not 'push' or 'pull'");
        RuleFor(command => command.MaxInflight).NotNull().WithMessage("max_inflight is required: at least 1").AtLeast("max_inflight", 1);
        RuleFor(command => command.MaxRetry).AtLeast("max_retry", -1);
        RuleFor(command => command.AckWait).AtLeast("ack_wait", 0);
        RuleFor(command => command.FilterSubject).SubjectFilter("filter_subject").When(command => command.FilterSubject is { Length: > 0 });
        RuleFor(command => command.DeliveryGroup).EntityName("delivery_group").When(command => command.DeliveryGroup is not null);
        RuleFor(command => command.DeliveryGroup).Null().When(command => command.Mode is "pull")
            .WithMessage(command => $"delivery_group: {Rules.Quote(command.DeliveryGroup)} is for push consumers; subscribers of a pull consumer share anyway");
    }
}

internal sealed class DefineConsumerHandler(IConsumerStore consumers) : IRequestHandler<DefineConsumer>
{
    public async Task<Unit> Handle(DefineConsumer request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        var spec = ToSpec(request);
        var existing = await consumers.FindAsync(stream, spec.Name, cancellationToken);
        if (existing is null)
        {
            await consumers.CreateAsync(stream, spec, cancellationToken);
            return Unit.Value;
        }

        // From 2.9 on nats-server lets these through and takes the subscription away from under its reader.
        RefuseOther(existing, "mode", IsPush(existing) ? "push" : "pull", request.Mode);
        RefuseOther(existing, "delivery_group", existing.Config.DeliverGroup, spec.Group?.Value ?? string.Empty);
        RefuseOther(existing, "filter_subject", existing.Config.FilterSubject, spec.Filter?.Value ?? string.Empty);
        if (Changes(existing.Config, spec))
        {
            await consumers.UpdateAsync(stream, spec, cancellationToken);
        }

        return Unit.Value;
    }

    private static ConsumerSpec ToSpec(DefineConsumer request) => new(
        Rules.Consumer(request.Name),
        request.Notes ?? string.Empty,
        request.FilterSubject is { Length: > 0 } filter ? Rules.Filter("filter_subject", filter) : null,
        DeliveryGroup.TryParse(request.DeliveryGroup, out var group) ? group : null,
        request.Mode is "push" ? ConsumerMode.Push : ConsumerMode.Pull,
        request.MaxInflight!.Value,
        request.MaxRetry is > 0 ? request.MaxRetry.Value : -1,
        request.AckWait is > 0 ? request.AckWait.Value : ConsumerSpec.DefaultAckWait);

    private static bool IsPush(ConsumerInfo consumer) => consumer.Config.DeliverSubject.Length > 0;

    private static bool Changes(ConsumerConfig config, ConsumerSpec spec) =>
        config.MaxAckPending != spec.MaxInflight
        || config.MaxDeliver != spec.MaxDeliver
        || config.AckWait != spec.AckWait
        || !string.Equals(config.Notes, spec.Notes, StringComparison.Ordinal);

    private static void RefuseOther(ConsumerInfo existing, string field, string current, string? wanted)
    {
        if (!string.Equals(current, wanted, StringComparison.Ordinal))
        {
            throw new HttpmqException(new Error(
                ErrorKind.Conflict,
                $"Consumer {existing.Name} of stream {existing.StreamName} exists with another configuration",
                $"{field} is {Rules.Quote(current)} and cannot become {Rules.Quote(wanted)}; delete the consumer first, or use another name"));
        }
    }
}
