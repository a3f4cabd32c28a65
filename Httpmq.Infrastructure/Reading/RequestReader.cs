using Httpmq.Domain.Messages;

namespace Httpmq.Infrastructure.Reading;

/// <summary>
/// Reads by requests, where the stream may have no consumer. When it has all and follows, it listens to what is published to the stream's
/// subjects, and asks as soon as there is something; from time to time it asks anyway.
/// </summary>
/// <param name="context">What the replays share.</param>
/// <param name="cursor">Asks about the stream.</param>
/// <param name="source">Takes the messages.</param>
/// <param name="created">When the stream was made.</param>
internal sealed class RequestReader(ReplayContext context, StreamCursor cursor, ReplaySource source, DateTimeOffset created)
    : IReplayReader
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(1);

    // From then on something that is published ends the pause. Before, it may be what ended the last one and is not stored yet.
    private static readonly TimeSpan ListeningPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestDeafPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Reads until the replay is over.</summary>
    public async Task ReadAsync()
    {
        source.Take(this);
        try
        {
            while (!source.IsOver)
            {
                await source.WaitForRoomAsync();
                if (await cursor.NextAsync(source.Next, source.Closing) is { } message)
                {
                    source.Take(this, message);
                }
                else if (source.Follows)
                {
                    await WaitForMoreAsync();
                }
                else
                {
                    source.Complete();
                }
            }
        }
        finally
        {
            source.Take(reader: null);
        }
    }

    public void OnRoom()
    {
    }

    public void OnOver()
    {
    }

    private async Task WaitForMoreAsync()
    {
        await using var bell = new PublishBell(context);
        var pause = ListeningPause;
        while (!source.IsOver)
        {
            var state = await cursor.ReadStateAsync(source.Closing);
            if (state.Created != created)
            {
                source.Finish(SubscriptionErrors.NoStream);
                return;
            }

            var rings = await bell.TryListenAsync(cursor.Filters, state.Config?.Known.Subjects ?? [], source.Closing);
            var last = state.State?.LastSeq ?? 0;
            if (last >= source.Next)
            {
                if (await cursor.NextAsync(source.Next, source.Closing) is not null)
                {
                    return;
                }

                source.Skip(last);
            }

            var rang = await bell.WaitAsync(pause, heed: pause >= ListeningPause, source.Closing);
            var longest = rings ? LongestPause : LongestDeafPause;
            pause = rang ? ShortestPause : pause < longest / 2 ? 2 * pause : longest;
        }
    }
}
