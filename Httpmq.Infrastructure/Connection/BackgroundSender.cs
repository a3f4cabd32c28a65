using Microsoft.Extensions.Logging;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Connection;

/// <summary>Sends without waiting; a failure shows in what the server does next.</summary>
internal sealed class BackgroundSender(DeliveryLink link, ILogger logger)
{
    public void Send(string subject, ReadOnlyMemory<byte> payload, string? replyTo = null)
    {
        if (!link.IsOpen)
        {
            return;
        }

        var sending = link.Connection.PublishAsync(
            subject,
            payload,
            replyTo: replyTo,
            serializer: NatsRawSerializer<ReadOnlyMemory<byte>>.Default);
        if (!sending.IsCompletedSuccessfully)
        {
            LogFailureAsync(sending.AsTask()).Forget();
        }
    }

    /// <summary>Waits for what may fail.</summary>
    public async Task LogFailureAsync(Task sending)
    {
        try
        {
            await sending;
        }
        catch (Exception exception) when (exception is NatsException or OperationCanceledException or ObjectDisposedException)
        {
            logger.SendFailed(exception.Message);
        }
    }
}
