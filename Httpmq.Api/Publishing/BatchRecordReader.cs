using Httpmq.Api.Errors;
using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Httpmq.Api.Bodies;
using Httpmq.Api.Http;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;

namespace Httpmq.Api.Publishing;

/// <summary>
/// Reads one record of a batch, <c>{"subject":"…","b64_msg":"…"}</c>. The message is decoded into a buffer that the next record
/// overwrites, and a subject that repeats is parsed once, so a record allocates nothing.
/// </summary>
internal sealed class BatchRecordReader(int maxMessage, BodyBuffers buffers) : IDisposable
{
    private static readonly Error NoObject = BatchErrors.Invalid("the line is not a JSON object");
    private static readonly Error NoSubject = BatchErrors.Invalid("subject is required: where to publish");
    private static readonly Error NoMessage = BatchErrors.Invalid("b64_msg is required: the message as base64");
    private static readonly Error SubjectNoText = BatchErrors.Invalid("subject: the value is not text");
    private static readonly Error MessageNoText = BatchErrors.Invalid("b64_msg: the value is not text");
    private static readonly Error EmptyMessage = BatchErrors.Invalid("b64_msg: the message is empty");

    private static readonly Error NoBase64 =
        BatchErrors.Invalid("b64_msg is not base64 with padding: encode the message first, for example with the command base64");

    private static readonly Error HalfCharacter = BatchErrors.Invalid(
        "the line is not JSON: a text in it has half of a character (an escape such as \\ud800 without its other half)");

    private byte[] _line = [];
    private byte[] _text = [];
    private byte[] _message = [];
    private Subject _subject;

    /// <summary>The fields that a record may have.</summary>
    public static IReadOnlyCollection<string> Fields { get; } = ["subject", "b64_msg"];

    /// <summary>The other fields of the record that was read last, as far as it was read; null where there are none.</summary>
    public FoundNames? Unknown { get; private set; }

    /// <summary>The longest line that can hold a message of the largest size, in bytes.</summary>
    public long MaxLine { get; } = (((long)maxMessage + 2) / 3 * 4) + (16 * 1024);

    /// <summary>Reads a line without its line break. What is wrong with it comes back as an error.</summary>
    public Error? Read(in ReadOnlySequence<byte> line, out Subject subject, out ReadOnlyMemory<byte> message)
    {
        subject = default;
        message = default;
        Unknown = null;

        // Without the exception that the JSON reader would throw, which costs as much as a hundred records.
        if (BatchLine.FindFault(line) is { } noObject)
        {
            return noObject;
        }

        var hasSubject = false;
        var hasMessage = false;
        var length = 0L;
        try
        {
            var text = Contiguous(line);
            if (!Utf8.IsValid(text))
            {
                return BatchErrors.Invalid($"the line is not UTF-8 from byte {BatchLine.ValidLength(text) + 1} on");
            }

            var json = new Utf8JsonReader(text);
            if (!json.Read() || json.TokenType is not JsonTokenType.StartObject)
            {
                return NoObject;
            }

            while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
            {
                if (Names(json, "subject"u8))
                {
                    json.Read();
                    if (ReadSubject(ref json) is { } fault)
                    {
                        return fault;
                    }

                    hasSubject = true;
                }
                else if (Names(json, "b64_msg"u8))
                {
                    json.Read();
                    if (ReadMessage(ref json, out message) is { } error)
                    {
                        return error;
                    }

                    hasMessage = true;
                }
                else
                {
                    (Unknown ??= new FoundNames()).Add(json.GetString()!);
                    json.Skip();
                }
            }

            // Behind the object there may be white space and nothing else.
            length = json.BytesConsumed;
            json.Read();
        }
        catch (HttpmqException exception)
        {
            return exception.Error;
        }
        catch (JsonException exception)
        {
            return BatchErrors.Invalid(BatchLine.Describe(line, length, exception));
        }
        catch (InvalidOperationException)
        {
            return HalfCharacter;
        }

        subject = _subject;
        return hasSubject && hasMessage ? null : hasSubject ? NoMessage : NoSubject;
    }

    public void Dispose()
    {
        Return(ref _line);
        Return(ref _text);
        Return(ref _message);
    }

    /// <summary>Field names in any case, as everywhere in the contract.</summary>
    private static bool Names(in Utf8JsonReader json, ReadOnlySpan<byte> name) =>
        json.ValueTextEquals(name)
        || (json.ValueIsEscaped
            ? Ascii.EqualsIgnoreCase(json.GetString(), name)
            : Ascii.EqualsIgnoreCase(json.ValueSpan, name));

    private Error? ReadSubject(ref Utf8JsonReader json)
    {
        if (json.TokenType is not JsonTokenType.String)
        {
            return SubjectNoText;
        }

        if (_subject.Value is not null && json.ValueTextEquals(_subject.Value))
        {
            return null;
        }

        var text = json.GetString();
        return Subject.TryParse(text, out _subject, out var fault) ? null : BatchErrors.Invalid("subject", text, fault!);
    }

    private Error? ReadMessage(ref Utf8JsonReader json, out ReadOnlyMemory<byte> message)
    {
        message = default;
        if (json.TokenType is not JsonTokenType.String)
        {
            return MessageNoText;
        }

        // A slash may be written as \/, and any character as \u….
        Grow(ref _text, json.ValueSpan.Length);
        var text = _text.AsSpan(0, json.CopyString(_text));
        Grow(ref _message, Base64.GetMaxDecodedFromUtf8Length(text.Length));
        if (text.IndexOfAny(" \t\r\n"u8) >= 0 || !Base64Body.TryDecode(text, _message, out var length))
        {
            return NoBase64;
        }

        if (length == 0)
        {
            return EmptyMessage;
        }

        if (length > maxMessage)
        {
            return BatchErrors.TooLarge("b64_msg", length, maxMessage);
        }

        message = _message.AsMemory(0, length);
        return null;
    }

    private ReadOnlySpan<byte> Contiguous(in ReadOnlySequence<byte> line)
    {
        if (line.IsSingleSegment)
        {
            return line.FirstSpan;
        }

        var length = (int)line.Length;
        Grow(ref _line, length);
        line.CopyTo(_line);
        return _line.AsSpan(0, length);
    }

    private void Grow(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            Return(ref buffer);
            buffer = buffers.Rent(length);
        }
    }

    private void Return(ref byte[] buffer)
    {
        buffers.Return(buffer);
        buffer = [];
    }
}
