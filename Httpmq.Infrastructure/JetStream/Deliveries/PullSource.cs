using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Infrastructure.JetStream.Requests;
using Httpmq.Infrastructure.JetStream.Wire;

namespace Httpmq.Infrastructure.JetStream.Deliveries;

/// <summary>
/// Asks a pull consumer for messages, never for more than <paramref name="maxInflight"/> beyond what the subscriber has
/// taken. The server serves all that ask in turn, so any number of subscribers on any instances share the messages.
/// </summary>
internal sealed class PullSource(SourceContext context, ConsumerInfo consumer, int maxInflight)
    : DeliverySource(context, consumer, Inbox.NewSubject(), queueGroup: null)
{
    private static readonly TimeSpan LongestHeartbeat = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ShortestExpires = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly string _call = $"$JS.API.CONSUMER.MSG.NEXT.{consumer.StreamName}.{consumer.Name}";
    private TimeSpan _expires = context.Options.PullExpires;
    private int _maxBatch = int.MaxValue;
    private int _lastBatch;
    private int _asked;
    private int _queued;
    private bool _refused;
    private long _lastSign = context.Time.GetTimestamp();

    // The server shows so often that it keeps a request.
    private TimeSpan Heartbeat => _expires / 4 < LongestHeartbeat ? _expires / 4 : LongestHeartbeat;

    public override async Task OpenAsync(CancellationToken cancellationToken)
    {
        await Context.Link.Connection.AddSubAsync(this, cancellationToken);
        Ask();
    }

    /// <summary>
    /// Asks again where a request was refused, or where two signs of life are missing. After a reconnect the server may or may
    /// not have kept the request: rather ask twice than wait for one that is gone.
    /// </summary>
    public override void Refresh(bool reconnected)
    {
        if (reconnected || Context.Time.GetElapsedTime(Volatile.Read(ref _lastSign)) > 2 * Heartbeat)
        {
            lock (_gate)
            {
                _asked = 0;
                _lastSign = Context.Time.GetTimestamp();
            }

            Ask();
        }
        else if (_refused)
        {
            Ask();
        }
    }

    protected override void OnMessage()
    {
        Volatile.Write(ref _lastSign, Context.Time.GetTimestamp());
        lock (_gate)
        {
            _asked = Math.Max(0, _asked - 1);
            _queued++;
        }
    }

    protected override void OnDrained(int count)
    {
        lock (_gate)
        {
            _queued = Math.Max(0, _queued - count);
        }

        Ask();
    }

    protected override void OnStatus(int status, string? replyTo, in ReadOnlySequence<byte> headers)
    {
        Volatile.Write(ref _lastSign, Context.Time.GetTimestamp());
        switch (status)
        {
            case NatsStatus.Control:
                break;
            case NatsStatus.RequestTimeout:
                OnOver(headers);
                Ask();
                break;
            case NatsStatus.Conflict when StatusHeaders.Contain(headers, "Consumer Deleted"u8):
                Finish(Gone("the consumer was deleted"));
                break;
            case NatsStatus.Conflict when StatusHeaders.Contain(headers, "push based"u8):
                Finish(new Error(ErrorKind.Conflict, "Subscription ended", "the consumer was replaced by a push consumer"));
                break;
            case NatsStatus.Conflict when StatusHeaders.Contain(headers, "Exceeded MaxRequestBatch"u8):
                OnTooMuch(batch: true, headers);
                break;
            case NatsStatus.Conflict when StatusHeaders.Contain(headers, "Exceeded MaxRequestExpires"u8):
                OnTooMuch(batch: false, headers);
                break;
            case NatsStatus.BadRequest:
                Finish(new Error(ErrorKind.Conflict, "Subscription ended", $"JetStream refused to be asked for messages: {StatusHeaders.Text(headers)}"));
                break;
            default:
                // Too many requests wait, another leader, a server that stops: not at once, or the two keep each other busy.
                OnOver(headers);
                _refused = true;
                break;
        }
    }

    /// <summary>A request is over; the pending header tells what is left of it.</summary>
    private void OnOver(in ReadOnlySequence<byte> headers)
    {
        var left = int.TryParse(StatusHeaders.Find(headers, "Nats-Pending-Messages:"u8), CultureInfo.InvariantCulture, out var pending);
        lock (_gate)
        {
            _asked = Math.Max(0, _asked - (left ? pending : _lastBatch));
        }
    }

    /// <summary>The consumer limits requests, and the server does not tell the limit in a form to rely on: asks for half.</summary>
    private void OnTooMuch(bool batch, in ReadOnlySequence<byte> headers)
    {
        lock (_gate)
        {
            _asked = Math.Max(0, _asked - _lastBatch);
            if (batch ? _lastBatch <= 1 : _expires / 2 < ShortestExpires)
            {
                Finish(new Error(ErrorKind.Conflict, "Subscription ended", $"JetStream refused to be asked for messages: {StatusHeaders.Text(headers)}"));
                return;
            }

            _maxBatch = batch ? _lastBatch / 2 : _maxBatch;
            _expires = batch ? _expires : _expires / 2;
        }

        Ask();
    }

    /// <summary>Asks for as much as is free, once that is half of what may be in flight: not for each message.</summary>
    private void Ask()
    {
        PullRequest request;
        lock (_gate)
        {
            var most = Math.Min(maxInflight, _maxBatch);
            var batch = Math.Min(maxInflight - _asked - _queued, most);
            if (batch < (most + 1) / 2 || End is not null || IsClosed || !Context.Link.IsOpen)
            {
                return;
            }

            _refused = false;
            _lastBatch = batch;
            _asked += batch;
            request = new PullRequest(batch, _expires.Ticks * TimeSpan.NanosecondsPerTick, Heartbeat.Ticks * TimeSpan.NanosecondsPerTick);
        }

        Send(_call, JsonSerializer.SerializeToUtf8Bytes(request, WireJson.Default.PullRequest), replyTo: Subject);
    }
}
