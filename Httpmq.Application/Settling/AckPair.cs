using System.Text;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Application.Settling;

/// <summary>One delivery as the client named it: by two sequences, by its token, or by its whole line.</summary>
/// <param name="Stream">Stream sequence, at least 1.</param>
/// <param name="Consumer">Consumer sequence, at least 1.</param>
/// <param name="Invalid">Why it could not even be read, else null.</param>
/// <param name="Token">The delivery's token; the sequences need not be there then, and have to agree where they are.</param>
/// <param name="Line">The names in the delivery's line, where the whole of it was sent.</param>
public sealed record AckPair(ulong? Stream, ulong? Consumer, string? Invalid = null, string? Token = null, LineNames? Line = null)
{
    /// <summary>The delivery, or what is wrong with the pair.</summary>
    /// <param name="stream">The stream of the route.</param>
    /// <param name="consumer">The consumer of the route.</param>
    /// <param name="delivery">What was named, as far as it could be read.</param>
    public Error? TryRead(StreamName stream, ConsumerName consumer, out DeliverySequence delivery)
    {
        delivery = new DeliverySequence(Stream ?? 0, Consumer ?? 0);
        var reason = Invalid ?? ValidateNames(stream, consumer) ?? ValidateToken(stream, consumer, ref delivery)
            ?? (Token is null ? Validate("stream", Stream) ?? Validate("consumer", Consumer) : null);
        return reason is null ? null : AckErrors.Malformed(reason);
    }

    private string? ValidateNames(StreamName stream, ConsumerName consumer) => Line switch
    {
        { Stream: { } other } when !string.Equals(other, stream.Value, StringComparison.Ordinal) =>
            $"stream: the delivery is of stream '{Shorten(other)}', and the path names '{stream}'",
        { Consumer: { } other } when !string.Equals(other, consumer.Value, StringComparison.Ordinal) =>
            $"consumer: the delivery is of consumer '{Shorten(other)}', and the path names '{consumer}'",
        _ => null,
    };

    private string? ValidateToken(StreamName stream, ConsumerName consumer, ref DeliverySequence delivery)
    {
        if (Token is null)
        {
            return null;
        }

        Span<byte> utf8 = stackalloc byte[DeliveryToken.MaxLength];
        if (!Encoding.UTF8.TryGetBytes(Token, utf8, out var length)
            || !DeliveryToken.Of(stream, consumer).TryParse(utf8[..length], out var named))
        {
            return $"token: '{Shorten(Token)}' is not the token of a delivery of consumer {consumer} of stream {stream}: send it unchanged";
        }

        if ((Stream is not null && Stream != named.Stream) || (Consumer is not null && Consumer != named.Consumer))
        {
            return $"token: it names stream sequence {named.Stream} and consumer sequence {named.Consumer}, but the sequences sent with it "
                + "differ; send only the token";
        }

        delivery = named;
        return null;
    }

    private static string? Validate(string field, ulong? sequence) => sequence switch
    {
        null => $"{field} is required: a sequence of at least 1",
        0 => $"{field}: 0 is less than 1",
        _ => null,
    };

    private static string Shorten(string text) => text.Length > 100 ? text[..100] + "…" : text;
}

/// <summary>The names in a delivery's line; null where it has none.</summary>
public sealed record LineNames(string? Stream, string? Consumer);
