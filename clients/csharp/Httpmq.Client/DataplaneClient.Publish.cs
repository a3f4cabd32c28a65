using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Httpmq.Client;

public partial class DataplaneClient
{
    private const string HeaderPrefix = "Httpmq-Header-";
    private const string BatchPath = "v1/data/publish";

    private static readonly string[] AsTheyAre = ["traceparent", "tracestate"];

    /// <summary>Publishes one message. It returns when JetStream stored it, and says in which stream and at which sequence.</summary>
    /// <param name="subject">The subject; no wildcards.</param>
    /// <param name="message">At least one byte, except for a counter.</param>
    /// <param name="cancellationToken">Gives up waiting; the message may be stored all the same.</param>
    /// <exception cref="HttpmqException">It was refused, or it is not known whether it was stored (504).</exception>
    public Task<PublishAnswer> PublishAsync(string subject, ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default) =>
        PublishAsync(subject, message, new PublishOptions(), cancellationToken);

    /// <summary>Publishes one message with headers, an idempotency key or a condition.</summary>
    /// <param name="subject">The subject; no wildcards.</param>
    /// <param name="message">At least one byte, except for a counter.</param>
    /// <param name="options">What is said of it.</param>
    /// <param name="cancellationToken">Gives up waiting; the message may be stored all the same.</param>
    /// <exception cref="HttpmqException">
    /// It was refused, such as 412 where the condition does not hold, or it is not known whether it was stored (504).
    /// </exception>
    public async Task<PublishAnswer> PublishAsync(
        string subject, ReadOnlyMemory<byte> message, PublishOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        ArgumentNullException.ThrowIfNull(options);
        var url = $"v1/data/subject/{Uri.EscapeDataString(subject)}?encoding=raw";
        using var request = Request(HttpMethod.Post, url);
        request.Content = new ReadOnlyMemoryContent(message);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        Write(options, request.Headers);
        return await CallAsync<PublishAnswer>(request, "The message was refused.", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Publishes a batch: a message per record, and an outcome per record in the same order. Over HTTP/2 outcomes come while records are
    /// still sent. A record that fails does not stop the others.
    /// </summary>
    /// <param name="records">The records, as many as you like.</param>
    /// <param name="cancellationToken">Gives up; what was sent may be stored all the same.</param>
    /// <exception cref="HttpmqException">Refused, or the connection was lost: the rest may be stored or not.</exception>
    public async IAsyncEnumerable<PublishOutcome> PublishBatchAsync(
        IAsyncEnumerable<PublishRecord> records, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(records);
        using var request = Request(HttpMethod.Post, BatchPath);
        using var content = new RecordsContent(records, JsonSerializerSettings, cancellationToken);
        request.Content = content;
        using var response = await OpenAsync(request, "The batch was refused.", cancellationToken).ConfigureAwait(false);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
        while (await ReadOutcomeAsync(request, lines, content, cancellationToken).ConfigureAwait(false) is { } line)
        {
            yield return JsonSerializer.Deserialize<PublishOutcome>(line, JsonSerializerSettings)!;
        }
    }

    /// <inheritdoc cref="PublishBatchAsync(IAsyncEnumerable{PublishRecord}, CancellationToken)"/>
    public IAsyncEnumerable<PublishOutcome> PublishBatchAsync(
        IEnumerable<PublishRecord> records, CancellationToken cancellationToken = default) =>
        PublishBatchAsync(records.ToAsyncEnumerable(), cancellationToken);

    /// <summary>Publishes up to 1,000 records of one stream, all or none; nats-server 2.12.</summary>
    /// <remarks>The stream has <c>allow_atomic</c>.</remarks>
    /// <param name="records">The records.</param>
    /// <param name="cancellationToken">Gives up waiting; they may be stored all the same.</param>
    /// <exception cref="HttpmqException">None is stored, or it is not known (504); <see cref="Error.Index"/> is the wrong one.</exception>
    public async Task<AtomicAnswer> PublishAtomicAsync(IEnumerable<PublishRecord> records, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(records);
        using var request = Request(HttpMethod.Post, $"{BatchPath}?atomic=true");
        using var content = new RecordsContent(records.ToAsyncEnumerable(), JsonSerializerSettings, cancellationToken);
        request.Content = content;
        return await CallAsync<AtomicAnswer>(request, "The batch was refused.", cancellationToken).ConfigureAwait(false);
    }

    private static void Write(PublishOptions options, HttpRequestHeaders headers)
    {
        foreach (var (name, value) in options.Headers)
        {
            var isOwn = name.StartsWith("Nats-", StringComparison.OrdinalIgnoreCase)
                || AsTheyAre.Contains(name, StringComparer.OrdinalIgnoreCase);
            headers.TryAddWithoutValidation(isOwn ? name : HeaderPrefix + name, value);
        }

        if (options.IdempotencyKey is { } key)
        {
            headers.TryAddWithoutValidation("Idempotency-Key", key);
        }

        if (options.ExpectedLastSubjectSequence is { } sequence)
        {
            headers.TryAddWithoutValidation(
                sequence == 0 ? "If-None-Match" : "If-Match",
                sequence == 0 ? "*" : string.Create(CultureInfo.InvariantCulture, $"\"{sequence}\""));
        }

        if (options.TimeToLive is { } time)
        {
            headers.TryAddWithoutValidation("Nats-TTL", string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalSeconds}s"));
        }
    }

    private static async Task<string?> ReadOutcomeAsync(
        HttpRequestMessage request, StreamReader lines, RecordsContent content, CancellationToken cancellationToken)
    {
        try
        {
            return await lines.ReadLineAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            throw content.Failure ?? new HttpmqUnreachableException(request.RequestUri, exception);
        }
    }
}

/// <summary>The records of a batch as the body of a request, written as they come.</summary>
internal sealed class RecordsContent : HttpContent
{
    private readonly IAsyncEnumerable<PublishRecord> _records;
    private readonly JsonSerializerOptions _json;
    private readonly CancellationToken _cancelled;

    public RecordsContent(IAsyncEnumerable<PublishRecord> records, JsonSerializerOptions json, CancellationToken cancelled)
    {
        (_records, _json, _cancelled) = (records, json, cancelled);
        Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
    }

    /// <summary>What the caller's own enumeration threw; null: nothing.</summary>
    public Exception? Failure { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var records = _records.GetAsyncEnumerator(_cancelled);
        await using var _ = records.ConfigureAwait(false);
        while (true)
        {
            var next = NextAsync(records);
            if (!next.IsCompleted)
            {
                // Nothing comes at the moment: what is there is sent.
                await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
            }

            if (!await next.ConfigureAwait(false))
            {
                return;
            }

            byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(records.Current, _json), (byte)'\n'];
            await stream.WriteAsync(line, cancellationToken).ConfigureAwait(false);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    private async ValueTask<bool> NextAsync(IAsyncEnumerator<PublishRecord> records)
    {
        try
        {
            return await records.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Failure = exception;
            throw;
        }
    }
}
