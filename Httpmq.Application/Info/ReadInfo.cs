using Httpmq.Domain.Access;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Features;
using MediatR;

namespace Httpmq.Application.Info;

/// <summary>What the gateway stands in front of.</summary>
public interface IBrokerInfo
{
    /// <summary>
    /// Asks now. Throws <see cref="HttpmqException"/>: <see cref="ErrorKind.Unavailable"/> without a connection or JetStream,
    /// <see cref="ErrorKind.Timeout"/> without an answer in time.
    /// </summary>
    Task<BrokerInfo> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>What the gateway stands in front of: for who manages a stream, or may read everything.</summary>
public sealed record ReadInfo(Caller Caller) : IRequest<BrokerInfo>;

internal sealed class ReadInfoHandler(IBrokerInfo broker) : IRequestHandler<ReadInfo, BrokerInfo>
{
    public Task<BrokerInfo> Handle(ReadInfo request, CancellationToken cancellationToken)
    {
        HttpmqException.ThrowIf(request.Caller.CheckSeeServer());
        return broker.ReadAsync(cancellationToken);
    }
}
