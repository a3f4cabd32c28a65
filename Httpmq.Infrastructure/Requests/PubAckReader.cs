using System.Buffers;
using System.Text.Json;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Requests;

/// <summary>
/// Reads answers on a reply subject: a publish's acknowledgement, an empty one, or the "nobody listens" status.
/// One reader at a time: it remembers the last stream's name instead of making a string per answer.
/// </summary>
internal sealed class PubAckReader
{
    private string _stream = string.Empty;

    public Reply Read(in ReadOnlySequence<byte>? headers, in ReadOnlySequence<byte> payload)
    {
        if (payload.IsEmpty)
        {
            return new Reply(NatsStatus.Read(headers) == NatsStatus.NoResponders ? ReplyKind.NoResponders : ReplyKind.Answered);
        }

        try
        {
            // In one piece: the framework's reader falls over a literal that is cut off where an empty segment follows.
            return Read(payload.IsSingleSegment ? payload.FirstSpan : payload.ToArray());
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return Foreign();
        }
    }

    private Reply Read(ReadOnlySpan<byte> payload)
    {
        var json = new Utf8JsonReader(payload);
        string? stream = null;
        string? value = null;
        var duplicate = false;
        ulong sequence = 0;
        if (!json.Read() || json.TokenType is not JsonTokenType.StartObject)
        {
            return Foreign();
        }

        while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("error"u8))
            {
                var answer = new Utf8JsonReader(payload);
                return new Reply(ReplyKind.Answered, Error: JsonSerializer.Deserialize(ref answer, WireJson.Default.ApiResponse)?.Error);
            }

            var isStream = json.ValueTextEquals("stream"u8);
            var isSequence = json.ValueTextEquals("seq"u8);
            var isDuplicate = json.ValueTextEquals("duplicate"u8);
            var isValue = json.ValueTextEquals("val"u8);
            json.Read();
            if (isStream)
            {
                stream = _stream = json.ValueTextEquals(_stream) ? _stream : json.GetString()!;
            }
            else if (isSequence)
            {
                sequence = json.GetUInt64();
            }
            else if (isDuplicate)
            {
                duplicate = json.GetBoolean();
            }
            else if (isValue)
            {
                value = json.GetString();
            }
            else
            {
                json.Skip();
            }
        }

        return stream is null || sequence == 0
            ? Foreign()
            : new Reply(ReplyKind.Answered, stream, sequence, Duplicate: duplicate, Value: value);
    }

    /// <summary>
    /// Somebody else than a stream listens on the subject and answered; a stream may have stored the message all the same.
    /// </summary>
    private static Reply Foreign() => new(ReplyKind.Foreign);
}
