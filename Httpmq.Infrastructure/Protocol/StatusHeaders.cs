using System.Buffers;
using System.Text;

namespace Httpmq.Infrastructure.Protocol;

/// <summary>Which conflict ended a pull request: what nats-server says as text alone.</summary>
internal enum PullConflict
{
    /// <summary>One that passes: too many requests wait, another leader, a server that stops.</summary>
    Other,

    ConsumerDeleted,

    /// <summary>A push consumer took the place of the pull consumer.</summary>
    BecamePush,

    /// <summary>It asked for more messages at once than the consumer permits.</summary>
    BatchTooLarge,

    /// <summary>It was to wait longer than the consumer permits.</summary>
    ExpiresTooLong,

    /// <summary>It was to have more bytes than the consumer permits.</summary>
    BytesTooMany,

    /// <summary>As many requests wait as the consumer's <c>max_waiting</c>.</summary>
    TooManyWaiting,

    /// <summary>The next message does not fit into what is left of the request's bytes.</summary>
    MessageTooLarge,

    /// <summary>The request was served.</summary>
    Completed,
}

/// <summary>Reads what a status message says beside its code.</summary>
internal static class StatusHeaders
{
    /// <summary>What the text after the code 409 means.</summary>
    public static PullConflict ReadConflict(in ReadOnlySequence<byte> headers)
    {
        var text = headers.ToArray().AsSpan();
        return text.IndexOf("Consumer Deleted"u8) >= 0 ? PullConflict.ConsumerDeleted
            : text.IndexOf("push based"u8) >= 0 ? PullConflict.BecamePush
            : text.IndexOf("Exceeded MaxRequestBatch"u8) >= 0 ? PullConflict.BatchTooLarge
            : text.IndexOf("Exceeded MaxRequestExpires"u8) >= 0 ? PullConflict.ExpiresTooLong
            : text.IndexOf("Exceeded MaxRequestMaxBytes"u8) >= 0 ? PullConflict.BytesTooMany
            : text.IndexOf("Exceeded MaxWaiting"u8) >= 0 ? PullConflict.TooManyWaiting
            : text.IndexOf("Message Size Exceeds MaxBytes"u8) >= 0 ? PullConflict.MessageTooLarge
            : text.IndexOf("Batch Completed"u8) >= 0 ? PullConflict.Completed
            : PullConflict.Other;
    }

    /// <summary>The value of a header, or null.</summary>
    /// <param name="headers">The headers as they came.</param>
    /// <param name="name">The header's name with its colon.</param>
    public static string? Find(in ReadOnlySequence<byte> headers, ReadOnlySpan<byte> name)
    {
        var bytes = headers.ToArray().AsSpan();
        var start = bytes.IndexOf(name);
        if (start < 0)
        {
            return null;
        }

        var value = bytes[(start + name.Length)..];
        var end = value.IndexOf((byte)'\r');
        return Encoding.ASCII.GetString(end < 0 ? value : value[..end]).Trim();
    }

    /// <summary>The first line without the version: code and text.</summary>
    public static string Text(in ReadOnlySequence<byte> headers) => Find(headers, "NATS/1.0"u8) ?? "no reason given";
}
