using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Httpmq.Client;

/// <summary>Where a replay begins, what of the stream it has, and where it ends. At most one beginning.</summary>
public sealed class ReplayOptions
{
    /// <summary>Begin at this sequence, or the first message after it.</summary>
    public ulong? FromSequence { get; set; }

    /// <summary>Begin at the first message that was stored then or later.</summary>
    public DateTimeOffset? FromTime { get; set; }

    /// <summary>Begin at the last message that is stored.</summary>
    public bool Last { get; set; }

    /// <summary>Only the last message of each subject, of at most 10,000.</summary>
    public bool LastPerSubject { get; set; }

    /// <summary>Begin at the next message that will be stored; it does not end then.</summary>
    public bool New { get; set; }

    /// <summary>Only messages of these subjects, with wildcards, at most 16; none: all.</summary>
    public IReadOnlyList<string> Subjects { get; set; } = [];

    /// <summary>Go on with what will be stored, until the enumeration is left.</summary>
    public bool Follow { get; set; }

    /// <summary>End after so many messages; null: no limit.</summary>
    public long? Limit { get; set; }

    /// <summary>
    /// How long to try to go on after the gateway was lost, or was not able to go on itself; then its exception is thrown. Zero: not at
    /// all. Default: one minute. A gateway that cannot be reached at the beginning is an exception at once.
    /// </summary>
    public TimeSpan ReconnectTimeout { get; set; } = TimeSpan.FromMinutes(1);
}

/// <summary>A message as it is stored in a stream.</summary>
public sealed class HttpmqStoredMessage
{
    private static readonly Dictionary<string, IReadOnlyList<string>> NoHeaders = [];

    internal HttpmqStoredMessage(DeliveryLine line) => (Stream, Subject, Sequence, Time, Headers, Data) = (
        line.Stream, line.MessageSubject ?? line.Subject, line.Sequence.Stream, line.Time ?? default, line.Headers ?? NoHeaders,
        line.B64Msg ?? []);

    /// <summary>The stream.</summary>
    public string Stream { get; }

    /// <summary>The subject that it was published to.</summary>
    public string Subject { get; }

    /// <summary>Its sequence in the stream.</summary>
    public ulong Sequence { get; }

    /// <summary>When it was stored.</summary>
    public DateTimeOffset Time { get; }

    /// <summary>Its headers, each with its values in their order; names differ by case.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Headers { get; }

    /// <summary>The message.</summary>
    public ReadOnlyMemory<byte> Data { get; }
}

