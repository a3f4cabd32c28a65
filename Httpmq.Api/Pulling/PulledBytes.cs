using System.Buffers;
using System.Globalization;
using System.Text;
using Httpmq.Api.Http;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Application.Subscriptions;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Api.Pulling;

/// <summary>
/// Writes one message as the whole answer: its bytes, with what else is known of it in headers; of a CloudEvent, its binary mode.
/// </summary>
internal sealed class PulledBytes(HttpResponse response, string stream, string consumer) : IDeliverySink
{
    public const string Subject = "Httpmq-Subject";
    public const string Sequence = "Httpmq-Sequence";
    public const string ConsumerSequence = "Httpmq-Consumer-Sequence";
    public const string Deliveries = "Httpmq-Deliveries";
    public const string Token = "Httpmq-Token";

    public bool WantsDetails => true;

    public int Write(in Delivery delivery)
    {
        var headers = response.Headers;
        headers[Subject] = BytesAnswer.ToHeader(delivery.Subject);
        headers[Sequence] = delivery.Sequence.Stream.ToString(CultureInfo.InvariantCulture);
        headers[ConsumerSequence] = delivery.Sequence.Consumer.ToString(CultureInfo.InvariantCulture);
        headers[Deliveries] = delivery.Details.Deliveries.ToString(CultureInfo.InvariantCulture);
        Span<byte> token = stackalloc byte[DeliveryToken.MaxLength];
        var length = DeliveryToken.Of(StreamName.OfExisting(stream), ConsumerName.OfExisting(consumer)).Write(delivery.Sequence, token);
        headers[Token] = Encoding.ASCII.GetString(token[..length]);
        response.ContentType = BytesAnswer.ContentType;
        CloudEventHeaders.Add(response, delivery.Headers);
        response.ContentLength = delivery.Payload.Length;
        response.BodyWriter.Write(delivery.Payload);
        return Math.Max(1, delivery.Payload.Length);
    }
}
