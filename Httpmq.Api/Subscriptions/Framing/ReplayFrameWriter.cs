using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;

namespace Httpmq.Api.Subscriptions.Framing;

/// <summary>
/// The framings of a replay: the objects of a subscription without what only a consumer has, and with what lets a client go on where it
/// was. The consumer sequence is the message's place in this answer.
/// </summary>
internal sealed class ReplayFrameWriter(IBufferWriter<byte> output, string requestId, string stream, FramingOptions options)
    : ShapedFraming(output, requestId, options.Shape)
{
    /// <summary>
    /// Behind the sequence in the id of the last event of a complete replay. An EventSource comes back all the same, and is known by it.
    /// </summary>
    public const string EndOfId = "-end";

    private const int MaxDigits = 20;

    // The names, two numbers, and a time such as 2026-11-24T16:00:00.0000000Z.
    private const int HeadLength = 48 + MaxDigits + MaxDigits;
    private const int RestLength = 32 + 28 + 2;
    private const int MetadataLength = 16 + 11 + MaxDigits;

    private readonly PayloadEncoding _encoding = options.Encoding;
    private readonly bool _metadata = options.Metadata;
    private readonly byte[] _id = options.Shape.Signs is FrameSigns.Comments ? [.. "id: "u8] : [];
    private readonly byte[] _after = [(byte)'}', .. options.Shape.After];
    private readonly byte[] _start =
    [
        .. options.Shape.BeforeDelivery,
        .. """{"success":true,"request_id":"""u8, .. JsonText.Quote(requestId), .. ",\"stream\":"u8, .. JsonText.Quote(stream),
        .. ",\"subject\":"u8,
    ];

    // Of the last message's subject: often it is the next one's as well.
    private string? _subject;
    private byte[] _quoted = [];
    private ulong _last = options.Position;

    public override bool WantsDetails => true;

    protected override OpenSign Open { get; } = new(requestId, stream, string.Empty) { LastSequence = options.Position };

    // An EventSource that is cut off before the first message asks again by this; without it, it would begin anew.
    protected override void WriteOpenId() => WriteId(string.Empty);

    public override int Write(in Delivery delivery)
    {
        _last = delivery.Sequence.Stream;
        if (!string.Equals(delivery.Subject, _subject, StringComparison.Ordinal))
        {
            _subject = delivery.Subject;
            _quoted = JsonText.Quote(_subject);
        }

        var length = WriteHead(delivery.Sequence);
        length += PayloadText.Write(Output, _encoding, delivery.Payload);
        length += WriteRest(delivery.Details);
        if (!delivery.Headers.IsEmpty)
        {
            length += HeadersText.Write(Output, delivery.Headers);
        }

        Output.Write(_after);
        length += _after.Length;
        Bytes += length;
        return length;
    }

    /// <summary>
    /// A replay that has sent all ends with an object where the framing has one for it; clients of v1 see the end of the answer.
    /// </summary>
    public override void WriteEnd(Error error)
    {
        if (error.Type != ReplayErrorTypes.Complete)
        {
            base.WriteEnd(error);
        }
        else if (Shape.Signs is not FrameSigns.None)
        {
            _last = error["last_sequence"] as ulong? ?? _last;
            if (Shape.Signs is FrameSigns.Comments)
            {
                WriteId(EndOfId);
            }

            WriteSign(new ReplayEndSign(RequestId, _last), SignJson.Wire.ReplayEndSign);
        }
    }

    private void WriteId(string end) =>
        Put(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {_last}{end}\n")));

    private int WriteHead(DeliverySequence sequence)
    {
        var head = Output.GetSpan(_id.Length + MaxDigits + 1 + _start.Length + _quoted.Length + HeadLength);
        var length = 0;
        if (_id.Length > 0)
        {
            Append(head, ref length, _id);
            Append(head, ref length, sequence.Stream);
            head[length++] = (byte)'\n';
        }

        Append(head, ref length, _start);
        Append(head, ref length, _quoted);
        Append(head, ref length, ",\"consumer\":\"\",\"sequence\":{\"stream\":"u8);
        Append(head, ref length, sequence.Stream);
        Append(head, ref length, ",\"consumer\":"u8);
        Append(head, ref length, sequence.Consumer);
        Append(head, ref length, "},"u8);
        Output.Advance(length);
        return length;
    }

    private int WriteRest(in DeliveryDetails details)
    {
        var rest = Output.GetSpan(_quoted.Length + RestLength + (_metadata ? MetadataLength : 0));
        var length = 0;
        Append(rest, ref length, ",\"message_subject\":"u8);
        Append(rest, ref length, _quoted);
        if (_metadata)
        {
            // A replay has every message once.
            Append(rest, ref length, ",\"deliveries\":1"u8);
            if (details.Deliveries > 0)
            {
                Append(rest, ref length, ",\"pending\":"u8);
                Append(rest, ref length, details.Pending);
            }
        }

        Append(rest, ref length, ",\"time\":\""u8);

        // Seven digits of the fraction and a Z, as all times here.
        var stored = DateTime.UnixEpoch.AddTicks(details.Time / TimeSpan.NanosecondsPerTick);
        Utf8Formatter.TryFormat(stored, rest[length..], out var written, new StandardFormat('O'));
        length += written;
        rest[length++] = (byte)'"';
        Output.Advance(length);
        return length;
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
