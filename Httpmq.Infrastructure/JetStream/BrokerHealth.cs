using Httpmq.Application.Health;
using Httpmq.Domain.Errors;
using Httpmq.Infrastructure.JetStream.Wire;

namespace Httpmq.Infrastructure.JetStream;

internal sealed class BrokerHealth(JetStreamApi api, NatsLink link, DeliveryLink? deliveries) : IBrokerHealth
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);

    public string? ServerVersion => link.Connection.ServerInfo?.Version;

    public async Task<Error?> CheckAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            deliveries?.RequireOpen();
            var answer = await api.TryCallAsync("JetStream is not ready", "INFO", [], WireJson.Default.ApiResponse, limit.Token);
            return answer.Error is null ? null : JetStreamErrors.ToError("JetStream is not ready", answer.Error) with { Kind = ErrorKind.Unavailable };
        }
        catch (HttpmqException exception)
        {
            return exception.Error with { Kind = ErrorKind.Unavailable };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Error(ErrorKind.Unavailable, "JetStream is not ready", $"no answer within {Patience.TotalSeconds} s");
        }
    }
}
