using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Features;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Reading;

/// <summary>
/// Reads by a consumer of its own: ephemeral, in memory, without acknowledgements. Its sequences have no gaps, so a message that was lost
/// on the way shows, and then another consumer goes on behind the last one that arrived. It is asked for so many bytes at a time, and
/// for as many again when half of them are here and there is room.
/// </summary>
/// <param name="context">What the replays share.</param>
/// <param name="cursor">Asks about the stream.</param>
/// <param name="source">Takes the messages.</param>
internal sealed class OrderedConsumer(ReplayContext context, StreamCursor cursor, ReplaySource source) : IReplayReader
{
    /// <summary>How its name begins, in lists of consumers.</summary>
    public const string NamePrefix = "httpmq-replay-";

    private const int LeastBytes = 1024 * 1024;

    // What JetStream counts beside headers and payload: subject and reply.
    private const int LongestSubjects = 8 * 1024;

    // The server removes it when it was not asked for so long: this process may be gone.
    private static readonly TimeSpan InactiveThreshold = TimeSpan.FromSeconds(30);

    // Since when it may be removed at any moment.
    private static readonly TimeSpan SurelyThere = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestHeartbeat = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan LongestHeartbeatToTheEnd = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HeartbeatGrace = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = source.Gate;
    private readonly string _name = NamePrefix + Inbox.NewId()[..16];
    private readonly string _inbox = Inbox.NewSubject();
    private readonly Channel<Sign> _signs = Channel.CreateUnbounded<Sign>();
    private readonly OrderedRequests _requests = new(
        context.Options.PullExpires, source.Follows ? LongestHeartbeat : LongestHeartbeatToTheEnd);

    private OrderedSubscription? _subscription;

    // The source chooses: what the server counts as pending has others, too.
    private bool _sendsEverything;
    private ulong _expected = 1;
    private long _lastSign;

    // A message came since it was last looked: cheaper than the time of each.
    private bool _heard;
    private bool _closed;

    private enum Sign
    {
        /// <summary>It has nothing more at the moment.</summary>
        Idle,

        /// <summary>It is gone, or a message of it is.</summary>
        Lost,

        /// <summary>It does not take the requests.</summary>
        Refused,

        /// <summary>The replay is over.</summary>
        Over,
    }

    private Operation Operation => new(OperationKind.Replay, cursor.Stream.Value);

    /// <summary>Bytes to ask for. The largest message that the server takes fits.</summary>
    private long Window => Math.Max(LeastBytes, context.Link.Server.MaxPayload + LongestSubjects);

    /// <summary>Makes the consumer.</summary>
    /// <param name="last">The stream's last sequence.</param>
    /// <exception cref="ConsumerRefusedException">The stream may have none.</exception>
    /// <exception cref="HttpmqException">The stream is gone, or JetStream does not answer.</exception>
    public async Task OpenAsync(ulong last)
    {
        context.Link.RequireOpen();
        source.Take(this);
        var connection = context.Link.Connection;
        _subscription = new OrderedSubscription(connection, _inbox + ".*", OnReceived, OnEnded);
        try
        {
            await connection.AddSubAsync(_subscription, source.Closing);
        }
        catch (NatsException exception)
        {
            throw new HttpmqException(context.Link.NotConnected, exception);
        }

        await CreateAsync(last);
        _lastSign = context.Time.GetTimestamp();
    }

    /// <summary>Reads until the replay is over or the consumer is lost.</summary>
    public async Task ReadAsync()
    {
        Ask();
        ulong? missed = null;
        while (true)
        {
            switch (await _signs.Reader.ReadAsync(source.Closing))
            {
                case Sign.Idle:
                    var before = source.Next;
                    var message = await cursor.FindAsync(before, source.Closing);
                    if (message is null && !source.Follows && source.Next == before)
                    {
                        source.Complete();
                        return;
                    }

                    // Its copy of the stream may be behind, for a moment.
                    if (message is not null && source.Next == before && missed == message.Sequence)
                    {
                        return;
                    }

                    missed = message?.Sequence;
                    break;
                case Sign.Refused:
                    throw new ConsumerRefusedException();
                default:
                    return;
            }
        }
    }

