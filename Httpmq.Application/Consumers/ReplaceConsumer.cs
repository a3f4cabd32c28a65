using FluentValidation;
using Httpmq.Application.Definitions;
using Httpmq.Application.Streams;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using MediatR;

namespace Httpmq.Application.Consumers;

/// <summary>
/// Replaces the configuration of a consumer that exists: what is not named becomes JetStream's default. Its mode and delivery group stay,
/// and what is not known here. Another mode or delivery group is a conflict. Returns warnings: values that JetStream replaced.
/// </summary>
/// <param name="Caller">Who asks.</param>
/// <param name="Stream">The stream.</param>
/// <param name="Consumer">The consumer.</param>
/// <param name="Mode">push, pull, or null: as it is.</param>
/// <param name="Config">The configuration; its name may be left out.</param>
public sealed record ReplaceConsumer(Caller Caller, string Stream, string Consumer, string? Mode, ConsumerConfig Config)
    : IRequest<IReadOnlyList<string>>, IValidatedRequest;

internal sealed class ReplaceConsumerValidator : AbstractValidator<ReplaceConsumer>
{
    public ReplaceConsumerValidator()
    {
        RuleFor(command => command.Stream).ChangeableStream("stream");
        RuleFor(command => command.Consumer).EntityName("consumer");
        RuleFor(command => command.Config.DurableName).Equal(command => command.Consumer, StringComparer.Ordinal)
            .OverridePropertyName("name")
            .WithMessage(command => $"name: {Rules.Quote(command.Config.DurableName)} is not the consumer of the path, "
                + $"{Rules.Quote(command.Consumer)}; a consumer's name cannot be changed")
            .When(command => command.Config.DurableName is not null);
        RuleFor(command => command.Mode).Must(static mode => mode is null or "push" or "pull").OverridePropertyName("mode")
            .WithMessage(command => $"mode: {Rules.Quote(command.Mode)} is not 'push' or 'pull'");
        RuleFor(command => command.Config).SetValidator(new ConsumerConfigValidator());
    }
}

internal sealed class ReplaceConsumerHandler(
    IConsumerStore consumers, IStreamStore streams, IDefinitionLocks locks) : IRequestHandler<ReplaceConsumer, IReadOnlyList<string>>
{
    // As in DefineConsumer.
    private const int Attempts = 3;

    public async Task<IReadOnlyList<string>> Handle(ReplaceConsumer request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        var name = Rules.Consumer(request.Consumer);
        HttpmqException.ThrowIf(request.Caller.CheckManage(stream));
        var operation = new Operation(OperationKind.ChangeConsumer, stream.Value, name.Value);
        ConsumerConfig? made = null;
        await locks.RunAsync(operation, stream, name, ReplaceAsync, cancellationToken);
        return
        [
            .. ReplacedValues.Warnings(request.Config.WithSingleFilter(), made!, ConsumerConfig.Defaults),
            .. ReplacedValues.OfMetadata(request.Config.Metadata, made!.Metadata),
        ];

        async Task ReplaceAsync(Action writing)
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                var existing = await consumers.FindAsync(stream, name, cancellationToken)
                    ?? throw new HttpmqException(ConsumerErrors.NotFound(stream, name));
                CheckKind(existing, request);
                CheckMaxAckPending(existing.Config, request.Config);
                if (!existing.Config.Filters().SequenceEqual(request.Config.Filters(), StringComparer.Ordinal))
                {
                    await ConsumerFilters.CheckAsync(streams, stream, request.Config, operation, cancellationToken);
                }

                made = await consumers.TryReplaceAsync(stream, name, request.Config.WithAckWait(), writing, cancellationToken);
                if (made is not null)
                {
                    return;
                }
            }

            throw new HttpmqException(DefinitionErrors.Meanwhile(operation));
        }
    }

    /// <summary>What other clients left without a limit, or has no acknowledgements, may stay as it is.</summary>
    private static void CheckMaxAckPending(ConsumerConfig existing, ConsumerConfig wanted)
    {
        if (wanted.MaxAckPending is < 1 and var most && most != (existing.MaxAckPending ?? 0))
        {
            throw new HttpmqException(RequestErrors.Invalid(
                new InvalidValue("max_inflight", most, $"max_inflight: {most} is less than 1")));
        }
    }

    /// <summary>nats-server from 2.9 on lets these through, and takes the subscription away from under its reader.</summary>
    private static void CheckKind(ConsumerInfo existing, ReplaceConsumer request)
    {
        var mode = existing.Config.IsPush() ? "push" : "pull";
        var (group, wanted) = (existing.Config.DeliverGroup ?? string.Empty, request.Config.DeliverGroup ?? string.Empty);
        if (request.Mode is { } asked && !string.Equals(asked, mode, StringComparison.Ordinal))
        {
            throw new HttpmqException(ConsumerErrors.Different(existing, "mode", mode, asked));
        }

        if (!string.Equals(group, wanted, StringComparison.Ordinal))
        {
            throw new HttpmqException(ConsumerErrors.Different(existing, "delivery_group", group, wanted));
        }

        var subject = existing.Config.DeliverSubject ?? string.Empty;
        if (request.Config.DeliverSubject is { } other && !string.Equals(subject, other, StringComparison.Ordinal))
        {
            throw new HttpmqException(ConsumerErrors.Different(existing, "deliver_subject", subject, other));
        }
    }
}
