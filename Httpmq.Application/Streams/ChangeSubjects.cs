using FluentValidation;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using MediatR;

namespace Httpmq.Application.Streams;

/// <summary>Replaces the subjects of a stream; at least one. Returns warnings: consumers that get nothing any more.</summary>
public sealed record ChangeSubjects(
    Caller Caller, string Stream, IReadOnlyList<string?>? Subjects) : IRequest<IReadOnlyList<string>>, IValidatedRequest;

internal sealed class ChangeSubjectsValidator : AbstractValidator<ChangeSubjects>
{
    public ChangeSubjectsValidator()
    {
        RuleFor(command => command.Stream).ChangeableStream("stream");
        RuleFor(command => command.Subjects).NotEmpty().OverridePropertyName("subjects").WithMessage("subjects: at least one is required");
        RuleFor(command => command.Subjects).StreamSubjects("subjects");
    }
}

internal sealed class ChangeSubjectsHandler(
    IStreamStore streams, IStreamConsumers consumers) : IRequestHandler<ChangeSubjects, IReadOnlyList<string>>
{
    private const int MostNamed = 10;

    public async Task<IReadOnlyList<string>> Handle(ChangeSubjects request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        HttpmqException.ThrowIf(request.Caller.CheckManage(stream) ?? DefinitionRights.CheckTaken(request.Caller, request.Subjects));
        var subjects = request.Subjects!.Select(subject => Rules.Filter("subjects", subject)).ToArray();
        await DefinitionRights.DefineAsync(
            request.Caller,
            streams,
            async () =>
            {
                await streams.ChangeSubjectsAsync(stream, subjects, cancellationToken);
                return subjects;
            },
            cancellationToken);
        try
        {
            var orphans = (await consumers.ListAsync(stream, cancellationToken)).Where(consumer => IsOrphan(consumer, subjects)).ToArray();
            return orphans.Length == 0 ? [] : [.. orphans.Take(MostNamed).Select(Describe), .. More(orphans.Length - MostNamed)];
        }
        catch (Exception exception) when (exception is HttpmqException or OperationCanceledException)
        {
            // The subjects are changed, and that is what was asked.
            return ["the consumers of the stream could not be read, so it is not known whether one of them has a filter_subject that "
                + "matches nothing any more"];
        }
    }

    private static bool IsOrphan(ConsumerInfo consumer, SubjectFilter[] subjects) =>
        consumer.Config.Filters() is { Count: > 0 } filters
        && !filters.Any(filter => Array.Exists(subjects, subject => subject.Overlaps(filter)));

    private static string Describe(ConsumerInfo consumer) =>
        $"consumer '{consumer.Name}' gets no new messages: its "
            + $"filter_subject {string.Join(", ", consumer.Config.Filters().Select(Rules.Quote))} matches none of the stream's subjects";

    private static IEnumerable<string> More(int count) => count > 0 ? [$"{count} more consumers get no new messages either"] : [];
}
