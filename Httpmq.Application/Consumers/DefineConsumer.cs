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
/// Another mode, delivery group or filter is a conflict.
/// </summary>
/// <param name="Caller">Who asks.</param>
/// <param name="Stream">The stream.</param>
/// <param name="Mode">push or pull.</param>
/// <param name="Config">
/// The name and what is asked for. Ack wait absent or 0: 30 s; deliveries absent, 0 or -1: no limit; metadata absent: as it is.
/// </param>
public sealed record DefineConsumer(Caller Caller, string Stream, string? Mode, ConsumerConfig Config) : IRequest, IValidatedRequest;

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
            .WithMessage("max_inflight is required: at least 1").AtLeast("max_inflight", 1);
        RuleFor(command => command.Config.MaxDeliver).AtLeast("max_retry", -1);
        RuleFor(command => command.Config.AckWait).NoneOrAtLeast("ack_wait", "30 s", ConsumerConfig.ShortestAckWait);
        RuleFor(command => command.Config.FilterSubject).SubjectFilter("filter_subject")
            .When(command => command.Config.FilterSubject is { Length: > 0 });
        RuleFor(command => command.Config.DeliverGroup).EntityName("delivery_group")
            .When(command => command.Config.DeliverGroup is not null);
        RuleFor(command => command.Config.DeliverGroup).Null().When(command =>
            command.Mode is "pull").OverridePropertyName("delivery_group")
            .WithMessage(command => $"delivery_group: {Rules.Quote(command.Config.DeliverGroup)} is for push consumers; "
                + "subscribers of a pull consumer share anyway");
        RuleFor(command => command.Config.Metadata).Metadata("metadata");
    }
}

internal sealed class DefineConsumerHandler(
    IConsumerStore consumers, IStreamStore streams, IDefinitionLocks locks) : IRequestHandler<DefineConsumer>
{
    // Within the lock nobody but another tool of NATS can come in between.
    private const int Attempts = 3;

    public async Task<Unit> Handle(DefineConsumer request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        var name = Rules.Consumer(request.Config.DurableName);
        HttpmqException.ThrowIf(request.Caller.CheckManage(stream));
        var wanted = new Wanted(name, request.Mode is "push" ? ConsumerMode.Push : ConsumerMode.Pull, WithDefaults(request.Config));
        var operation = new Operation(OperationKind.CreateConsumer, stream.Value, name.Value);
        try
        {
            // To say the same again is common, and asks one question only.
            if (await consumers.FindAsync(stream, name, cancellationToken) is { } existing)
            {
                operation = operation with { Kind = OperationKind.ChangeConsumer };
                if (!IsChange(existing, wanted))
                {
                    return Unit.Value;
                }
            }

            await locks.RunAsync(
                operation, stream, name, writing => DefineAsync(stream, wanted, operation, writing, cancellationToken), cancellationToken);
            return Unit.Value;
        }
        catch (HttpmqException exception) when (exception.Error.Kind is ErrorKind.NotFound)
        {
            throw new HttpmqException(exception.Error with { Operation = operation }, exception);
        }
    }

    private async Task DefineAsync(
        StreamName stream, Wanted wanted, Operation operation, Action writing, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var existing = await consumers.FindAsync(stream, wanted.Name, cancellationToken);
            if (existing is not null && !IsChange(existing, wanted))
            {
                return;
            }

            if (existing is null)
            {
                await CheckFilterAsync(stream, wanted.Config, operation, cancellationToken);
            }

            cancellationToken.ThrowIfCancellationRequested();
            writing();
            if (existing is null
                ? await consumers.TryCreateAsync(stream, wanted.Name, wanted.Mode, wanted.Config, cancellationToken)
                : await consumers.TryUpdateAsync(stream, wanted.Name, wanted.Mode, wanted.Config, cancellationToken))
            {
                return;
            }
        }

        throw new HttpmqException(DefinitionErrors.Meanwhile(operation));
    }

    /// <summary>
    /// From 2.10 on nats-server takes a filter that matches nothing, and the consumer stays silent for ever. A stream that stores
    /// what comes under other subjects than its own has to be believed.
    /// </summary>
    private async Task CheckFilterAsync(StreamName stream, ConsumerConfig config, Operation operation, CancellationToken cancellationToken)
    {
        if (config.FilterSubject is not { } text)
        {
            return;
        }

        var filter = Rules.Filter("filter_subject", text);
        var info = await streams.GetAsync(stream, cancellationToken);
        var subjects = info.Config.Subjects ?? [];
        if (!info.TakesOtherSubjects && !subjects.Any(filter.Overlaps))
        {
            throw new HttpmqException(ConsumerErrors.FilterOutside(operation, text, subjects));
        }
    }

    /// <summary>Whether something changes that may change; throws where it is something that may not.</summary>
    private static bool IsChange(ConsumerInfo existing, Wanted wanted)
    {
        // From 2.9 on nats-server lets these through and takes the subscription away from under its reader. Of several filters, which this
        // API cannot define, all are named.
        var config = existing.Config;
        RefuseOther(existing, "mode", config.IsPush() ? "push" : "pull", wanted.Mode is ConsumerMode.Push ? "push" : "pull");
        RefuseOther(existing, "delivery_group", config.DeliverGroup ?? string.Empty, wanted.Config.DeliverGroup ?? string.Empty);
        RefuseOther(existing, "filter_subject", string.Join(", ", config.Filters()), wanted.Config.FilterSubject ?? string.Empty);
        return NamedFields.AreNews(config, wanted.Config.Changeable());
    }

    /// <summary>What is absent means something here, other than for JetStream: a definition without notes takes them away.</summary>
    private static ConsumerConfig WithDefaults(ConsumerConfig config) => config with
    {
        Description = config.Description ?? string.Empty,
        FilterSubject = config.FilterSubject is { Length: > 0 } filter ? filter : null,
        MaxDeliver = config.MaxDeliver is > 0 and var most ? most : -1,
        AckWait = config.AckWait is { Nanoseconds: > 0 } wait ? wait : ConsumerConfig.DefaultAckWait,
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