    /// <summary>Removes the consumer.</summary>
    public async Task CloseAsync()
    {
        source.Take(reader: null);
        lock (_gate)
        {
            _closed = true;
        }

        if (_subscription is null)
        {
            return;
        }

        if (!context.Link.IsOpen)
        {
            // Forgotten now it could still be renewed by a reconnect that is under way.
            context.LeaveLater(_subscription);
            return;
        }

        var leaving = Task.WhenAll(context.Sender.LogFailureAsync(_subscription.DisposeAsync().AsTask()), DeleteAsync());
        await Task.WhenAny(leaving, Task.Delay(LeaveTimeout, context.Time, CancellationToken.None));
    }

    public void OnRoom() => Ask();

    public void OnOver() => _signs.Writer.TryWrite(Sign.Over);

    /// <summary>Called after a reconnect, and every second: whether it still gives signs of life.</summary>
    public void Refresh(bool reconnected)
    {
        lock (_gate)
        {
            if (_heard)
            {
                _heard = false;
                _lastSign = context.Time.GetTimestamp();
            }

            if (reconnected)
            {
                // What it sent into the lost connection shows as a gap.
                _requests.Forget();
            }
            else if (_requests.AreWaiting && !_closed
                && context.Time.GetElapsedTime(_lastSign) > (2 * _requests.Heartbeat) + HeartbeatGrace)
            {
                Lose(Sign.Lost);
            }
        }

        Ask();
    }

    private async Task CreateAsync(ulong last)
    {
        var config = new JsonObject
        {
            ["name"] = _name,
            ["deliver_policy"] = "by_start_sequence",

            // Beyond the end the generations of nats-server begin elsewhere; what comes too early is passed over.
            ["opt_start_seq"] = Math.Max(1, Math.Min(source.Next, last == ulong.MaxValue ? last : last + 1)),
            ["ack_policy"] = "none",
            ["replay_policy"] = "instant",
            ["inactive_threshold"] = InactiveThreshold.Ticks * TimeSpan.NanosecondsPerTick,
            ["num_replicas"] = 1,
            ["mem_storage"] = true,
        };
        var filters = cursor.Filters;
        if (filters.Count == 1)
        {
            config["filter_subject"] = filters[0].Value;
        }
        else if (filters.Count > 1 && context.Link.Server.Has(Feature.FilterSubjects)
            && !filters.Any(one => filters.Any(other => one != other && one.Overlaps(other.Value))))
        {
            config["filter_subjects"] = new JsonArray([.. filters.Select(static filter => JsonValue.Create(filter.Value))]);
        }
        else
        {
            _sendsEverything = filters.Count > 1;
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(
            new ConsumerCreateRequest(cursor.Stream.Value, config, "create"), WireJson.Default.ConsumerCreateRequest);
        Error? refusal;
        try
        {
            var answer = await context.Api.TryCallAsync(
                Operation, $"CONSUMER.CREATE.{cursor.Stream}.{_name}", body, WireJson.Default.ConsumerInfoWire, source.Closing);
            refusal = answer.Error is null ? null : JetStreamErrors.ToError(Operation, answer.Error);
        }
        catch (HttpmqException exception) when (exception.Error.Kind is ErrorKind.Forbidden)
        {
            refusal = exception.Error;
        }

        if (refusal is not null)
        {
            throw refusal.Kind is ErrorKind.NotFound or ErrorKind.Unavailable or ErrorKind.Timeout
                ? new HttpmqException(refusal)
                : new ConsumerRefusedException();
        }
    }

    private async Task DeleteAsync()
    {
        try
        {
            await context.Api.TryCallAsync(
                Operation, $"CONSUMER.DELETE.{cursor.Stream}.{_name}", [], WireJson.Default.ApiResponse, CancellationToken.None);
        }
        catch (HttpmqException)
        {
            // The server removes it after a while.
        }
    }

    /// <summary>Asks for messages, unless enough are on their way.</summary>
    private void Ask()
    {
        (int Number, SinglePullRequest Request) next;
        lock (_gate)
        {
            if (_closed || !_requests.IsLow(Window) || source.IsOver || !source.HasRoom || !context.Link.IsOpen)
            {
                return;
            }

            if (context.Time.GetElapsedTime(_lastSign) > SurelyThere)
            {
                Lose(Sign.Lost);
                return;
            }

            if (_requests.Next(Window, source.Left, source.IsScarce) is not { } made)
            {
                return;
            }

            next = made;
            _lastSign = context.Time.GetTimestamp();
        }

        context.Sender.Send(
            context.Options.ApiSubject($"CONSUMER.MSG.NEXT.{cursor.Stream}.{_name}"),
            JsonSerializer.SerializeToUtf8Bytes(next.Request, BriefJson.Default.SinglePullRequest),
            string.Create(CultureInfo.InvariantCulture, $"{_inbox}.{next.Number}"));
    }

    private void OnReceived(string subject, string? replyTo, in ReadOnlySequence<byte> headers, in ReadOnlySequence<byte> payload)
    {
        // Told by the reply subject, because anybody may publish a message that looks like a status.
        if (AckSubject.TryParse(replyTo, out var sequence))
        {
            OnMessage(subject, replyTo!, sequence.Stream, sequence.Consumer, headers, payload);
        }
        else if (payload.IsEmpty && NatsStatus.Read(headers) is not NatsStatus.None and var status)
        {
            OnStatus(subject, status, headers);
        }
    }

    private void OnMessage(
        string subject,
        string replyTo,
        ulong sequence,
        ulong place,
        in ReadOnlySequence<byte> headers,
        in ReadOnlySequence<byte> payload)
    {
        bool ask;

        // Once for both: this is done for every message.
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            if (place != _expected)
            {
                Lose(Sign.Lost);
                return;
            }

            _expected++;
            _heard = true;
            _requests.Received(Encoding.UTF8.GetByteCount(subject) + replyTo.Length + headers.Length + payload.Length);
            ask = _requests.IsLow(Window);
            var reply = _sendsEverything ? ReplaySource.WithoutPending(replyTo, sequence) : replyTo;
            if (!source.Take(this, subject, reply, sequence, headers, payload))
            {
                return;
            }
        }

        if (ask)
        {
            Ask();
        }

        // The last that there is for now.
        if (!source.Follows && replyTo.EndsWith(".0", StringComparison.Ordinal))
        {
            _signs.Writer.TryWrite(Sign.Idle);
        }
    }

