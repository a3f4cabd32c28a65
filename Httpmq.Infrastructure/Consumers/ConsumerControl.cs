using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Httpmq.Application.Consumers;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Features;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Ledger;
using Httpmq.Infrastructure.Protocol;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Consumers;

/// <summary>A server that lacks one of these calls does not answer it, so it is asked only where it is there.</summary>
internal sealed class ConsumerControl(JetStreamApi api, RequestLink link, ConsumerLedger ledger) : IConsumerControl
{
    private readonly ConsumerPause _pause = new(api);

    public async Task<PauseState> PauseAsync(
        StreamName stream, ConsumerName consumer, DateTimeOffset? until, CancellationToken cancellationToken)
    {
        var answer = await _pause.SetAsync(stream, consumer, until, cancellationToken);
        return answer.Paused ? new PauseState(Paused: true, answer.PauseUntil, answer.PauseRemaining) : new PauseState(false, null, null);
    }

    public async Task<ulong> ResetAsync(StreamName stream, ConsumerName consumer, ulong? sequence, CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.ResetConsumer, stream.Value, consumer.Value);
        await api.RequireAsync(operation, [("reset", Feature.ConsumerReset)], cancellationToken);

        // Of a consumer that is not there nobody answers (measured on 2.15.1).
        var current = await api.FindConsumerAsync(operation, stream, consumer, cancellationToken)
            ?? throw new HttpmqException(ConsumerErrors.NotFound(stream, consumer));
        ConsumerLeader.Require(operation, ("reset", Feature.ConsumerReset), current);

        try
        {
            var answer = await CallAsync(
                operation,
                $"CONSUMER.RESET.{stream}.{consumer}",
                JsonSerializer.SerializeToUtf8Bytes(new ResetRequest(sequence), WireJson.Default.ResetRequest),
                WireJson.Default.ResetResponse,
                cancellationToken);
            return answer.ResetSeq;
        }
        finally
        {
            // Also where it is not known whether it happened: to ask once more costs little.
            ledger.SetBack(stream.Value, consumer.Value);
            await TellAsync($"{GatewaySubjects.ConsumerReset}{stream}.{consumer}");
        }
    }

    public async Task UnpinAsync(StreamName stream, ConsumerName consumer, string group, CancellationToken cancellationToken)
    {
        var operation = new Operation(OperationKind.UnpinConsumer, stream.Value, consumer.Value);
        await api.RequireAsync(operation, [("unpin", Feature.PriorityGroups)], cancellationToken);
        if (api.Server.IsClustered)
        {
            await ConsumerLeader.RequireAsync(
                api, operation, ("unpin", Feature.PriorityGroups), stream, consumer, cancellationToken);
        }

        await CallAsync(
            operation,
            $"CONSUMER.UNPIN.{stream}.{consumer}",
            JsonSerializer.SerializeToUtf8Bytes(new UnpinRequest(group), WireJson.Default.UnpinRequest),
            WireJson.Default.ApiResponse,
            cancellationToken);
    }

    private async Task<TAnswer> CallAsync<TAnswer>(
        Operation operation, string call, byte[] body, JsonTypeInfo<TAnswer> type, CancellationToken cancellationToken)
        where TAnswer : ApiResponse
    {
        var answer = await api.TryCallAsync(operation, call, body, type, cancellationToken);
        return answer.Error is null
            ? answer
            : throw new HttpmqException(JetStreamErrors.ToError(operation, answer.Error).Unprocessable());
    }

    /// <summary>Whoever does not hear it asks the consumer when an acknowledgement does not fit what is remembered.</summary>
    private async Task TellAsync(string subject)
    {
        try
        {
            await link.Connection.PublishAsync(subject);
        }
        catch (Exception exception) when (exception is NatsException or ObjectDisposedException or OperationCanceledException)
        {
            // The connection is lost; what was remembered is doubted for that reason.
        }
    }
}
