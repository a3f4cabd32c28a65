using Httpmq.Domain.Errors;
using MediatR;

namespace Httpmq.Application.Health;

/// <summary>The state of what the gateway stands in front of.</summary>
public interface IBrokerHealth
{
    /// <summary>Asks JetStream now: null when it answers, else why it does not. Returns within 2 s.</summary>
    Task<Error?> CheckAsync(CancellationToken cancellationToken);

    /// <summary>The version of the server that is or was last connected, such as <c>2.9.10</c>; null before the first connection.</summary>
    string? ServerVersion { get; }
}

/// <summary>Whether requests can be served now: null, or why not.</summary>
public sealed record CheckReadiness : IRequest<Error?>;

internal sealed class CheckReadinessHandler(IBrokerHealth health) : IRequestHandler<CheckReadiness, Error?>
{
    public Task<Error?> Handle(CheckReadiness request, CancellationToken cancellationToken) => health.CheckAsync(cancellationToken);
}
