using FluentValidation;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using MediatR;

namespace Httpmq.Application.Subscriptions;

/// <summary>Opens replays: messages as they are stored, in order and without gaps, without a consumer.</summary>
public interface IReplayFactory
{
    /// <summary>
    /// Finds where it begins, and starts to read. The source has ended already where there is nothing to send and it does not follow.
    /// Throws <see cref="HttpmqException"/> where the stream does not exist or JetStream does not answer.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="options">What is asked for; valid.</param>
    /// <param name="cancellationToken">Gives up opening; an open source does not listen to it.</param>
    Task<IReplaySource> OpenAsync(StreamName stream, ReplayOptions options, CancellationToken cancellationToken);
}

/// <summary>What one replay sends.</summary>
public interface IReplaySource : IDeliverySource
{
    /// <summary>Where it began: up to this sequence the client has all that it asked for, before the first message; 0 for none.</summary>
    ulong Position { get; }
}

/// <summary>Opens a replay of a stream.</summary>
/// <param name="Caller">Who asks.</param>
/// <param name="Stream">The stream.</param>
/// <param name="Subjects">Only messages of these subjects; empty: all.</param>
/// <param name="Options">What else is asked for.</param>
public sealed record OpenReplay(Caller Caller, string Stream, IReadOnlyList<string?> Subjects, ReplayOptions Options)
    : IRequest<IReplaySource>, IValidatedRequest;

internal sealed class OpenReplayValidator : AbstractValidator<OpenReplay>
{
    public OpenReplayValidator()
    {
        RuleFor(command => command.Stream).EntityName("stream");
        RuleForEach(command => command.Subjects).SubjectFilter("subject");
        RuleFor(command => (long?)command.Subjects.Count).Between("subject (how many)", 0, ReplayOptions.MostSubjects);
        RuleFor(command => command.Options.Limit).AtLeast("limit", 1);
        RuleFor(command => command.Options.FromSequence).Must(static (command, _) => Beginnings(command.Options) <= 1)
            .OverridePropertyName("from_seq")
            .WithMessage("from_seq, from_time, last, last_per_subject and new are beginnings, and a replay has one");
        RuleFor(command => command.Options.FromSequence).Must(static sequence => sequence != 0)
            .OverridePropertyName("from_seq").WithMessage("from_seq: 0 is less than 1");
    }

    private static int Beginnings(ReplayOptions options) =>
        (options.FromSequence is null ? 0 : 1) + (options.FromTime is null ? 0 : 1) + (options.Last ? 1 : 0)
        + (options.LastPerSubject ? 1 : 0) + (options.New ? 1 : 0);
}

internal sealed class OpenReplayHandler(IReplayFactory replays) : IRequestHandler<OpenReplay, IReplaySource>
{
    public Task<IReplaySource> Handle(OpenReplay request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        var subjects = request.Subjects.Select(static subject => Rules.Filter("subject", subject)).ToArray();
        HttpmqException.ThrowIf(request.Caller.CheckRead(subjects));
        return replays.OpenAsync(stream, request.Options with { Subjects = subjects }, cancellationToken);
    }
}
