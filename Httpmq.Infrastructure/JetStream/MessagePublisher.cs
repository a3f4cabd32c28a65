using System.Text.Json;
using Httpmq.Application.Messages;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.JetStream.Requests;
using Httpmq.Infrastructure.JetStream.Wire;

namespace Httpmq.Infrastructure.JetStream;

internal sealed class MessagePublisher(NatsLink link, RequestPipeline requests, JetStreamApi api) : IMessagePublisher
{
    // nats-server's default max_payload, until the connected one has told its own.
    private const int DefaultMaxPayload = 1024 * 1024;

    public int MaxPayload => link.Connection.ServerInfo?.MaxPayload is > 0 and var limit ? limit : DefaultMaxPayload;

    public async ValueTask<PublishOutcome> PublishAsync(Subject subject, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        // The server would end the whole connection over it.
        if (payload.Length > MaxPayload)
        {
            return Failed(ErrorKind.TooLarge, subject, $"the message has {payload.Length} bytes, and the server takes {MaxPayload} (max_payload)");
        }

        var reply = await requests.SendAsync(subject.Value, payload);
        return reply switch
        {
            { Kind: ReplyKind.Answered, Error: null } => PublishOutcome.Stored(reply.Stream!, reply.Sequence),
            { Kind: ReplyKind.Answered } => PublishOutcome.Failed(JetStreamErrors.ToError(What(subject), reply.Error)),
            { Kind: ReplyKind.NoResponders } => await ExplainNoStreamAsync(subject, cancellationToken),
            { Kind: ReplyKind.NotSent } => PublishOutcome.Failed(NatsLink.NotConnected),
            { Kind: ReplyKind.Full } => Failed(ErrorKind.Unavailable, subject, "too many messages wait for JetStream's answer; nothing was stored, try again"),
            { Kind: ReplyKind.TimedOut } => Failed(ErrorKind.Timeout, subject, "JetStream did not answer in time; the message may have been stored"),
            _ => Failed(ErrorKind.Unavailable, subject, "the connection to NATS was lost before JetStream answered; the message may have been stored"),
        };
    }

    /// <summary>Nobody took the message: because no stream has the subject, or because the stream has no leader just now.</summary>
    private async ValueTask<PublishOutcome> ExplainNoStreamAsync(Subject subject, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await api.CallAsync(
                What(subject),
                "STREAM.NAMES",
                JsonSerializer.SerializeToUtf8Bytes(new StreamNamesRequest(subject.Value), WireJson.Default.StreamNamesRequest),
                WireJson.Default.StreamNamesResponse,
                cancellationToken);
            return answer.Streams is { Count: > 0 }
                ? Failed(ErrorKind.Unavailable, subject, $"stream {answer.Streams[0]} has no leader at the moment; nothing was stored, try again")
                : Failed(ErrorKind.NotFound, subject, "no stream takes this subject; define one with POST /v1/admin/stream");
        }
        catch (HttpmqException exception)
        {
            // Why nobody took it stays open; that nobody did does not, so this is no time-out of unknown outcome.
            return Failed(ErrorKind.Unavailable, subject, $"no stream took it, and JetStream does not say why ({exception.Error.Message}); nothing was stored, try again");
        }
    }

    private static string What(Subject subject) => $"Unable to publish message to {subject}";

    private static PublishOutcome Failed(ErrorKind kind, Subject subject, string detail) =>
        PublishOutcome.Failed(new Error(kind, What(subject), detail));
}
