using System.Net;
using Httpmq.Checker;

namespace Httpmq.Chaos.Load;

/// <summary>
/// Publishes numbered messages through one gateway as fast as it answers, several at a time. No message is ever sent twice:
/// what becomes of one whose outcome is unknown is for the checker to see.
/// </summary>
internal sealed class Publisher(string name, int site, int inflight, LoadContext context, int seed) : IDisposable
{
    /// <summary>Beyond this, subscribers get time to catch up, so that the run ends when it should.</summary>
    private const long MostBacklog = 5_000;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly GatewayClient _client = new(context.Sites[site].Address);
    private readonly string _subject = $"{context.Stream}.{name}";
    private long _number;

    public Task RunAsync(CancellationToken stopping) =>
        Task.WhenAll(Enumerable.Range(0, inflight).Select(index => LoopAsync(new Random(HashCode.Combine(seed, index)), stopping)));

    public void Dispose() => _client.Dispose();

    private async Task LoopAsync(Random random, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            if (context.Tally.Backlog > MostBacklog
                || await PublishAsync(Payload.Create(name, Interlocked.Increment(ref _number), random)) is not PublishOutcome.Stored)
            {
                await Task.Delay(Pause, CancellationToken.None);
            }
        }
    }

    private async Task<PublishOutcome> PublishAsync(byte[] message)
    {
        var start = context.Clock.Now;
        var answer = await _client.PublishAsync(_subject, message);
        var outcome = OutcomeOf(answer);
        var sequence = outcome is PublishOutcome.Stored ? (ulong)answer.Body!["sequence"]! : 0;
        context.Journal.Write(new PublishEntry(
            start, context.Clock.Now, Payload.NameOf(message), outcome, sequence, answer.Status, answer.Detail, context.Sites[site].Name));
        context.Tally.Count(outcome);
        return outcome;
    }

    /// <summary>
    /// No answer, 500 and 504 leave it open, and so does a 503 that says so; every other error promises that nothing was stored.
    /// </summary>
    private static PublishOutcome OutcomeOf(GatewayAnswer answer) => answer.Status switch
    {
        (int)HttpStatusCode.OK => PublishOutcome.Stored,
        0 or (int)HttpStatusCode.InternalServerError or (int)HttpStatusCode.GatewayTimeout => PublishOutcome.Unknown,
        (int)HttpStatusCode.ServiceUnavailable when answer.Detail?.Contains("may have been stored", StringComparison.Ordinal) is true =>
            PublishOutcome.Unknown,
        _ => PublishOutcome.Refused,
    };
}
