using System.Text.Json;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Features;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Consumers;

/// <summary>Pauses and resumes consumers.</summary>
internal sealed class ConsumerPause(JetStreamApi api)
{
    private static readonly (string Name, Feature Feature) Needed = ("pause", Feature.Pause);

    /// <summary>Stops deliveries until then; null, or a time that is over: they go on.</summary>
    public async Task<PauseResponse> SetAsync(
        StreamName stream, ConsumerName consumer, DateTimeOffset? until, CancellationToken cancellationToken)
    {
        var operation = OperationOf(stream, consumer, until);
        await api.RequireAsync(operation, [Needed], cancellationToken);
        if (api.Server.IsClustered)
        {
            await ConsumerLeader.RequireAsync(api, operation, Needed, stream, consumer, cancellationToken);
        }

        return await CallAsync(operation, stream, consumer, until, cancellationToken);
    }

    /// <summary>Pauses or resumes a consumer after a change of its configuration: JetStream takes no pause from an update.</summary>
    /// <param name="current">The consumer as it is.</param>
    /// <param name="until">Until when it shall be paused; null: not.</param>
    /// <param name="isChanged">Whether the rest of its configuration was changed.</param>
    /// <returns>The configuration, with the pause that was asked for.</returns>
    public async Task<ConsumerConfig> FollowAsync(ConsumerInfoWire current, DateTimeOffset? until, bool isChanged)
    {
        var config = current.ToInfo().Config;
        if (until is null ? !current.Paused : until == config.PauseUntil)
        {
            return config;
        }

        var (stream, consumer) = (StreamName.OfExisting(current.StreamName!), ConsumerName.OfExisting(current.Name!));
        var operation = OperationOf(stream, consumer, until);
        try
        {
            ConsumerLeader.Require(operation, Needed, current);
            await CallAsync(operation, stream, consumer, until, CancellationToken.None);
            return config with { PauseUntil = until };
        }
        catch (HttpmqException exception) when (isChanged)
        {
            throw new HttpmqException(exception.Error.With("changed", value: true), exception);
        }
    }

    private static Operation OperationOf(StreamName stream, ConsumerName consumer, DateTimeOffset? until) =>
        new(until is null ? OperationKind.ResumeConsumer : OperationKind.PauseConsumer, stream.Value, consumer.Value);

    private async Task<PauseResponse> CallAsync(
        Operation operation, StreamName stream, ConsumerName consumer, DateTimeOffset? until, CancellationToken cancellationToken)
    {
        var answer = await api.TryCallAsync(
            operation,
            $"CONSUMER.PAUSE.{stream}.{consumer}",
            JsonSerializer.SerializeToUtf8Bytes(new PauseRequest(until), WireJson.Default.PauseRequest),
            WireJson.Default.PauseResponse,
            cancellationToken);
        return answer.Error is null ? answer : throw new HttpmqException(JetStreamErrors.ToError(operation, answer.Error).Unprocessable());
    }
}
