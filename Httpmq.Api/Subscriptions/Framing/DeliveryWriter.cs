using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Api.Subscriptions.Framing;

/// <summary>
/// Writes deliveries as JSON objects, v1's members first and in v1's order, straight into the response's buffer. What is the same in every
/// object is encoded once, so a message costs three copies and its base64. Without headers it allocates nothing.
/// </summary>
internal sealed class DeliveryWriter
{
    private const int MaxDigits = 20;

    // The names, two numbers, and a time such as 2026-11-24T16:00:00.0000000Z.
    private const int MetadataLength = 64 + MaxDigits + MaxDigits + 28;
    private const int TokenLength = 16 + DeliveryToken.MaxLength;

    // What stands for itself in JSON, one byte each: that is what subjects are made of, as a rule.
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        " !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    private readonly IBufferWriter<byte> _output;
    private readonly bool _ownSubject;
    private readonly byte[] _beforeSubject;
    private readonly byte[] _beforeSequence;
    private readonly byte[] _after;
    private readonly PayloadEncoding _encoding;
    private readonly bool _metadata;
    private readonly bool _headers;
    private readonly DeliveryToken? _token;

    /// <param name="output">Where to.</param>
    /// <param name="requestId">In every object.</param>
    /// <param name="stream">In every object.</param>
    /// <param name="consumer">In every object.</param>
    /// <param name="options">What the subscriber asked for.</param>
    public DeliveryWriter(IBufferWriter<byte> output, string requestId, string stream, string consumer, FramingOptions options)
    {
        var shape = options.Shape;
        _output = output;
        var repeated = shape.IsV1 ? options.SubjectName : null;
        _ownSubject = repeated is null;
        _encoding = options.Encoding;
        _metadata = options.Metadata;
        _headers = options.Metadata || !shape.IsV1;
        _token = _headers ? DeliveryToken.Of(StreamName.OfExisting(stream), ConsumerName.OfExisting(consumer)) : null;
        _after = [(byte)'}', .. shape.After];
        _beforeSubject =
        [
            .. shape.BeforeDelivery,
            .. """{"success":true,"request_id":"""u8, .. JsonText.Quote(requestId),
            .. ",\"stream\":"u8, .. JsonText.Quote(stream),
            .. ",\"subject\":"u8,
        ];
        _beforeSequence = [.. ",\"consumer\":"u8, .. JsonText.Quote(consumer), .. ",\"sequence\":{\"stream\":"u8];
        if (repeated is not null)
        {
            // The same in every object, like what is around it.
            _beforeSequence = [.. _beforeSubject, .. JsonText.Quote(repeated), .. _beforeSequence];
        }
    }

    /// <summary>Writes one delivery, with what the framing has around it.</summary>
    /// <returns>The bytes written.</returns>
    public int Write(in Delivery delivery)
    {
        var escaped = delivery.Subject.AsSpan().ContainsAnyExcept(Plain) ? JsonText.Quote(delivery.Subject) : null;
        var subjectLength = escaped?.Length ?? delivery.Subject.Length + 2;
        var length = WriteHead(delivery, escaped, subjectLength);
        length += PayloadText.Write(_output, _encoding, delivery.Payload);
        length += WriteRest(delivery, escaped, subjectLength);
        if (_headers && !delivery.Headers.IsEmpty)
        {
            length += HeadersText.Write(_output, delivery.Headers);
        }

        _output.Write(_after);
        return length + _after.Length;
    }

    private int WriteHead(in Delivery delivery, byte[]? escaped, int subjectLength)
    {
        var middle = ",\"consumer\":"u8;
        var end = "},"u8;
        var head = _output.GetSpan(
            _beforeSubject.Length + subjectLength + _beforeSequence.Length + MaxDigits + middle.Length + MaxDigits + end.Length);
        var length = 0;
        if (_ownSubject)
        {
            Append(head, ref length, _beforeSubject);
            AppendSubject(head, ref length, delivery.Subject, escaped);
        }

        Append(head, ref length, _beforeSequence);
        Append(head, ref length, delivery.Sequence.Stream);
        Append(head, ref length, middle);
        Append(head, ref length, delivery.Sequence.Consumer);
        Append(head, ref length, end);
        _output.Advance(length);
        return length;
    }

    /// <summary>What follows the message: what the original did not have, so that its clients find everything where it was.</summary>
    private int WriteRest(in Delivery delivery, byte[]? escaped, int subjectLength)
    {
        var beforeSubject = ",\"message_subject\":"u8;
        var rest = _output.GetSpan(
            beforeSubject.Length + subjectLength + (_metadata ? MetadataLength : 0) + (_token is null ? 0 : TokenLength));
        var length = 0;
        Append(rest, ref length, beforeSubject);
        AppendSubject(rest, ref length, delivery.Subject, escaped);
        if (_metadata)
        {
            AppendMetadata(rest, ref length, delivery.Details);
        }

        if (_token is { } token)
        {
            Append(rest, ref length, ",\"token\":\""u8);
            length += token.Write(delivery.Sequence, rest[length..]);
            rest[length++] = (byte)'"';
        }

        _output.Advance(length);
        return length;
    }

    private static void AppendMetadata(Span<byte> target, ref int length, in DeliveryDetails details)
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
}
