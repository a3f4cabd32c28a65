using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Httpmq.Api.Http;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Api.Subscriptions.Framing;

/// <summary>
/// The framing of v1: one JSON object per line, written straight into the response's buffer. What is the same in every line
/// is encoded once, so a message costs three copies and its base64. Headers are no part of it.
/// </summary>
internal sealed class LineFrameWriter : IFraming
{
    // Encoded in pieces that fit the response's blocks: a multiple of 3 bytes becomes a multiple of 4 characters.
    private const int PieceBytes = 2304;
    private const int MaxDigits = 20;

    // The names, two numbers, a time such as 2026-11-24T16:00:00.0000000Z, and the token.
    private const int MetadataLength = 64 + MaxDigits + MaxDigits + 28 + DeliveryToken.MaxLength;

    // What stands for itself in JSON, one byte each: that is what subjects are made of, as a rule.
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        " !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    private readonly PipeWriter _output;
    private readonly string _requestId;
    private readonly bool _ownSubject;
    private readonly byte[] _beforeSubject;
    private readonly byte[] _beforeSequence;
    private readonly DeliveryToken _token;

    public LineFrameWriter(PipeWriter output, string requestId, string stream, string consumer, FramingOptions options)
    {
        _output = output;
        _requestId = requestId;
        _ownSubject = options.SubjectName is null;
        _beforeSubject =
            [.. """{"success":true,"request_id":"""u8, .. Json(requestId), .. ",\"stream\":"u8, .. Json(stream), .. ",\"subject\":"u8];
        _beforeSequence = [.. ",\"consumer\":"u8, .. Json(consumer), .. ",\"sequence\":{\"stream\":"u8];
        if (options.SubjectName is { } subject)
        {
            // The same in every line, like what is around it.
            _beforeSequence = [.. _beforeSubject, .. Json(subject), .. _beforeSequence];
        }

        WantsDetails = options.Metadata;
        _token = options.Metadata ? DeliveryToken.Of(StreamName.OfExisting(stream), ConsumerName.OfExisting(consumer)) : default;
    }

    public bool WantsDetails { get; }

    public string ContentType => "text/event-stream";

    public long Bytes { get; private set; }

    public void WriteOpen()
    {
        // The answer's headers are the sign.
    }

    public void WriteKeepAlive()
    {
        // Clients of v1 take every line for a message or the end.
    }

    public int Write(in Delivery delivery)
    {
        var subject = delivery.Subject;
        var escaped = subject.AsSpan().ContainsAnyExcept(Plain) ? Json(subject) : null;
        var subjectLength = escaped?.Length ?? subject.Length + 2;
        var middle = ",\"consumer\":"u8;
        var beforePayload = "},\"b64_msg\":\""u8;
        var head = _output.GetSpan(
            _beforeSubject.Length + subjectLength + _beforeSequence.Length + MaxDigits + middle.Length + MaxDigits + beforePayload.Length);
        var length = 0;
        if (_ownSubject)
        {
            Append(head, ref length, _beforeSubject);
            AppendSubject(head, ref length, subject, escaped);
        }

        Append(head, ref length, _beforeSequence);
        Append(head, ref length, delivery.Sequence.Stream);
        Append(head, ref length, middle);
        Append(head, ref length, delivery.Sequence.Consumer);
        Append(head, ref length, beforePayload);
        _output.Advance(length);
        length += WriteBase64(delivery.Payload);
        length += WriteRest(delivery, escaped, subjectLength);
        Bytes += length;
        return length;
    }

    public void WriteEnd(Error error)
    {
        var answer = new FailureAnswer
        {
            Success = false,
            RequestId = _requestId,
            Error = ErrorResponses.Contract(error),
        };
        var line = JsonSerializer.SerializeToUtf8Bytes(answer, AnswerJson.Wire.FailureAnswer);
        _output.Write(line);
        _output.Write("\n"u8);
        Bytes += line.Length + 1;
    }

    /// <summary>What follows the message: what the original did not have, so that its clients find everything where it was.</summary>
    private int WriteRest(in Delivery delivery, byte[]? escaped, int subjectLength)
    {
        var beforeSubject = "\",\"message_subject\":"u8;
        var end = "}\n"u8;
        var rest = _output.GetSpan(beforeSubject.Length + subjectLength + (WantsDetails ? MetadataLength : 0) + end.Length);
        var length = 0;
        Append(rest, ref length, beforeSubject);
        AppendSubject(rest, ref length, delivery.Subject, escaped);
        if (WantsDetails)
        {
            AppendMetadata(rest, ref length, delivery.Sequence, delivery.Details);
        }

        Append(rest, ref length, end);
        _output.Advance(length);
        return length;
    }

    private void AppendMetadata(Span<byte> target, ref int length, DeliverySequence sequence, in DeliveryDetails details)
    {
        Append(target, ref length, ",\"deliveries\":"u8);
        Append(target, ref length, details.Deliveries);
        Append(target, ref length, ",\"pending\":"u8);
        Append(target, ref length, details.Pending);
        Append(target, ref length, ",\"time\":\""u8);

        // Seven digits of the fraction and a Z, as all times here.
        var time = DateTime.UnixEpoch.AddTicks(details.Time / TimeSpan.NanosecondsPerTick);
        Utf8Formatter.TryFormat(time, target[length..], out var written, new StandardFormat('O'));
        length += written;
        Append(target, ref length, "\",\"token\":\""u8);
        length += _token.Write(sequence, target[length..]);
        target[length++] = (byte)'"';
    }

    private static void AppendSubject(Span<byte> target, ref int length, string subject, byte[]? escaped)
    {
        if (escaped is not null)
        {
            Append(target, ref length, escaped);
            return;
        }

        target[length++] = (byte)'"';
        length += Encoding.ASCII.GetBytes(subject, target[length..]);
        target[length++] = (byte)'"';
    }

    private int WriteBase64(ReadOnlySpan<byte> payload)
    {
        var total = 0;
        while (!payload.IsEmpty)
        {
            var piece = payload[..Math.Min(PieceBytes, payload.Length)];
            var span = _output.GetSpan(Base64.GetMaxEncodedToUtf8Length(piece.Length));
            Base64.EncodeToUtf8(piece, span, out _, out var written);
            _output.Advance(written);
            total += written;
            payload = payload[piece.Length..];
        }

        return total;
    }

    private static void Append(Span<byte> target, ref int length, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(target[length..]);
        length += bytes.Length;
    }

    private static void Append(Span<byte> target, ref int length, ulong number)
    {
        Utf8Formatter.TryFormat(number, target[length..], out var written);
        length += written;
    }

    private static byte[] Json(string text) =>
        [(byte)'"', .. JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes, (byte)'"'];
}
