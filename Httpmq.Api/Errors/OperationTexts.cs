using Httpmq.Domain.Errors;

namespace Httpmq.Api.Errors;

/// <summary>The words of what was being done.</summary>
internal static class OperationTexts
{
    public static string Of(OperationKind kind) => kind switch
    {
        OperationKind.ListStreams => "Failed to list streams",
        OperationKind.ReadStream => "Failed to read stream {stream}",
        OperationKind.CreateStream => "Failed to create stream {stream}",
        OperationKind.ChangeSubjects => "Failed to change the subjects of stream {stream}",
        OperationKind.ChangeLimits => "Failed to change the limits of stream {stream}",
        OperationKind.ChangeStream => "Failed to change stream {stream}",
        OperationKind.DeleteStream => "Failed to delete stream {stream}",
        OperationKind.PurgeStream => "Failed to purge stream {stream}",
        OperationKind.ListSubjects => "Failed to list the subjects of stream {stream}",
        OperationKind.ReadMessage => "Failed to read message {sequence} of stream {stream}",
        OperationKind.DeleteMessage => "Failed to delete message {sequence} of stream {stream}",
        OperationKind.FindStream => "Failed to find the stream of a subject",
        OperationKind.ListConsumers => "Failed to list the consumers of stream {stream}",
        OperationKind.ReadConsumer => "Failed to read consumer {consumer} of stream {stream}",
        OperationKind.CreateConsumer => "Failed to create consumer {consumer} of stream {stream}",
        OperationKind.ChangeConsumer => "Failed to change consumer {consumer} of stream {stream}",
        OperationKind.DeleteConsumer => "Failed to delete consumer {consumer} of stream {stream}",
        OperationKind.PauseConsumer => "Failed to pause consumer {consumer} of stream {stream}",
        OperationKind.ResumeConsumer => "Failed to resume consumer {consumer} of stream {stream}",
        OperationKind.ResetConsumer => "Failed to reset consumer {consumer} of stream {stream}",
        OperationKind.UnpinConsumer => "Failed to unpin a priority group of consumer {consumer} of stream {stream}",
        OperationKind.Publish => "Unable to publish message to {subject}",
        OperationKind.ReadRecord => "Invalid record",
        OperationKind.Acknowledge => "Unable to acknowledge message {sequence} of stream {stream} for consumer {consumer}",
        OperationKind.AcknowledgeMany => "Unable to acknowledge messages of stream {stream} for consumer {consumer}",
        OperationKind.Settle => "Unable to settle messages of stream {stream} for consumer {consumer}",
        OperationKind.ReadInfo => "Failed to read what JetStream is",
        OperationKind.Pull => "Unable to pull messages of stream {stream} for consumer {consumer}",
        OperationKind.ReadLastMessage => "Failed to read the last message of subject {subject}",
        OperationKind.Replay => "Failed to replay stream {stream}",
        OperationKind.AskReadiness => "JetStream is not ready",
        OperationKind.TellReadiness => "Not ready",
        OperationKind.ReceiveRequest => "Malformed request",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "An operation without words."),
    };

    /// <summary>Whether anything happened, in the words of what was asked for.</summary>
    public static string OutcomeOf(Error error) => (error["effect"], error.Operation?.Kind) switch
    {
        (Effect.Unknown, _) when error.Has("changed") => "pause_until may have been changed",
        _ when error.Has("changed") => "pause_until was not changed",
        (Effect.Unknown, _) => "what was asked may have happened",
        (_, OperationKind.Publish) => "nothing was stored",
        (_, OperationKind.Acknowledge or OperationKind.AcknowledgeMany) => "nothing was acknowledged",
        (_, OperationKind.Settle) => "nothing was settled",
        (_, OperationKind.Pull) => "nothing was delivered",
        _ => "nothing was changed",
    };
}
