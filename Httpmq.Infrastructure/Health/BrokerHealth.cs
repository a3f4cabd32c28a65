using Httpmq.Application.Health;
using Httpmq.Domain.Errors;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using Httpmq.Infrastructure.Requests;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Health;

internal sealed class BrokerHealth(
    JetStreamApi api, RequestPipeline requests, RequestLink link, DeliveryLink? deliveries, NatsOptions options) : IBrokerHealth
{
    private static readonly Operation Asking = new(OperationKind.AskReadiness);
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(1.5);

    public string? ServerVersion => link.Server.Name;

    public async Task<Error?> CheckAsync(CancellationToken cancellationToken)
    {
        // Side by side: both may take most of what there is.
        var asking = AskAsync(cancellationToken);
        var problem = options.Diagnosis is { } diagnosis ? await diagnosis.DiagnoseAsync(cancellationToken) : null;
        var error = await asking;
        return (error, problem ?? options.Diagnosis?.Problem) switch
        {
            (null, _) => problem is null ? null : ConnectionErrors.Unready(Asking, problem),
            (_, { } why) => error.With("problem", why),
            _ => link.Explain(error),
        };
    }

    private async Task PingDeliveriesAsync(CancellationToken cancellationToken)
    {
        if (deliveries is null)
        {
            return;
        }

        deliveries.RequireOpen();
        try
        {
            await deliveries.Connection.PingAsync(cancellationToken).AsTask().WaitAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is NatsException or ObjectDisposedException)
        {
            throw new HttpmqException(deliveries.NotConnected, exception);
        }
    }

    /// <summary>
    /// Publishes and acknowledgements have a subscription for their answers: the same request is asked through it. False: no answer came
    /// on it.
    /// </summary>
    private async Task<bool> HearRepliesAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Whatever the answer is, and also where there is no room to ask: then others wait for theirs.
            await requests.SendAsync(options.ApiSubject("INFO"), ReadOnlyMemory<byte>.Empty).AsTask().WaitAsync(cancellationToken);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Whatever is the matter, it may be over in a moment: that is what a load balancer has to know.</summary>
    private static Error AsUnavailable(Error error) =>
        error.Kind is ErrorKind.Unavailable ? error : ConnectionErrors.Unready(Asking, error);

    private async Task<Error?> AskAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeLimit);
        try
        {
            // All at once; a connection that counts as open may be dead all the same.
            var pinging = PingDeliveriesAsync(limit.Token);
            var replying = HearRepliesAsync(limit.Token);
            var answer = await api.TryCallAsync(Asking, "INFO", [], WireJson.Default.ApiResponse, limit.Token);
            await pinging;
            if (!await replying)
            {
                requests.Renew();
                return ConnectionErrors.Deaf(Asking);
            }

            return answer.Error is null ? null : AsUnavailable(JetStreamErrors.ToError(Asking, answer.Error));
        }
        catch (HttpmqException exception)
        {
            return AsUnavailable(exception.Error);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ConnectionErrors.Unready(Asking, TimeLimit);
        }
    }
}
