using FluentValidation;
using Httpmq.Domain.Errors;
using MediatR;

namespace Httpmq.Application.Validation;

/// <summary>
/// Marks a request that is validated before its handler runs. Publish and acknowledge do not carry it: they are the hot
/// paths, their rules are two parses, and a behaviour costs more than those (docs/adr/0006-hot-paths-have-no-behaviours.md).
/// </summary>
public interface IValidatedRequest;

/// <summary>Runs the request's validators; the first thing wrong with each field goes into one error.</summary>
internal sealed class ValidationBehavior<TRequest, TResponse>(IEnumerable<IValidator<TRequest>> validators)
    : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IValidatedRequest
{
    public Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
        var invalidValues = validators
            .SelectMany(validator => validator.Validate(request).Errors)
            .Select(failure => new InvalidValue(failure.PropertyName, failure.AttemptedValue, failure.ErrorMessage))
            .ToArray();
        return invalidValues.Length == 0
            ? next()
            : throw new HttpmqException(RequestErrors.Invalid(invalidValues));
    }
}
