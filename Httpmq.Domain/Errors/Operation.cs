using System.Globalization;

namespace Httpmq.Domain.Errors;

/// <summary>What the gateway does when something fails.</summary>
public enum OperationKind
{
    ListStreams,
    ReadStream,
    CreateStream,
    ChangeSubjects,
    ChangeLimits,
    ChangeStream,
    DeleteStream,
    PurgeStream,
    ListSubjects,
    ReadMessage,
    DeleteMessage,

    /// <summary>Find the stream that takes a subject.</summary>
    FindStream,

    ListConsumers,
    ReadConsumer,
    CreateConsumer,
    ChangeConsumer,
    DeleteConsumer,
    PauseConsumer,
    ResumeConsumer,
    ResetConsumer,
    UnpinConsumer,

    Publish,

    /// <summary>Read one record of a batch.</summary>
    ReadRecord,

    Acknowledge,

    /// <summary>Acknowledge any messages of a consumer.</summary>
    AcknowledgeMany,

    /// <summary>Tell what else became of messages than that they were processed.</summary>
    Settle,

    /// <summary>Read what the gateway is connected to.</summary>
    ReadInfo,

    /// <summary>Ask a pull consumer for messages, once.</summary>
    Pull,

    /// <summary>Read the last message of a subject.</summary>
    ReadLastMessage,

    /// <summary>Read the messages of a stream, one after the other.</summary>
    Replay,

    /// <summary>Ask JetStream whether it can serve.</summary>
    AskReadiness,

    /// <summary>Say whether the gateway can serve.</summary>
    TellReadiness,

    /// <summary>Take a request as HTTP has it.</summary>
    ReceiveRequest,
}

/// <summary>What was being done, and with what.</summary>
/// <param name="Kind">What.</param>
/// <param name="Stream">The stream, where there is one.</param>
/// <param name="Consumer">The consumer, where there is one.</param>
/// <param name="Subject">The subject, where there is one.</param>
/// <param name="Sequence">The message's sequence in the stream; 0: none.</param>
public sealed record Operation(
    OperationKind Kind, string? Stream = null, string? Consumer = null, string? Subject = null, ulong Sequence = 0)
{
    /// <summary>The member of this name; null where there is none.</summary>
    public object? this[ReadOnlySpan<char> name] => name switch
    {
        "stream" => Stream,
        "consumer" => Consumer,
        "subject" => Subject,
        "sequence" => Sequence == 0 ? null : Sequence,
        _ => null,
    };

    /// <inheritdoc/>
    public override string ToString()
    {
        string?[] with = [Stream, Consumer, Subject, Sequence == 0 ? null : Sequence.ToString(CultureInfo.InvariantCulture)];
        return string.Join(' ', [$"{Kind}", .. with.OfType<string>()]);
    }
}
