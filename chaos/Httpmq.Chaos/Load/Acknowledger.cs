using Httpmq.Checker;

namespace Httpmq.Chaos.Load;

/// <summary>Acknowledges for one subscriber, through either gateway; tries again a few times where the outcome is open.</summary>
internal sealed class Acknowledger(string consumer, LoadContext context) : IDisposable
{
    private const int MostAttempts = 3;
    private const int LowestRefusal = 400;
    private const int HighestRefusal = 499;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    private readonly GatewayClient[] _clients = [.. context.Sites.Select(site => new GatewayClient(site.Address))];

    public async Task AckAsync(int site, ulong sequence, ulong consumerSequence)
    {
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            var start = context.Clock.Now;
            var answer = await _clients[(site + attempt) % _clients.Length].AckAsync(context.Stream, consumer, sequence, consumerSequence);
            var outcome = answer switch
            {
                { Success: true } => AckOutcome.Confirmed,
                { Status: >= LowestRefusal and <= HighestRefusal } => AckOutcome.Refused,
                _ => AckOutcome.Unknown,
            };
            context.Journal.Write(
                new AckEntry(start, context.Clock.Now, consumer, sequence, consumerSequence, outcome, answer.Status, answer.Detail));
            if (outcome is not AckOutcome.Unknown)
            {
                context.Tally.CountAck();
                return;
            }

            await Task.Delay(Pause, CancellationToken.None);
        }
    }

    public void Dispose()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }
    }
}
