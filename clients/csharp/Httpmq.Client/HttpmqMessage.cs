namespace Httpmq.Client;

/// <summary>One delivery of a message.</summary>
public sealed class HttpmqMessage
{
    private readonly DataplaneClient _client;

    internal HttpmqMessage(DataplaneClient client, DeliveryLine line)
    {
        _client = client;
        (Stream, Consumer, Subject, Data) = (line.Stream, line.Consumer, line.MessageSubject ?? line.Subject, line.B64Msg);
        (StreamSequence, ConsumerSequence) = (line.Sequence.Stream, line.Sequence.Consumer);
    }

    /// <summary>The stream that holds it.</summary>
    public string Stream { get; }

    /// <summary>The consumer that delivered it.</summary>
    public string Consumer { get; }

    /// <summary>The subject that it was published to.</summary>
    public string Subject { get; }

    /// <summary>Its sequence in the stream; a redelivery has the same.</summary>
    public ulong StreamSequence { get; }

    /// <summary>The delivery's sequence in the consumer; a redelivery has another.</summary>
    public ulong ConsumerSequence { get; }

    /// <summary>The message.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>Acknowledges it; returns when JetStream confirmed that. Doing it twice does no harm.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="HttpmqException">
    /// It was refused, or it is not known whether it was confirmed; then it is safe to try again.
    /// </exception>
    public Task AcknowledgeAsync(CancellationToken cancellationToken = default) =>
        _client.AcknowledgeMessageAsync(
            Stream, Consumer, new AckParameters { Stream = StreamSequence, Consumer = ConsumerSequence }, cancellationToken);
}