    private void OnStatus(string subject, int status, in ReadOnlySequence<byte> headers)
    {
        lock (_gate)
        {
            if (_closed || !int.TryParse(subject.AsSpan(_inbox.Length + 1), CultureInfo.InvariantCulture, out var request)
                || !_requests.IsKnown(request))
            {
                return;
            }

            _lastSign = context.Time.GetTimestamp();
            if (status is NatsStatus.Control)
            {
                if (Number(headers, JetStreamHeaders.LastConsumer) >= (long)_expected)
                {
                    // It has sent what is not here, and will not come any more: a connection was lost with it.
                    Lose(Sign.Lost);
                }
                else if (!source.Follows)
                {
                    _signs.Writer.TryWrite(Sign.Idle);
                }

                return;
            }

            var left = Number(headers, JetStreamHeaders.PendingBytes);
            _requests.Ended(left);
            switch (status)
            {
                case NatsStatus.NotFound or NatsStatus.RequestTimeout:
                    _signs.Writer.TryWrite(Sign.Idle);
                    break;
                case NatsStatus.Conflict:
                    OnConflict(StatusHeaders.ReadConflict(headers), left);
                    break;
                case NatsStatus.NoResponders:
                    Lose(Sign.Lost);
                    break;
                default:
                    Lose(Sign.Refused);
                    break;
            }
        }

        Ask();
    }

    private void OnConflict(PullConflict conflict, long? left)
    {
        if (!_requests.TryFit(conflict, left, Window))
        {
            var isRefused = conflict
                is PullConflict.BatchTooLarge or PullConflict.ExpiresTooLong or PullConflict.BytesTooMany or PullConflict.BecamePush;
            Lose(isRefused ? Sign.Refused : Sign.Lost);
        }
    }

    private static long? Number(in ReadOnlySequence<byte> headers, ReadOnlySpan<byte> name) =>
        long.TryParse(StatusHeaders.Find(headers, name), CultureInfo.InvariantCulture, out var number) ? number : null;

    private void Lose(Sign sign)
    {
        _closed = true;
        _signs.Writer.TryWrite(sign);
    }

    private void OnEnded()
    {
        lock (_gate)
        {
            if (!_closed)
            {
                Lose(Sign.Lost);
            }
        }
    }
}

/// <summary>JetStream does not let the stream have a consumer.</summary>
internal sealed class ConsumerRefusedException : Exception;
