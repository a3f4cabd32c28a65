using System.Buffers;
using System.Buffers.Text;
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
    // The server keeps a request so long, and shows that it is alive so often. Two missing signs and it is asked again.
    private static readonly TimeSpan Expires = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly string _call = $"$JS.API.CONSUMER.MSG.NEXT.{consumer.StreamName}.{consumer.Name}";
    private int _asked;
    private int _queued;
    private long _lastSign = context.Time.GetTimestamp();

    public override async Task OpenAsync(CancellationToken cancellationToken)
    {
        await Context.Link.Connection.AddSubAsync(this, cancellationToken);
        Ask();
    }

    public override void Refresh(bool reconnected)
    {
        if (reconnected || Context.Time.GetElapsedTime(Volatile.Read(ref _lastSign)) > 2 * Heartbeat)
        {
            AskAgain();
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
            case NatsStatus.Conflict when Contains(headers, "Consumer Deleted"u8):
                Finish(Gone("the consumer was deleted"));
                break;
            case NatsStatus.Conflict when Contains(headers, "push based"u8):
                Finish(new Error(ErrorKind.Conflict, "Subscription ended", "the consumer was replaced by a push consumer"));
                break;
            default:
                // The request is over: expired, or refused because too many wait. The pending header tells what is left of it.
                Expired(ReadPending(headers));
                break;
        }
    }

    private void Expired(int? pending)
    {
        lock (_gate)
        {
            _asked = pending is null ? 0 : Math.Max(0, _asked - pending.Value);
        }

        Ask();
    }

    private void AskAgain()
    {
        lock (_gate)
        {
            _asked = 0;
            _lastSign = Context.Time.GetTimestamp();
        }

        Ask();
    }

    /// <summary>Asks for as much as is free, once that is half of what may be in flight: not for each message.</summary>
    private void Ask()
    {
        int batch;
        lock (_gate)
        {
            batch = maxInflight - _asked - _queued;
            if (batch < (maxInflight + 1) / 2 || End is not null || !Context.Link.IsOpen)
            {
                return;
            }

            _asked += batch;
        }

        var request = new PullRequest(batch, Expires.Ticks * TimeSpan.NanosecondsPerTick, Heartbeat.Ticks * TimeSpan.NanosecondsPerTick);
        Send(_call, JsonSerializer.SerializeToUtf8Bytes(request, WireJson.Default.PullRequest), replyTo: Subject);
    }

    private static bool Contains(in ReadOnlySequence<byte> headers, ReadOnlySpan<byte> text) =>
        headers.ToArray().AsSpan().IndexOf(text) >= 0;

    private static int? ReadPending(in ReadOnlySequence<byte> headers)
    {
        var bytes = headers.ToArray().AsSpan();
        var name = "Nats-Pending-Messages:"u8;
        var start = bytes.IndexOf(name);
        return start >= 0 && Utf8Parser.TryParse(bytes[(start + name.Length)..].TrimStart((byte)' '), out int value, out _) ? value : null;
    }
}
