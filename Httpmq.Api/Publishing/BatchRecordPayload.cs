using System.Buffers.Text;
using System.Text.Json;
using Httpmq.Api.Bodies;
using Httpmq.Api.Errors;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.Publishing;

/// <summary>
/// The message of a record: one of <c>b64_msg</c>, <c>msg</c> and <c>json</c>, decoded into a buffer that the next record overwrites.
/// </summary>
internal sealed class BatchRecordPayload(int maxMessage, BodyBuffers buffers) : IDisposable
{
    private static readonly Error MessageNoText = BatchErrors.Invalid("b64_msg: the value is not text");
    private static readonly Error TextNoText = BatchErrors.Invalid("msg: the value is not text; json takes any value");
    private static readonly Error EmptyMessage = BatchErrors.Invalid("b64_msg: the message is empty");
    private static readonly Error EmptyText = BatchErrors.Invalid("msg: the message is empty");
    private static readonly Error Several = BatchErrors.Invalid("a record has one message: b64_msg, msg or json");

    private static readonly Error NoBase64 =
        BatchErrors.Invalid("b64_msg is not base64 with padding: encode the message first, for example with the command base64");

    private byte[] _text = [];
    private byte[] _message = [];
    private int _length;
    private Member _given;

    /// <summary>Whether there is one.</summary>
    public bool IsGiven => _given is not Member.None;

    /// <summary>Its bytes, until the next record.</summary>
    public ReadOnlyMemory<byte> Message => _message.AsMemory(0, _length);

    private enum Member
    {
        None,
        Base64,
        Text,
        Json,

        /// <summary><c>"json":null</c>: a value, and what typed clients write where they have none.</summary>
        JsonNull,
    }

    /// <summary>Begins with another record.</summary>
    public void Clear() => (_given, _length) = (Member.None, 0);

    public Error? ReadBase64(ref Utf8JsonReader json)
    {
        if (json.TokenType is JsonTokenType.Null)
        {
            return null;
        }

        if (json.TokenType is not JsonTokenType.String)
        {
            return MessageNoText;
        }

        if (!Take(Member.Base64))
        {
            return Several;
        }

        // A slash may be written as \/, and any character as \u….
        Grow(ref _text, json.ValueSpan.Length);
        var text = _text.AsSpan(0, json.CopyString(_text));
        Grow(ref _message, Base64.GetMaxDecodedFromUtf8Length(text.Length));
        return text.IndexOfAny(" \t\r\n"u8) >= 0 || !Base64Body.TryDecode(text, _message, out _length) ? NoBase64
            : _length == 0 ? EmptyMessage
            : CheckSize("b64_msg");
    }

    /// <summary>A text, stored as UTF-8.</summary>
    public Error? ReadText(ref Utf8JsonReader json)
    {
        if (json.TokenType is JsonTokenType.Null)
        {
            return null;
        }

        if (json.TokenType is not JsonTokenType.String)
        {
            json.Skip();
            return TextNoText;
        }

        if (!Take(Member.Text))
        {
            return Several;
        }

        Grow(ref _message, json.ValueSpan.Length);
        _length = json.CopyString(_message);
        return _length == 0 ? EmptyText : CheckSize("msg");
    }

    /// <summary>Any value, stored as it is written.</summary>
    /// <param name="json">Stands at the value, and then at its end.</param>
    /// <param name="line">What it reads.</param>
    public Error? ReadJson(ref Utf8JsonReader json, ReadOnlySpan<byte> line)
    {
        var start = (int)json.TokenStartIndex;
        var isNull = json.TokenType is JsonTokenType.Null;
        json.Skip();
        if (isNull && _given is not (Member.None or Member.JsonNull or Member.Json))
        {
            return null;
        }

        if (!Take(isNull ? Member.JsonNull : Member.Json))
        {
            return Several;
        }

        var value = line[start..(int)json.BytesConsumed];
        Grow(ref _message, value.Length);
        value.CopyTo(_message);
        _length = value.Length;
        return CheckSize("json");
    }

    public void Dispose()
    {
        buffers.Return(_text);
        buffers.Return(_message);
        (_text, _message) = ([], []);
    }

    /// <summary>Of a member that is there twice the last one counts, as everywhere; two of them are a mistake.</summary>
    private bool Take(Member member)
    {
        var isFree = _given is Member.None or Member.JsonNull || _given == member || (_given, member) is (Member.Json, Member.JsonNull);
        _given = isFree ? member : _given;
        return isFree;
    }

    private Error? CheckSize(string field) => _length > maxMessage ? BatchErrors.TooLarge(field, _length, maxMessage) : null;

    private void Grow(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            buffers.Return(buffer);
            buffer = [];
            buffer = buffers.Rent(length);
        }
    }
}
