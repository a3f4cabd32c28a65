using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Httpmq.Api.Bodies;
using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Api.Publishing;

/// <summary>
/// Reads one record of a batch, <c>{"subject":"…","b64_msg":"…"}</c>. The message is decoded into a buffer that the next record
/// overwrites, and a subject that repeats is parsed once, so a record without headers allocates nothing.
/// </summary>
internal sealed class BatchRecordReader(int maxMessage, BodyBuffers buffers) : IDisposable
{
    private static readonly Error NoObject = BatchErrors.Invalid("the line is not a JSON object");
    private static readonly Error NoSubject = BatchErrors.Invalid("subject is required: where to publish");

    private static readonly Error NoMessage =
        BatchErrors.Invalid("b64_msg is required: the message as base64; or msg, a text; or json, any value");

    private static readonly Error SubjectNoText = BatchErrors.Invalid("subject: the value is not text");

    private static readonly Error HalfCharacter = BatchErrors.Invalid(
        "the line is not JSON: a text in it has half of a character (an escape such as \\ud800 without its other half)");

    // A value of the client's own may be nested as deep as it likes.
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 1024 };

    private readonly BatchRecordPayload _payload = new(maxMessage, buffers);
    private readonly BatchRecordHeaders _headers = new();
    private byte[] _line = [];
    private Subject _subject;

    /// <summary>The fields that a record may have.</summary>
    public static IReadOnlyCollection<string> Fields { get; } =
        ["subject", "b64_msg", "msg", "json", "headers", "id", "expected_last_subject_sequence", "ttl"];

    /// <summary>The other fields of the record that was read last, as far as it was read; null where there are none.</summary>
    public FoundNames? Unknown { get; private set; }

    /// <summary>
    /// The longest line that is read, in bytes: a message of the largest size, each character of it escaped by another, and its headers.
    /// </summary>
    public long MaxLine { get; } = (2L * maxMessage) + (16 * 1024);

    /// <summary>Reads a line without its line break. What is wrong with it comes back as an error.</summary>
    public Error? Read(in ReadOnlySequence<byte> line, out Publication publication)
    {
        publication = default;
        Unknown = null;
        _payload.Clear();
        _headers.Clear();

        // Without the exception that the JSON reader would throw, which costs as much as a hundred records.
        if (BatchLine.Validate(line) is { } noObject)
        {
            return noObject;
        }

        var hasSubject = false;
        var length = 0L;
        try
        {
            var text = Contiguous(line);
            if (!Utf8.IsValid(text))
            {
                return BatchErrors.Invalid($"the line is not UTF-8 from byte {BatchLine.ValidLength(text) + 1} on");
            }

            var json = new Utf8JsonReader(text, Options);
            if (!json.Read() || json.TokenType is not JsonTokenType.StartObject)
            {
                return NoObject;
            }

            while (json.Read() && json.TokenType is JsonTokenType.PropertyName)
            {
                if (Names(json, "subject"u8))
                {
                    json.Read();
                    if (ReadSubject(ref json) is { } reason)
                    {
                        return reason;
                    }

                    hasSubject = true;
                }
                else if (FieldOf(json) is not Field.Unknown and var field)
                {
                    json.Read();
                    if (ReadField(field, ref json, text) is { } error)
                    {
                        return error;
                    }
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

        if (!hasSubject)
        {
            return NoSubject;
        }

        if (_headers.Build(_subject, out var headers, out var needs) is { } wrong)
        {
            return wrong;
        }

        publication = new Publication(_subject, _payload.Message, headers, needs);
        return _payload.IsGiven || _headers.IsIncrement ? null : NoMessage;
    }

    public void Dispose()
    {
        Return(ref _line);
        _payload.Dispose();
    }

    /// <summary>Field names in any case, as everywhere in the contract.</summary>
    private static bool Names(in Utf8JsonReader json, ReadOnlySpan<byte> name) =>
        json.ValueTextEquals(name)
        || (json.ValueIsEscaped
            ? Ascii.EqualsIgnoreCase(json.GetString(), name)
            : Ascii.EqualsIgnoreCase(json.ValueSpan, name));

    private static Field FieldOf(in Utf8JsonReader json) =>
        Names(json, "b64_msg"u8) ? Field.Base64
        : Names(json, "msg"u8) ? Field.Text
        : Names(json, "json"u8) ? Field.Json
        : Names(json, "headers"u8) ? Field.Headers
        : Names(json, "id"u8) ? Field.Id
        : Names(json, "expected_last_subject_sequence"u8) ? Field.ExpectedSequence
        : Names(json, "ttl"u8) ? Field.Ttl
        : Field.Unknown;

    private Error? ReadField(Field field, ref Utf8JsonReader json, ReadOnlySpan<byte> line) => field switch
    {
        Field.Base64 => _payload.ReadBase64(ref json),
        Field.Text => _payload.ReadText(ref json),
        Field.Json => _payload.ReadJson(ref json, line),
        Field.Headers => _headers.ReadHeaders(ref json),
        Field.Id => _headers.ReadId(ref json),
        Field.ExpectedSequence => _headers.ReadExpectedSequence(ref json),
        _ => _headers.ReadTtl(ref json),
    };

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
        return Subject.TryParse(text, out _subject, out var reason) ? null : BatchErrors.Invalid("subject", text, reason!);
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

    private enum Field
    {
        Unknown,
        Base64,
        Text,
        Json,
        Headers,
        Id,
        ExpectedSequence,
        Ttl,
    }
}
