using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Httpmq.Api.Contracts;
using Httpmq.Api.Errors;
using Httpmq.Api.Serialization;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Streaming;

/// <summary>
/// The default framing: one JSON object per line, written straight into the response's buffer. What is the same in every line
/// is encoded once, so a message costs three copies and its base64.
/// </summary>
internal sealed class LineFrameWriter : IDeliverySink
{
    // Encoded in pieces that fit the response's blocks: a multiple of 3 bytes becomes a multiple of 4 characters.
    private const int PieceBytes = 2304;
    private const int MaxDigits = 20;

    // What stands for itself in JSON, one byte each: that is what subjects are made of, as a rule.
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        " !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    private readonly PipeWriter _output;
    private readonly string _requestId;
    private readonly byte[] _beforeSubject;
    private readonly byte[] _beforeSequence;

    public LineFrameWriter(PipeWriter output, string requestId, string stream, string consumer)
    {
        _output = output;
        _requestId = requestId;
        _beforeSubject = [.. """{"success":true,"request_id":"""u8, .. Json(requestId), .. ",\"stream\":"u8, .. Json(stream), .. ",\"subject\":"u8];
        _beforeSequence = [.. ",\"consumer\":"u8, .. Json(consumer), .. ",\"sequence\":{\"stream\":"u8];
    }

    /// <summary>Bytes written so far.</summary>
    public long Bytes { get; private set; }

    public int Write(string subject, DeliverySequence sequence, ReadOnlySpan<byte> payload)
    {
        var escaped = subject.AsSpan().ContainsAnyExcept(Plain) ? Json(subject) : null;
        var middle = ",\"consumer\":"u8;
        var beforePayload = "},\"b64_msg\":\""u8;
        var head = _output.GetSpan(
            _beforeSubject.Length + (escaped?.Length ?? subject.Length + 2) + _beforeSequence.Length + MaxDigits + middle.Length + MaxDigits + beforePayload.Length);
        var length = 0;
        Append(head, ref length, _beforeSubject);
        if (escaped is null)
        {
            head[length++] = (byte)'"';
            length += Encoding.ASCII.GetBytes(subject, head[length..]);
            head[length++] = (byte)'"';
        }
        else
        {
            Append(head, ref length, escaped);
        }

        Append(head, ref length, _beforeSequence);
        Append(head, ref length, sequence.Stream);
        Append(head, ref length, middle);
        Append(head, ref length, sequence.Consumer);
        Append(head, ref length, beforePayload);
        _output.Advance(length);
        length += WriteBase64(payload);
        _output.Write("\"}\n"u8);
        length += 3;
        Bytes += length;
        return length;
    }

    /// <summary>The last line: why the stream ends from this side.</summary>
    public void WriteEnd(Error error)
    {
        var answer = new FailureAnswer
        {
            Success = false,
            RequestId = _requestId,
            Error = new ErrorContract(ErrorResponses.StatusOf(error.Kind), error.Message, error.Detail),
        };
        var line = JsonSerializer.SerializeToUtf8Bytes(answer, ApiJson.Wire.FailureAnswer);
        _output.Write(line);
        _output.Write("\n"u8);
        Bytes += line.Length + 1;
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
