using FluentValidation;
using Httpmq.Application.Definitions;
using Httpmq.Application.Streams;
using Httpmq.Application.Validation;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Naming;
using MediatR;

namespace Httpmq.Application.Consumers;

/// <summary>
/// Creates a consumer, or changes what may change of an existing one: in-flight limit, deliveries, ack wait, notes.
/// Another mode, delivery group or filter is a conflict.
/// </summary>
/// <param name="AckWait">Absent or 0: 30 s.</param>
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
    GivenDuration? AckWait) : IRequest, IValidatedRequest;

internal sealed class DefineConsumerValidator : AbstractValidator<DefineConsumer>
{
    public DefineConsumerValidator()
    {
        RuleFor(command => command.Stream).ChangeableStream("stream");
        RuleFor(command => command.Name).EntityName("name");
        RuleFor(command => command.Mode).Must(mode => mode is "push" or "pull")
            .WithMessage(command => command.Mode is null ? "mode is required: 'push' or 'pull'" : $"mode: {Rules.Quote(command.Mode)} is not 'push' or 'pull'");
        RuleFor(command => command.MaxInflight).NotNull().WithMessage("max_inflight is required: at least 1").AtLeast("max_inflight", 1);
        RuleFor(command => command.MaxRetry).AtLeast("max_retry", -1);
        RuleFor(command => command.AckWait).NoneOrAtLeast("ack_wait", "30 s", ConsumerSpec.ShortestAckWait);
        RuleFor(command => command.FilterSubject).SubjectFilter("filter_subject").When(command => command.FilterSubject is { Length: > 0 });
        RuleFor(command => command.DeliveryGroup).EntityName("delivery_group").When(command => command.DeliveryGroup is not null);
        RuleFor(command => command.DeliveryGroup).Null().When(command => command.Mode is "pull")
            .WithMessage(command => $"delivery_group: {Rules.Quote(command.DeliveryGroup)} is for push consumers; subscribers of a pull consumer share anyway");
    }
}

internal sealed class DefineConsumerHandler(IConsumerStore consumers, IStreamStore streams, IDefinitionLocks locks) : IRequestHandler<DefineConsumer>
{
    // Within the lock nobody but another tool of NATS can come in between.
    private const int Attempts = 3;

    public async Task<Unit> Handle(DefineConsumer request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        var spec = ToSpec(request);
        var what = $"Failed to create consumer {spec.Name} of stream {stream}";
        try
        {
            // To say the same again is common, and asks one question only.
            if (await consumers.FindAsync(stream, spec.Name, cancellationToken) is { } existing)
            {
                what = $"Failed to change consumer {spec.Name} of stream {stream}";
                if (!IsChange(existing, request, spec))
                {
                    return Unit.Value;
                }
            }

            await locks.RunAsync(what, stream, spec.Name, writing => DefineAsync(stream, request, spec, what, writing, cancellationToken), cancellationToken);
            return Unit.Value;
        }
        catch (HttpmqException exception) when (exception.Error.Kind is ErrorKind.NotFound)
        {
            throw new HttpmqException(exception.Error with { Message = what }, exception);
        }
    }

    private async Task DefineAsync(StreamName stream, DefineConsumer request, ConsumerSpec spec, string what, Action writing, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var existing = await consumers.FindAsync(stream, spec.Name, cancellationToken);
            if (existing is not null && !IsChange(existing, request, spec))
            {
                return;
            }

            if (existing is null)
            {
                await CheckFilterAsync(stream, spec, what, cancellationToken);
            }

            cancellationToken.ThrowIfCancellationRequested();
            writing();
            if (existing is null
                ? await consumers.TryCreateAsync(stream, spec, cancellationToken)
                : await consumers.TryUpdateAsync(stream, spec, cancellationToken))
            {
                return;
            }
        }

        throw new HttpmqException(new Error(DefinitionErrorTypes.ChangedMeanwhile, what, "another tool changes it at the same time; look at it with GET, and try again"));
    }

    /// <summary>
    /// From 2.10 on nats-server takes a filter that matches nothing, and the consumer stays silent for ever. A stream that stores
    /// what comes under other subjects than its own has to be believed.
    /// </summary>
    private async Task CheckFilterAsync(StreamName stream, ConsumerSpec spec, string what, CancellationToken cancellationToken)
    {
        if (spec.Filter is not { } filter)
        {
            return;
        }

        var config = (await streams.GetAsync(stream, cancellationToken)).Config;
        if (!config.TakesOtherSubjects && !config.Subjects.Any(filter.Overlaps))
        {
            throw HttpmqException.Of(JetStreamErrorTypes.FilterOutsideStreamType, what, ConsumerErrors.FilterNotWithin(stream, filter.Value, config.Subjects));
        }
    }

    /// <summary>Whether something changes that may change; throws where it is something that may not.</summary>
    private static bool IsChange(ConsumerInfo existing, DefineConsumer request, ConsumerSpec spec)
    {
        // From 2.9 on nats-server lets these through and takes the subscription away from under its reader.
        RefuseOther(existing, "mode", IsPush(existing) ? "push" : "pull", request.Mode);
        RefuseOther(existing, "delivery_group", existing.Config.DeliverGroup, spec.Group?.Value ?? string.Empty);
        RefuseOther(existing, "filter_subject", FilterOf(existing.Config), spec.Filter?.Value ?? string.Empty);
        return Changes(existing.Config, spec);
    }

    /// <summary>The filter; of several, which this API cannot define, all of them.</summary>
    private static string FilterOf(ConsumerConfig config) => string.Join(", ", config.FilterSubjects);

    private static ConsumerSpec ToSpec(DefineConsumer request) => new(
        Rules.Consumer(request.Name),
        request.Notes ?? string.Empty,
        request.FilterSubject is { Length: > 0 } filter ? Rules.Filter("filter_subject", filter) : null,
        DeliveryGroup.TryParse(request.DeliveryGroup, out var group) ? group : null,
        request.Mode is "push" ? ConsumerMode.Push : ConsumerMode.Pull,
        request.MaxInflight!.Value,
        request.MaxRetry is > 0 ? request.MaxRetry.Value : -1,
        request.AckWait is { Nanoseconds: > 0 and var wait } ? wait : ConsumerSpec.DefaultAckWait);

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
                ConsumerErrorTypes.Differs,
                $"Consumer {existing.Name} of stream {existing.StreamName} exists with another configuration",
                $"{field} is {Rules.Quote(current)} and cannot become {Rules.Quote(wanted)}; delete the consumer first, or use another name"));
        }
    }
}
