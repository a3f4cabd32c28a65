using System.Globalization;
using System.Text.Json;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Publishing;

/// <summary>
/// Finds the message that a publish stored when it was sent before. From nats-server 2.12 on a condition is checked before the message's
/// id, so the same again is refused: its condition does not hold any more, because of itself.
/// </summary>
internal sealed class EarlierCopies(JetStreamApi api, UnclaimedSubjects subjects, TimeProvider time)
{
    // Those who ask at the same time share an answer; nobody takes one that came before.
    private readonly SharedLookups<Place, Found> _lookups =
        new(time, TimeSpan.Zero, (place, cancellationToken) => ReadAsync(api, place, cancellationToken));

    /// <summary>The message with this one's id that took its place; null: there is none, or it is not known.</summary>
    /// <param name="subject">Where the message was published.</param>
    /// <param name="headers">Its headers.</param>
    /// <param name="last">The last sequence instead of the expected one; null: JetStream did not say.</param>
    /// <param name="started">When its publish began, as a time stamp of the clock.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async ValueTask<(string Stream, ulong Sequence)?> FindAsync(
        Subject subject, MessageHeaders headers, ulong? last, long started, CancellationToken cancellationToken)
    {
        if (headers.Find(PublishHeaderRules.MessageId) is not { } id
            || PlaceOf(subject, headers) is not { } place
            || place.Sequence > last
            || (await subjects.AskAsync(subject, started, cancellationToken)).Stream is not { } stream)
        {
            return null;
        }

        var found = await _lookups.AskAsync(place with { Stream = stream }, started, cancellationToken);
        return found is { Sequence: > 0 and var sequence } && string.Equals(found.Value.Id, id, StringComparison.Ordinal)
            ? (stream, sequence)
            : null;
    }

    /// <summary>Where the message was stored if its condition held: behind the expected sequence, before everything else.</summary>
    private static Place? PlaceOf(Subject subject, MessageHeaders headers)
    {
        if (SequenceIn(headers.Find(PublishHeaderRules.ExpectedLastSubjectSequence)) is { } ofSubject)
        {
            // The condition may be about subjects that this one is none of: then its message did not change what they hold.
            var condition = SubjectFilter.TryParse(headers.Find(PublishHeaderRules.ExpectedSubject), out var filter, out _)
                && filter.Covers(subject.Value) ? filter.Value : subject.Value;
            return new Place(string.Empty, condition, ofSubject + 1);
        }

        return SequenceIn(headers.Find(JetStreamHeaders.ExpectedLastSequence)) is { } ofStream
            ? new Place(string.Empty, Filter: null, ofStream + 1)
            : null;
    }

    private static ulong? SequenceIn(string? text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : null;

    private static async Task<Found> ReadAsync(JetStreamApi api, Place place, CancellationToken cancellationToken)
    {
        var query = new MessageQuery { Seq = place.Sequence, NextBySubj = place.Filter };
        try
        {
            var answer = await api.CallAsync(
                new Operation(OperationKind.ReadMessage, place.Stream, Sequence: place.Sequence),
                $"STREAM.MSG.GET.{place.Stream}",
                JsonSerializer.SerializeToUtf8Bytes(query, BriefJson.Default.MessageQuery),
                WireJson.Default.MessageGetResponse,
                cancellationToken);
            return answer.Message is { } message
                ? new Found(message.Seq, MessageHeaders.Wrap(message.Hdrs).Find(PublishHeaderRules.MessageId))
                : default;
        }
        catch (HttpmqException) when (!cancellationToken.IsCancellationRequested)
        {
            return default;
        }
    }

    /// <summary>The first message from a sequence on that a filter matches; without a filter the one with this sequence.</summary>
    private readonly record struct Place(string Stream, string? Filter, ulong Sequence);

    private readonly record struct Found(ulong Sequence, string? Id);
}
