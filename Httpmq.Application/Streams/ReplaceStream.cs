using FluentValidation;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Streams;
using MediatR;

namespace Httpmq.Application.Streams;

/// <summary>
/// Replaces the configuration of a stream that exists: what is not named becomes JetStream's default. What is not known here, and what
/// nats-server wrote into the metadata, stays. Returns warnings: values that JetStream replaced.
/// </summary>
/// <param name="Caller">Who asks.</param>
/// <param name="Stream">The stream.</param>
/// <param name="Config">The configuration; its name may be left out.</param>
public sealed record ReplaceStream(
    Caller Caller, string Stream, StreamConfig Config) : IRequest<IReadOnlyList<string>>, IValidatedRequest;

internal sealed class ReplaceStreamValidator : AbstractValidator<ReplaceStream>
{
    public ReplaceStreamValidator()
    {
        RuleFor(command => command.Stream).ChangeableStream("stream");
        RuleFor(command => command.Config.Name).Equal(command => command.Stream, StringComparer.Ordinal).OverridePropertyName("name")
            .WithMessage(command => $"name: {Rules.Quote(command.Config.Name)} is not the stream of the path, "
                + $"{Rules.Quote(command.Stream)}; a stream's name cannot be changed")
            .When(command => command.Config.Name is not null);
        RuleFor(command => command.Config).SetValidator(new StreamConfigValidator());
    }
}

internal sealed class ReplaceStreamHandler(IStreamStore streams) : IRequestHandler<ReplaceStream, IReadOnlyList<string>>
{
    public async Task<IReadOnlyList<string>> Handle(ReplaceStream request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Stream);
        HttpmqException.ThrowIf(DefinitionRights.Check(request.Caller, stream, request.Config));
        var made = await DefinitionRights.DefineAsync(
            request.Caller, streams, () => streams.ReplaceAsync(stream, request.Config, cancellationToken), cancellationToken);
        var defaults = StreamConfig.DefaultsFor(request.Config.MaxAge?.Nanoseconds ?? 0);
        return
        [
            .. ReplacedValues.Warnings(request.Config, made, defaults),
            .. ReplacedValues.OfMetadata(request.Config.Metadata, made.Metadata),
        ];
    }
}
