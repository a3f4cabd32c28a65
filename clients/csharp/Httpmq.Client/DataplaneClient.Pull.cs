namespace Httpmq.Client;

/// <summary>How many messages a pull asks for, and how long it waits for them. What is null is the gateway's default.</summary>
public sealed class PullOptions
{
    /// <summary>How many messages at most, from 1 to 10,000; default 1.</summary>
    public int? Batch { get; set; }

    /// <summary>How long the answer waits for messages, up to 60 s; default 5 s.</summary>
    public TimeSpan? Expires { get; set; }

    /// <summary>How many bytes the answer has at most; default 8 MiB.</summary>
    public long? MaxBytes { get; set; }

    /// <summary>Whether to answer as soon as nothing is left.</summary>
    public bool? NoWait { get; set; }

    /// <summary>The priority group of the consumer; nats-server 2.11.</summary>
    public string? Group { get; set; }

    /// <summary>The pin of a pinned client, which is in its messages' header <c>Nats-Pin-Id</c>.</summary>
    public string? Id { get; set; }

    /// <summary>The priority within the group, from 0, the first; nats-server 2.12.</summary>
    public int? Priority { get; set; }

    /// <summary>Get messages only while at least so many are pending; nats-server 2.11.</summary>
    public long? MinPending { get; set; }

    /// <summary>Get messages only while at least so many wait for their acknowledgement; nats-server 2.11.</summary>
    public long? MinAckPending { get; set; }
}

public partial class DataplaneClient
{
    /// <summary>
    /// Pulls messages of a pull consumer: those that are there, or came in time. Each is to be settled within the consumer's
    /// <c>ack_wait</c>, or comes again.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="consumer">The consumer.</param>
    /// <param name="options">How many, and how long to wait; null: one message, 5 s.</param>
    /// <param name="cancellationToken">Gives up waiting; what was not sent is redelivered.</param>
    /// <returns>The messages; none when nothing came in time.</returns>
    /// <exception cref="HttpmqException">The pull was refused, or the gateway could not be reached.</exception>
    public async Task<IReadOnlyList<HttpmqMessage>> PullAsync(
        string stream, string consumer, PullOptions? options = null, CancellationToken cancellationToken = default)
    {
        var parameters = new PullParameters
        {
            Batch = options?.Batch,
            Expires = options?.Expires?.Nanoseconds(),
            MaxBytes = options?.MaxBytes,
            NoWait = options?.NoWait,
            Group = options?.Group,
            Id = options?.Id,
            Priority = options?.Priority,
            MinPending = options?.MinPending,
            MinAckPending = options?.MinAckPending,
        };
        var answer = await PullMessagesAsync(stream, consumer, parameters, cancellationToken).ConfigureAwait(false);
        return [.. answer.Messages.Select(message => new HttpmqMessage(this, stream, consumer, message))];
    }
}
