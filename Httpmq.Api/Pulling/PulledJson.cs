using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Api.Pulling;

/// <summary>Writes the messages of a pull as one JSON object, straight into the response's buffer.</summary>
internal sealed class PulledJson(IBufferWriter<byte> output, string stream, string consumer, PayloadEncoding encoding) : IPulledAnswer
{
    private readonly DeliveryToken _token = DeliveryToken.Of(StreamName.OfExisting(stream), ConsumerName.OfExisting(consumer));
    private bool _isFirst = true;

    public string ContentType => "application/json";

    public bool WantsDetails => true;

    public long Bytes { get; private set; }

    public void WriteStart(string requestId)
    {
        Put("""{"success":true,"request_id":"""u8);
        Put(JsonText.Quote(requestId));
        Put(",\"messages\":["u8);
    }

    public int Write(in Delivery delivery)
    {
        var before = Bytes;
        Put(_isFirst ? "{\"subject\":"u8 : ",{\"subject\":"u8);
        _isFirst = false;
        Put(JsonText.Quote(delivery.Subject));
        PutNumber(",\"sequence\":{\"stream\":"u8, delivery.Sequence.Stream);
        PutNumber(",\"consumer\":"u8, delivery.Sequence.Consumer);
        PutNumber("},\"deliveries\":"u8, delivery.Details.Deliveries);
        PutNumber(",\"pending\":"u8, delivery.Details.Pending);
        Put(",\"time\":\""u8);
        PutFormatted(DateTime.UnixEpoch.AddTicks(delivery.Details.Time / TimeSpan.NanosecondsPerTick), "O");
        Put("\""u8);
        if (!delivery.Headers.IsEmpty)
        {
            Bytes += HeadersText.Write(output, delivery.Headers);
        }

        Put(",\"token\":\""u8);
        Span<byte> token = stackalloc byte[DeliveryToken.MaxLength];
        Put(token[.._token.Write(delivery.Sequence, token)]);
        Put("\","u8);
        Bytes += PayloadText.Write(output, encoding, delivery.Payload);
        Put("}"u8);
        return (int)(Bytes - before);
    }

    public void WriteEnd(IReadOnlyList<string>? warnings)
    {
        Put("]"u8);
        if (warnings is not null)
        {
            Put(",\"warnings\":["u8);
            for (var index = 0; index < warnings.Count; index++)
            {
                Put(index == 0 ? default : ","u8);
                Put(JsonText.Quote(warnings[index]));
            }

            Put("]"u8);
        }

        Put("}"u8);
    }

    private void PutNumber(ReadOnlySpan<byte> name, ulong number)
    {
        Put(name);
        PutFormatted(number, default);
    }

    private void PutFormatted<T>(T value, ReadOnlySpan<char> format)
        where T : IUtf8SpanFormattable
    {
        Span<byte> text = stackalloc byte[64];
        value.TryFormat(text, out var length, format, CultureInfo.InvariantCulture);
        Put(text[..length]);
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        Bytes += bytes.Length;
    }
}
