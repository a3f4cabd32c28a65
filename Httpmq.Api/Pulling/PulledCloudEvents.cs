using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Api.Pulling;

/// <summary>
/// Writes the messages of a pull as CloudEvents, in an array or one. What settles a delivery is an attribute of its event, as is how often
/// it has been delivered; a message that was not published as an event becomes one.
/// </summary>
internal sealed class PulledCloudEvents : IPulledAnswer, IDisposable
{
    /// <summary>The attribute that names the delivery, for its settlement.</summary>
    public const string Token = "httpmqtoken";

    /// <summary>The attribute with how often the message has been delivered, as a text.</summary>
    public const string Deliveries = "httpmqdeliveries";

    private readonly string _stream;
    private readonly DeliveryToken _token;
    private readonly Utf8JsonWriter _json;

    public PulledCloudEvents(IBufferWriter<byte> output, string stream, string consumer)
    {
        _stream = stream;
        _token = DeliveryToken.Of(StreamName.OfExisting(stream), ConsumerName.OfExisting(consumer));
        _json = new Utf8JsonWriter(output, CloudEventJson.Options);
    }

    public string ContentType => CloudEventJson.BatchContentType;

    public bool WantsDetails => true;

    public long Bytes => _json.BytesCommitted + _json.BytesPending;

    public void WriteStart(string requestId) => _json.WriteStartArray();

    public int Write(in Delivery delivery)
    {
        var before = Bytes;
        Span<byte> token = stackalloc byte[DeliveryToken.MaxLength];
        token = token[.._token.Write(delivery.Sequence, token)];
        var stored = new DateTimeOffset(DateTime.UnixEpoch.AddTicks(delivery.Details.Time / TimeSpan.NanosecondsPerTick));
        CloudEventJson.Write(
            _json,
            new CloudEventMessage(_stream, delivery.Sequence.Stream, delivery.Subject, stored),
            delivery.Headers,
            delivery.Payload,
            (Token, Encoding.ASCII.GetString(token)),
            (Deliveries, delivery.Details.Deliveries.ToString(CultureInfo.InvariantCulture)));
        _json.Flush();
        return (int)(Bytes - before);
    }

    /// <summary>An array of events has no place for warnings.</summary>
    public void WriteEnd(IReadOnlyList<string>? warnings)
    {
        _json.WriteEndArray();
        _json.Flush();
    }

    public void Dispose() => _json.Dispose();
}
