using System.Text.Json;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Reading;

/// <summary>
/// Asks for the messages of a stream that some filters match, in order. Every server answers what it asks, for every stream; nothing is
/// left behind on a server, so a work queue can be read as well, and whoever asks again from a sequence gets the same.
/// </summary>
/// <param name="api">JetStream's API.</param>
/// <param name="stream">The stream.</param>
/// <param name="filters">What it goes through.</param>
internal sealed class StreamCursor(JetStreamApi api, StreamName stream, IReadOnlyList<SubjectFilter> filters)
{
    private const string Everything = ">";
    private const int RequestsAtOnce = 32;

    // What the answers to as many requests may hold.
    private const int BytesAtOnce = 1024 * 1024;

    private readonly FilterCursor[] _cursors = [.. Distinct(filters).Select(static filter => new FilterCursor(filter))];

    public StreamName Stream => stream;

    /// <summary>What it goes through, without what another one covers; empty: everything.</summary>
    public IReadOnlyList<SubjectFilter> Filters { get; } =
        [.. filters.Distinct().Where(filter => !filters.Any(other => other != filter && other.Covers(filter.Value)))];

    private Operation Operation => new(OperationKind.Replay, stream.Value);

    /// <summary>The stream as it is now.</summary>
    public async Task<StreamInfoWire> ReadStateAsync(CancellationToken cancellationToken) => await api.CallAsync(
        Operation, $"STREAM.INFO.{stream}", [], WireJson.Default.StreamInfoWire, cancellationToken);

    /// <summary>The first message from a sequence on; null: there is none at the moment. It is asked for now.</summary>
    public async Task<StoredMessage?> FindAsync(ulong sequence, CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(_cursors.Select(AskFromAsync));
        if (found.Contains(null) && found.Any(static message => message is not null))
        {
            // Meanwhile one may have been stored for those, before what the others have.
            found = await Task.WhenAll(found.Zip(
                _cursors, (message, cursor) => message is null ? AskFromAsync(cursor) : Task.FromResult<StoredMessage?>(message)));
        }

        return found.OfType<StoredMessage>().MinBy(static message => message.Sequence);

        Task<StoredMessage?> AskFromAsync(FilterCursor cursor) =>
            AskAsync(new MessageQuery { Seq = sequence, NextBySubj = cursor.Filter }, cancellationToken);
    }

    /// <summary>
    /// As <see cref="FindAsync"/>, for one message after the other: it asks ahead, with the more requests at once the closer to
    /// each other the messages are.
    /// </summary>
    public async Task<StoredMessage?> NextAsync(ulong sequence, CancellationToken cancellationToken)
    {
        while (true)
        {
            // A filter for which there is nothing has nothing before what was known then; there may be something by now before the rest.
            var known = FindFirst();
            foreach (var cursor in _cursors.Where(cursor => cursor.Find(sequence) is null))
            {
                await AskAheadAsync(cursor, sequence, cancellationToken);
            }

            var first = FindFirst();
            if (first is null || known is not null)
            {
                return first;
            }
        }

        StoredMessage? FindFirst() =>
            _cursors.Select(cursor => cursor.Find(sequence)).OfType<StoredMessage>().MinBy(static message => message.Sequence);
    }

    /// <summary>The sequence of the last message; null: there is none.</summary>
    /// <param name="end">The stream's last sequence.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ulong?> FindLastAsync(ulong end, CancellationToken cancellationToken)
    {
        ulong? last = null;
        foreach (var filter in _cursors.Select(static cursor => cursor.Filter))
        {
            var sequence = await FindLastAsync(filter, end, cancellationToken);
            last = sequence > (last ?? 0) ? sequence : last;
        }

        return last;
    }

    /// <summary>The messages with exactly these sequences, as far as they are still there, in the order of their sequences.</summary>
    public async Task<IReadOnlyList<StoredMessage>> GetAsync(IEnumerable<ulong> sequences, CancellationToken cancellationToken) =>
        [.. (await Task.WhenAll(sequences.Select(sequence => AskAsync(new MessageQuery { Seq = sequence }, cancellationToken))))
            .OfType<StoredMessage>()];

    /// <summary>The sequences of the last messages of all subjects, in their order.</summary>
    /// <param name="end">The stream's last sequence.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="HttpmqException">There are more than <see cref="ReplayOptions.MostLast"/> subjects.</exception>
    public async Task<IReadOnlyList<ulong>> FindLastOfEachAsync(ulong end, CancellationToken cancellationToken)
    {
        var subjects = new HashSet<string>(StringComparer.Ordinal);
        foreach (var filter in _cursors.Select(static cursor => cursor.Filter))
        {
            var body = JsonSerializer.SerializeToUtf8Bytes(new SubjectsRequest(filter, Offset: 0), WireJson.Default.SubjectsRequest);
            var page = await api.CallAsync(
                Operation, $"STREAM.INFO.{stream}", body, WireJson.Default.SubjectsResponse, cancellationToken);
            subjects.UnionWith(page.State?.Subjects?.Keys ?? []);
            if (Math.Max(page.Total, subjects.Count) is > ReplayOptions.MostLast and var count)
            {
                throw new HttpmqException(ReplayErrors.TooMany(count, ReplayOptions.MostLast));
            }
        }

        var sequences = new SortedSet<ulong>();
        foreach (var some in subjects.Chunk(RequestsAtOnce))
        {
            var found = await Task.WhenAll(some.Select(subject => FindLastAsync(subject, end, cancellationToken)));
            sequences.UnionWith(found.OfType<ulong>());
        }

        return [.. sequences];
    }

