using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Httpmq.Client;

/// <summary>Publish, receive, settle, read. <see cref="HttpmqClient"/> creates one.</summary>
public partial class DataplaneClient : ISettler
{
    private const int ShownLength = 200;

    /// <summary>2.0, from the first byte as the gateway speaks it without TLS; 1.1 where something in between speaks no HTTP/2.</summary>
    public Version ProtocolVersion { get; set; } = HttpVersion.Version20;

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
        (string Name, string? Value)[] query =
        [
            ("subject_name", subjectName),
            ("max_msg_inflight", maxMsgInflight?.ToString(CultureInfo.InvariantCulture)),
            ("delivery_group", deliveryGroup),
            ("metadata", "true"),
        ];
        using var request = Request(HttpMethod.Get, $"{ConsumerPath(stream, consumer)}{Query(query)}");
        using var response = await OpenAsync(request, "The subscription was refused.", cancellationToken).ConfigureAwait(false);
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var lines = new StreamReader(body);
        while (true)
        {
            yield return Parse(await ReadLineAsync(lines, cancellationToken).ConfigureAwait(false));
        }
    }

    /// <summary>Subscribes to a consumer in both directions: messages are settled on the connection on which they come.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="consumer">The consumer.</param>
    /// <param name="options">How to receive; null: messages as they come.</param>
    /// <param name="cancellationToken">Gives up connecting.</param>
    /// <exception cref="HttpmqException">The session was refused, or the gateway could not be reached.</exception>
    public Task<HttpmqSession> OpenSessionAsync(
        string stream, string consumer, SessionOptions? options = null, CancellationToken cancellationToken = default)
    {
        (string Name, string? Value)[] query =
        [
            ("credit", options?.Credit?.ToString(CultureInfo.InvariantCulture)),
            ("max_msg_inflight", options?.MaxMsgInflight?.ToString(CultureInfo.InvariantCulture)),
            ("delivery_group", options?.DeliveryGroup),
            ("metadata", "true"),
        ];
        var uri = new UriBuilder(new Uri(_httpClient.BaseAddress!, $"{ConsumerPath(stream, consumer)}{Query(query)}"));
        uri.Scheme = string.Equals(uri.Scheme, Uri.UriSchemeHttps, StringComparison.Ordinal) ? Uri.UriSchemeWss : Uri.UriSchemeWs;
        return HttpmqSession.OpenAsync(_httpClient, uri.Uri, ProtocolVersion, JsonSerializerSettings, cancellationToken);
    }

    Task ISettler.AcknowledgeAsync(HttpmqMessage message, CancellationToken cancellationToken) => AcknowledgeMessageAsync(
        message.Stream,
        message.Consumer,
        new AckParameters { Stream = message.StreamSequence, Consumer = message.ConsumerSequence },
        cancellationToken);

    async Task ISettler.SettleAsync(HttpmqMessage message, SettleParameters settlement, CancellationToken cancellationToken)
    {
        var answer = await SettleMessagesAsync(message.Stream, message.Consumer, settlement, cancellationToken).ConfigureAwait(false);
        if (answer.Results is [var failure, ..])
        {
            throw new HttpmqSettlementException(failure, answer.RequestId);
        }
    }

    // What is null is absent.
    static partial void UpdateJsonSerializerSettings(JsonSerializerOptions settings) =>
        settings.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;

    // So that an exception can show what somebody else answered, such as a proxy.
    partial void Initialize() => ReadResponseAsString = true;

    partial void PrepareRequest(HttpClient client, HttpRequestMessage request, string url) =>
        (request.Version, request.VersionPolicy) = (ProtocolVersion, HttpVersionPolicy.RequestVersionExact);

    private static string ConsumerPath(string stream, string consumer) =>
        $"v1/data/stream/{Uri.EscapeDataString(stream)}/consumer/{Uri.EscapeDataString(consumer)}";

    private static string Query(IEnumerable<(string Name, string? Value)> parameters)
    {
        var given = parameters.Where(static parameter => parameter.Value is not null)
            .Select(static parameter => $"{parameter.Name}={Uri.EscapeDataString(parameter.Value!)}");
        return string.Join('&', given) is { Length: > 0 } query ? $"?{query}" : string.Empty;
    }

    private HttpRequestMessage Request(HttpMethod method, string url)
    {
        var request = new HttpRequestMessage(method, url);
        PrepareRequest(_httpClient, request, url);
        return request;
    }

    /// <summary>Sends a request whose whole answer is one object.</summary>
    private async Task<T> CallAsync<T>(HttpRequestMessage request, string refusal, CancellationToken cancellationToken)
    {
        using var response = await _httpClient.CallAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken)
            .ConfigureAwait(false);
        return response.IsSuccessStatusCode
            ? (await ReadObjectResponseAsync<T>(response, HeadersOf(response), cancellationToken).ConfigureAwait(false)).Object
            : throw await RefusalAsync(request, response, refusal, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a request whose answer comes little by little.</summary>
    private async Task<HttpResponseMessage> OpenAsync(HttpRequestMessage request, string refusal, CancellationToken cancellationToken)
    {
        var response = await _httpClient.CallAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            .ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw await RefusalAsync(request, response, refusal, cancellationToken).ConfigureAwait(false);
        }
    }

    private static Dictionary<string, IEnumerable<string>> HeadersOf(HttpResponseMessage response) =>
        response.Headers.Concat(response.Content.Headers)
            .ToDictionary(static header => header.Key, static header => header.Value, StringComparer.OrdinalIgnoreCase);

    private static async Task<JsonDocument> ReadObjectAsync(StreamReader lines, CancellationToken cancellationToken)
    {
        var line = await ReadLineAsync(lines, cancellationToken).ConfigureAwait(false);
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException exception)
        {
            throw Foreign(line, exception);
        }
    }

    private static HttpmqSubscriptionEndedException Foreign(string line, Exception exception) => new(
        $"A line came that is none of a subscription: '{(line.Length > ShownLength ? line[..ShownLength] + "…" : line)}'", exception);

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
            throw Foreign(line, exception);
        }
    }

    internal static HttpmqSubscriptionEndedException Ended(FailureAnswer last) => new(last.Error, last.RequestId);

    /// <summary>The same exception as that of the generated calls.</summary>
    private async Task<HttpmqException> RefusalAsync(
        HttpRequestMessage request, HttpResponseMessage response, string refusal, CancellationToken cancellationToken)
    {
        var headers = HeadersOf(response);
        try
        {
            var answer = await ReadObjectResponseAsync<FailureAnswer>(response, headers, cancellationToken).ConfigureAwait(false);
            return new HttpmqException<FailureAnswer>(
                refusal, (int)response.StatusCode, answer.Text, headers, answer.Object, innerException: null);
        }
        catch (HttpRequestException exception)
        {
            return new HttpmqUnreachableException(request.RequestUri, exception);
        }
    }
}
