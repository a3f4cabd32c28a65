using FluentValidation;
using Httpmq.Application.Definitions;
using Httpmq.Application.Streams;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Naming;
using MediatR;

namespace Httpmq.Application.Consumers;

/// <summary>
/// Creates a consumer, or changes what may change of an existing one: in-flight limit, deliveries, ack wait, notes, metadata.
/// Another mode, delivery group or filter is a conflict. Returns warnings: values that JetStream replaced.
/// </summary>
/// <param name="Caller">Who asks.</param>
/// <param name="Stream">The stream.</param>
/// <param name="Mode">push or pull.</param>
/// <param name="Config">
/// The name and what is asked for. Ack wait absent or 0: 30 s; deliveries absent, 0 or -1: no limit; metadata absent: as it is.
/// </param>
public sealed record DefineConsumer(
    Caller Caller, string Stream, string? Mode, ConsumerConfig Config) : IRequest<IReadOnlyList<string>>, IValidatedRequest;

internal sealed class DefineConsumerValidator : AbstractValidator<DefineConsumer>
{
    public DefineConsumerValidator()
    {
        RuleFor(command => command.Stream).ChangeableStream("stream");
        RuleFor(command => command.Config.DurableName).EntityName("name");
        RuleFor(command => command.Mode).Must(mode => mode is "push" or "pull").OverridePropertyName("mode")
            .WithMessage(command => command.Mode is null
                ? "mode is required: 'push' or 'pull'"
                : $"mode: {Rules.Quote(command.Mode)} is not 'push' or 'pull'");
        RuleFor(command => command.Config.MaxAckPending).NotNull().OverridePropertyName("max_inflight")
            .WithMessage("max_inflight is required: at least 1").When(static command => command.Config.AckPolicy is not "none");
        RuleFor(command => command.Config.MaxAckPending).AtLeast("max_inflight", 1);
        RuleFor(command => command.Config.DeliverGroup).EntityName("delivery_group")
            .When(command => command.Config.DeliverGroup is { Length: 0 });
        RuleFor(command => command.Config.DeliverGroup).Null().When(command =>
            command.Mode is "pull").OverridePropertyName("delivery_group")
            .WithMessage(command => $"delivery_group: {Rules.Quote(command.Config.DeliverGroup)} is for push consumers; "
                + "subscribers of a pull consumer share anyway");
        RuleFor(command => command.Config).SetValidator(new ConsumerConfigValidator());
    }
}

internal sealed class DefineConsumerHandler(
    IConsumerStore consumers, IStreamStore streams, IDefinitionLocks locks) : IRequestHandler<DefineConsumer, IReadOnlyList<string>>
{
    // Within the lock nobody but another tool of NATS can come in between.
    private const int Attempts = 3;

    public async Task<IReadOnlyList<string>> Handle(DefineConsumer request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        var name = Rules.Consumer(request.Config.DurableName);
        HttpmqException.ThrowIf(request.Caller.CheckManage(stream));
        var wanted = new Wanted(name, request.Mode is "push" ? ConsumerMode.Push : ConsumerMode.Pull, WithDefaults(request.Config));
        var operation = new Operation(OperationKind.CreateConsumer, stream.Value, name.Value);
        try
        {
            // To say the same again is common, and asks one request only.
            if (await consumers.FindAsync(stream, name, cancellationToken) is { } existing)
            {
                operation = operation with { Kind = OperationKind.ChangeConsumer };
                if (!IsChange(existing, wanted))
                {
                    return [];
                }
            }

            ConsumerConfig? made = null;
            await locks.RunAsync(
                operation,
                stream,
                name,
                async writing => made = await DefineAsync(stream, wanted, operation, writing, cancellationToken),
                cancellationToken);
            return
            [
                .. ReplacedValues.Warnings(request.Config.WithSingleFilter(), made!, ConsumerConfig.Defaults),
                .. ReplacedValues.OfMetadata(request.Config.Metadata, made!.Metadata),
            ];
        }
        catch (HttpmqException exception) when (exception.Error.Kind is ErrorKind.NotFound)
        {
            throw new HttpmqException(exception.Error with { Operation = operation }, exception);
        }
    }

    /// <returns>What there is now.</returns>
    private async Task<ConsumerConfig> DefineAsync(
        StreamName stream, Wanted wanted, Operation operation, Action writing, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var existing = await consumers.FindAsync(stream, wanted.Name, cancellationToken);
            if (existing is not null && !IsChange(existing, wanted))
            {
                return existing.Config;
            }

            if (existing is null)
            {
                await ConsumerFilters.CheckAsync(streams, stream, wanted.Config, operation, cancellationToken);
            }

            cancellationToken.ThrowIfCancellationRequested();
            writing();
            var made = existing is null
                ? await consumers.TryCreateAsync(stream, wanted.Name, wanted.Mode, wanted.Config, cancellationToken)
                : await consumers.TryUpdateAsync(stream, wanted.Name, wanted.Mode, wanted.Config, cancellationToken);
            if (made is not null)
            {
                return made;
            }
        }

        throw new HttpmqException(DefinitionErrors.Meanwhile(operation));
    }

    /// <summary>Whether something changes that may change; throws where it is something that may not.</summary>
    private static bool IsChange(ConsumerInfo existing, Wanted wanted)
    {
        // From 2.9 on nats-server lets these through and takes the subscription away from under its reader.
        var config = existing.Config;
        RefuseOther(existing, "mode", config.IsPush() ? "push" : "pull", wanted.Mode is ConsumerMode.Push ? "push" : "pull");
        RefuseOther(existing, "delivery_group", config.DeliverGroup ?? string.Empty, wanted.Config.DeliverGroup ?? string.Empty);
        var field = wanted.Config.FilterSubjects is { Count: > 0 } ? "filter_subjects" : "filter_subject";
        RefuseOther(existing, field, string.Join(", ", config.Filters()), string.Join(", ", wanted.Config.Filters()));
        return NamedFields.AreNews(config, wanted.Config.Changeable());
    }

    /// <summary>What is absent means something here, other than for JetStream: a definition without notes takes them away.</summary>
    private static ConsumerConfig WithDefaults(ConsumerConfig config) => config with
    {
        Description = config.Description ?? string.Empty,
        FilterSubject = config.FilterSubject is { Length: > 0 } filter ? filter : null,
        MaxDeliver = config.MaxDeliver is > 0 and var most ? most : -1,
        AckWait = config.WithAckWait().AckWait,
    };

    private static void RefuseOther(ConsumerInfo existing, string field, string current, string wanted)
    {
        if (!string.Equals(current, wanted, StringComparison.Ordinal))
        {
            throw new HttpmqException(ConsumerErrors.Different(existing, field, current, wanted));
        }
    }

    private sealed record Wanted(ConsumerName Name, ConsumerMode Mode, ConsumerConfig Config);
}