    /// <summary>
    /// The first sequence whose message was stored at a time or later, by bisection: servers before 2.11 cannot be asked for a time.
    /// </summary>
    /// <param name="time">The time.</param>
    /// <param name="end">The last sequence.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ulong> FindTimeAsync(DateTimeOffset time, ulong end, CancellationToken cancellationToken)
    {
        var (low, high) = (1UL, end + 1);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            var message = await AskAsync(new MessageQuery { Seq = middle, NextBySubj = Everything }, cancellationToken);
            if (message is null || message.Time >= time)
            {
                high = middle;
            }
            else
            {
                low = message.Sequence + 1;
            }
        }

        return low;
    }

    /// <summary>
    /// nats-server says that there is none where the last one was removed and others are still there: for all subjects together (2.9.10,
    /// 2.15.1), and before 2.11 for each (2.9.10, 2.10.27). Then it is found by bisection.
    /// </summary>
    private async Task<ulong?> FindLastAsync(string filter, ulong end, CancellationToken cancellationToken)
    {
        if (await AskAsync(new MessageQuery { LastBySubj = filter }, cancellationToken) is { } told)
        {
            return told.Sequence;
        }

        if (await AskAsync(new MessageQuery { Seq = 1, NextBySubj = filter }, cancellationToken) is not { } first)
        {
            return null;
        }

        var last = first.Sequence;
        var (low, high) = (last + 1, end);
        while (low <= high)
        {
            var middle = low + ((high - low) / 2);
            if (await AskAsync(new MessageQuery { Seq = middle, NextBySubj = filter }, cancellationToken) is { } message)
            {
                last = message.Sequence;
                low = message.Sequence + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return last;
    }

    /// <summary>
    /// Asks from several sequences on, one after the other. An answer tells that there is nothing between where it was asked from and its
    /// message: those count that follow each other without a gap.
    /// </summary>
    private async Task AskAheadAsync(FilterCursor cursor, ulong sequence, CancellationToken cancellationToken)
    {
        var count = (int)Math.Min((ulong)cursor.Window, ulong.MaxValue - sequence + (sequence > 0 ? 1UL : 0));
        var found = await Task.WhenAll(Enumerable.Range(0, count).Select(index => AskAsync(
            new MessageQuery { Seq = sequence + (ulong)index, NextBySubj = cursor.Filter }, cancellationToken)));
        var used = 0;
        var bytes = 0L;
        var position = sequence;
        while (position - sequence < (ulong)count && found[position - sequence] is { } message)
        {
            cursor.Add(message);
            used++;
            bytes += message.Payload.Length + message.Headers.Length;
            if (message.Sequence == ulong.MaxValue)
            {
                break;
            }

            position = message.Sequence + 1;
        }

        // Where messages are far apart, or large, fewer requests are worth their answers.
        var wanted = used == count ? 2 * count : Math.Max(1, 2 * used);
        var fitting = used == 0 ? wanted : (int)Math.Max(1, BytesAtOnce / Math.Max(1, bytes / used));
        cursor.Window = Math.Min(RequestsAtOnce, Math.Min(wanted, fitting));
    }

    private static IEnumerable<string> Distinct(IReadOnlyList<SubjectFilter> filters) => filters.Count == 0
        ? [Everything]
        : filters.Select(static filter => filter.Value).Distinct(StringComparer.Ordinal);

    private async Task<StoredMessage?> AskAsync(MessageQuery query, CancellationToken cancellationToken)
    {
        var answer = await api.TryCallAsync(
            Operation,
            $"STREAM.MSG.GET.{stream}",
            JsonSerializer.SerializeToUtf8Bytes(query, BriefJson.Default.MessageQuery),
            WireJson.Default.MessageGetResponse,
            cancellationToken);
        return answer switch
        {
            { Error: { } error } => JetStreamErrors.ToError(Operation, error) is var refusal
                && refusal.Type == JetStreamErrorTypes.MessageNotFoundType
                    ? null
                    : throw new HttpmqException(refusal),
            { Message: { Subject: { } subject, Seq: > 0 } message } => new StoredMessage(
                stream.Value, subject, message.Seq, message.Time, MessageHeaders.Wrap(message.Hdrs), message.Data),
            _ => throw new HttpmqException(ConnectionErrors.Unreadable(Operation, "it has no message")),
        };
    }

    /// <summary>What is known of one filter's messages from where it was asked last.</summary>
    private sealed class FilterCursor(string filter)
    {
        private readonly Queue<StoredMessage> _known = new();

        public string Filter => filter;

        /// <summary>How many requests to send at once.</summary>
        public int Window { get; set; } = 1;

        /// <summary>The first from a sequence on that is known; those before are forgotten.</summary>
        public StoredMessage? Find(ulong sequence)
        {
            while (_known.TryPeek(out var message))
            {
                if (message.Sequence >= sequence)
                {
                    return message;
                }

                _known.Dequeue();
            }

            return null;
        }

        public void Add(StoredMessage message) => _known.Enqueue(message);
    }
}
