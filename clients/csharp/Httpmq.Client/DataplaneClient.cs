using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Httpmq.Client;

/// <summary>Publish, subscribe, acknowledge. <see cref="HttpmqClient"/> creates one.</summary>
public partial class DataplaneClient
{
    private const int ShownLength = 200;

    /// <summary>2.0, from the first byte as the gateway speaks it without TLS; 1.1 where something in between speaks no HTTP/2.</summary>
    public Version ProtocolVersion { get; set; } = HttpVersion.Version20;

    /// <summary>Publishes one message. It returns when JetStream stored it, and says in which stream and at which sequence.</summary>
    /// <param name="subject">The subject; no wildcards.</param>
    /// <param name="message">At least one byte.</param>
    /// <param name="cancellationToken">Gives up waiting; the message may be stored all the same.</param>
    /// <exception cref="HttpmqException">It was refused, or it is not known whether it was stored (504).</exception>
    public Task<PublishAnswer> PublishAsync(string subject, ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default) =>
        PublishMessageAsync(subject, Convert.ToBase64String(message.Span), cancellationToken);

    /// <summary>
    /// Subscribes to a consumer. The messages come until the enumeration is left, is cancelled, or the gateway ends it. Each is
    /// to be acknowledged within the consumer's <c>ack_wait</c>, or comes again.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="consumer">The consumer.</param>
    /// <param name="subjectName">
    /// Does not filter. If given, it is checked: the consumer's filter or, where it has none, a subject that overlaps the stream's.
    /// </param>
    /// <param name="maxMsgInflight">
    /// Pull consumers: messages that may wait for their acknowledgement; null: the consumer's own limit.
    /// </param>
    /// <param name="deliveryGroup">The consumer's delivery group, when it has one.</param>
    /// <param name="cancellationToken">Unsubscribes.</param>
    /// <exception cref="HttpmqException">The subscription was refused, or the gateway could not be reached.</exception>
    /// <exception cref="HttpmqSubscriptionEndedException">The gateway ended it, or the connection was lost.</exception>
    public async IAsyncEnumerable<HttpmqMessage> SubscribeAsync(
        string stream,
        string consumer,
        string? subjectName = null,
        int? maxMsgInflight = null,
        string? deliveryGroup = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var url = SubscribeUrl(stream, consumer, subjectName, maxMsgInflight, deliveryGroup);
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        PrepareRequest(_httpClient, request, url);
        using var response = await _httpClient.CallAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            .ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw await RefusalAsync(request, response, cancellationToken).ConfigureAwait(false);
        }

        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var lines = new StreamReader(body);
        while (true)
        {
            yield return Parse(await ReadLineAsync(lines, cancellationToken).ConfigureAwait(false));
        }
    }

    // So that an exception can show what somebody else answered, such as a proxy.
    partial void Initialize() => ReadResponseAsString = true;

    partial void PrepareRequest(HttpClient client, HttpRequestMessage request, string url) =>
        (request.Version, request.VersionPolicy) = (ProtocolVersion, HttpVersionPolicy.RequestVersionExact);

    private static string SubscribeUrl(string stream, string consumer, string? subjectName, int? maxMsgInflight, string? deliveryGroup)
    {
        (string Name, string? Value)[] query =
        [
            ("subject_name", subjectName),
            ("max_msg_inflight", maxMsgInflight?.ToString(CultureInfo.InvariantCulture)),
            ("delivery_group", deliveryGroup),
        ];
        var given = query.Where(parameter => parameter.Value is not null)
            .Select(parameter => $"{parameter.Name}={Uri.EscapeDataString(parameter.Value!)}");
        return $"v1/data/stream/{Uri.EscapeDataString(stream)}/consumer/{Uri.EscapeDataString(consumer)}?{string.Join('&', given)}".TrimEnd(
            '?');
    }

    private static async Task<string> ReadLineAsync(StreamReader lines, CancellationToken cancellationToken)
    {
        try
        {
            return await lines.ReadLineAsync(cancellationToken).ConfigureAwait(false)
                ?? throw new HttpmqSubscriptionEndedException("The answer ended without a last line.", innerException: null);
        }
        catch (IOException exception)
        {
            throw new HttpmqSubscriptionEndedException("The connection was lost.", exception);
        }
    }

    private HttpmqMessage Parse(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.GetProperty("success").GetBoolean()
                ? new HttpmqMessage(this, json.Deserialize<DeliveryLine>(JsonSerializerSettings)!)
                : throw Ended(json.Deserialize<FailureAnswer>(JsonSerializerSettings)!);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new HttpmqSubscriptionEndedException($"A line came that is none of a "
                + $"subscription: '{(line.Length > ShownLength ? line[..ShownLength] + "…" : line)}'", exception);
        }
    }

    private static HttpmqSubscriptionEndedException Ended(FailureAnswer last) => new(last.Error, last.RequestId);

    /// <summary>The same exception as that of the generated calls.</summary>
    private async Task<HttpmqException> RefusalAsync(
        HttpRequestMessage request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var headers = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase);
        try
        {
            var answer = await ReadObjectResponseAsync<FailureAnswer>(response, headers, cancellationToken).ConfigureAwait(false);
            return new HttpmqException<FailureAnswer>(
                "The subscription was refused.", (int)response.StatusCode, answer.Text, headers, answer.Object, innerException: null);
        }
        catch (HttpRequestException exception)
        {
            return new HttpmqUnreachableException(request.RequestUri, exception);
        }
    }
}