public partial class DataplaneClient
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Reads the messages of a stream in their order, without acknowledgements. When the connection is lost or the
    /// gateway stops, it goes on behind the last message, without gaps and without repeating any, on whichever gateway answers. Only with
    /// <see cref="ReplayOptions.LastPerSubject"/> it goes on with the last message of each subject: where a subject got several
    /// meanwhile, those before are left out.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="options">Which messages; null: all that are stored.</param>
    /// <param name="cancellationToken">Leaves the replay.</param>
    /// <exception cref="HttpmqException">The replay was refused, or the gateway could not be reached again in time.</exception>
    public async IAsyncEnumerable<HttpmqStoredMessage> ReplayAsync(
        string stream, ReplayOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var replay = new ReplayRun(stream, options ?? new ReplayOptions());
        ReplayConnection? connection = null;
        try
        {
            while (!replay.IsComplete)
            {
                HttpmqStoredMessage? message;
                try
                {
                    connection ??= await OpenReplayAsync(replay, cancellationToken).ConfigureAwait(false);
                    message = connection is null ? null : await connection.NextAsync(replay, cancellationToken).ConfigureAwait(false);
                }
                catch (HttpmqException exception) when (replay.MayGoOn(exception))
                {
                    connection?.Dispose();
                    connection = null;
                    await replay.WaitAsync(cancellationToken).ConfigureAwait(false);
                    continue;
                }

                if (message is null)
                {
                    yield break;
                }

                replay.Received(message);
                yield return message;
            }
        }
        finally
        {
            connection?.Dispose();
        }
    }

    /// <summary>Null where the replay was complete already.</summary>
    private async Task<ReplayConnection?> OpenReplayAsync(ReplayRun replay, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, replay.Url());
        request.Headers.TryAddWithoutValidation("Accept", "application/x-ndjson");
        if (replay.LastSequence is { } last)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", last.ToString(CultureInfo.InvariantCulture));
        }

        var response = await OpenAsync(request, "The replay was refused.", cancellationToken).ConfigureAwait(false);
        replay.Connected();
        if (response.StatusCode is HttpStatusCode.NoContent)
        {
            response.Dispose();
            return null;
        }

        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        return new ReplayConnection(response, new StreamReader(body), JsonSerializerSettings);
    }

    /// <summary>How far a replay has come, and how long it has not come further.</summary>
    private sealed class ReplayRun(string stream, ReplayOptions options)
    {
        private readonly TimeProvider _time = TimeProvider.System;
        private TimeSpan _delay = FirstDelay;
        private long _received;
        private long? _connected;

        public ulong? LastSequence { get; private set; }

        public bool IsComplete => _received >= options.Limit;

        public void Connected() => _connected = _time.GetTimestamp();

        /// <summary>Takes where the gateway began: what is stored from then on is not missed, although no message has come yet.</summary>
        public void Opened(ulong? last)
        {
            LastSequence ??= last;
            Connected();
        }

        public void Received(HttpmqStoredMessage message)
        {
            (LastSequence, _delay) = (message.Sequence, FirstDelay);
            _received++;
            Connected();
        }

        public bool MayGoOn(HttpmqException exception)
        {
            var mayBeOver = exception.StatusCode is 0 or 429 or 502 or 503 or 504;
            return mayBeOver && _connected is { } since && _time.GetElapsedTime(since) < options.ReconnectTimeout;
        }

        public async Task WaitAsync(CancellationToken cancellationToken)
        {
            await Task.Delay(_delay, _time, cancellationToken).ConfigureAwait(false);
            _delay = _delay * 2 < LongestDelay ? _delay * 2 : LongestDelay;
        }

        public string Url()
        {
            (string Name, string? Value)[] query =
            [
                ("from_seq", options.FromSequence?.ToString(CultureInfo.InvariantCulture)),
                ("from_time", options.FromTime?.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture)),
                ("last", options.Last ? "true" : null),
                ("last_per_subject", options.LastPerSubject ? "true" : null),
                ("new", options.New ? "true" : null),
                ("follow", options.Follow ? "true" : null),
                ("limit", (options.Limit - _received)?.ToString(CultureInfo.InvariantCulture)),
                .. options.Subjects.Select(static subject => ("subject", (string?)subject)),
            ];
            return $"v1/data/stream/{Uri.EscapeDataString(stream)}/message{Query(query)}";
        }
    }

    private sealed class ReplayConnection(HttpResponseMessage response, StreamReader lines, JsonSerializerOptions options) : IDisposable
    {
        /// <summary>The next message; null at the end of the replay.</summary>
        public async Task<HttpmqStoredMessage?> NextAsync(ReplayRun replay, CancellationToken cancellationToken)
        {
            while (true)
            {
                using var json = await ReadObjectAsync(lines, cancellationToken).ConfigureAwait(false);
                if (!json.RootElement.TryGetProperty("event", out var sign))
                {
                    return json.RootElement.GetProperty("success").GetBoolean()
                        ? new HttpmqStoredMessage(json.Deserialize<DeliveryLine>(options)!)
                        : throw Ended(json.Deserialize<FailureAnswer>(options)!);
                }

                if (sign.ValueEquals("end"))
                {
                    return null;
                }

                if (sign.ValueEquals("open") && json.RootElement.TryGetProperty("last_sequence", out var last))
                {
                    replay.Opened(last.GetUInt64());
                }
            }
        }

        public void Dispose()
        {
            lines.Dispose();
            response.Dispose();
        }
    }
}
