using System.Runtime.CompilerServices;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Connection;

/// <summary>
/// Bounds how many stored messages are asked for at once over a connection. nats-server closes a connection for which too much waits
/// (max_pending, 64 MiB), and everybody's publishes fail with it. Any answer may be as large as the largest message.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class MessageReads(TimeProvider time)
{
    // Of messages; as JSON they are a third larger.
    private const long BytesAtOnce = 16 * 1024 * 1024;

    // Enough that one round trip after the other does not show, where messages cannot be large.
    private const int Most = 1024;

    // After that an answer is under way, or there will be none: the stream may have no leader.
    private static readonly TimeSpan AnsweredSoon = TimeSpan.FromMilliseconds(100);

    private readonly ConditionalWeakTable<NatsConnection, Places> _places = [];

    /// <summary>Waits for its turn, and asks.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="maxPayload">Bytes of the largest message.</param>
    /// <param name="ask">Asks. It ends by itself, answered or not.</param>
    /// <param name="cancellationToken">Gives up waiting. What was asked is still answered, and counts until then.</param>
    public async Task<TAnswer> AskAsync<TAnswer>(
        NatsConnection connection, long maxPayload, Func<Task<TAnswer>> ask, CancellationToken cancellationToken)
    {
        var places = _places.GetValue(
            connection,
            opened => new Places(
                new SemaphoreSlim((int)Math.Clamp(BytesAtOnce / Math.Max(1, maxPayload), 1, Most)),
                new SharedPing(() => PingAsync(opened))));
        await places.Free.WaitAsync(cancellationToken);
        var asking = ask();
        ReleaseAsync(places, asking).Forget();
        return await asking.WaitAsync(cancellationToken);
    }

    private async Task ReleaseAsync(Places places, Task asking)
    {
        await asking.WaitAsync(AnsweredSoon, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!asking.IsCompleted)
        {
            // What waited for the connection before the pong is here.
            await Task.WhenAny(asking, places.Ping.SendAsync());
        }

        places.Free.Release();
    }

    private static async Task PingAsync(NatsConnection connection)
    {
        try
        {
            await connection.PingAsync();
        }
        catch (Exception exception) when (exception is NatsException or ObjectDisposedException or OperationCanceledException)
        {
            // The connection is lost, and nothing waits for it any more.
        }
    }

    /// <summary>Of one connection.</summary>
    private sealed record Places(SemaphoreSlim Free, SharedPing Ping);
}
