using FluentValidation;
using Httpmq.Application.Validation;
using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Streams;
using MediatR;

namespace Httpmq.Application.Streams;

/// <summary>
/// Creates a stream; the same again succeeds, a different one of this name is a conflict. Returns warnings: values that JetStream replaced.
/// </summary>
public sealed record DefineStream(Caller Caller, StreamConfig Config) : IRequest<IReadOnlyList<string>>, IValidatedRequest;

internal sealed class DefineStreamValidator : AbstractValidator<DefineStream>
{
    public DefineStreamValidator()
    {
        RuleFor(command => command.Config.Name).ChangeableStream("name");
        RuleFor(command => command.Config).SetValidator(new StreamConfigValidator());
    }
}

internal sealed class DefineStreamHandler(IStreamStore streams) : IRequestHandler<DefineStream, IReadOnlyList<string>>
{
    public async Task<IReadOnlyList<string>> Handle(DefineStream request, CancellationToken cancellationToken)
    {
        var stream = Rules.Stream(request.Config.Name);
        HttpmqException.ThrowIf(DefinitionRights.Check(request.Caller, stream, request.Config));
        var made = await DefinitionRights.DefineAsync(
            request.Caller, streams, () => streams.CreateAsync(stream, request.Config, cancellationToken), cancellationToken);
        var defaults = StreamConfig.DefaultsFor(request.Config.MaxAge?.Nanoseconds ?? 0);
        return
        [
            .. ReplacedValues.Warnings(request.Config, made, defaults),
            .. ReplacedValues.OfMetadata(request.Config.Metadata, made.Metadata),
        ];
    }
}
