using Httpmq.Checker;

namespace Httpmq.Chaos.Load;

/// <summary>What a subscriber does with a delivery.</summary>
internal enum Settling
{
    /// <summary>Acknowledges it by the route of v1.</summary>
    Ack,

    /// <summary>Acknowledges it by the route that settles.</summary>
    SettledAck,

    /// <summary>Asks for it again.</summary>
    Nak,

    /// <summary>Ends it: as an acknowledgement, it is not to come again.</summary>
    Term,

    /// <summary>Says that it takes time, and acknowledges it then.</summary>
    Progress,
}

/// <summary>Acknowledges for one subscriber, through either gateway; tries again a few times where the outcome is open.</summary>
internal sealed class Acknowledger(string consumer, LoadContext context) : IDisposable
{
    private const int MostAttempts = 3;
    private const int LowestRefusal = 400;
    private const int HighestRefusal = 499;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    private readonly GatewayClient[] _clients = [.. context.Sites.Select(site => new GatewayClient(site.Address))];

    /// <summary>
    /// Settles a delivery. Only what is never to come again counts as acknowledged; a nak asks for the message again, and progress is
    /// followed by an acknowledgement.
    /// </summary>
    public async Task SettleAsync(int site, Settling settling, ulong sequence, ulong consumerSequence)
    {
        if (settling is Settling.Nak)
        {
            await AskAsync(site, "nak", ",\"delay\":\"200ms\"", sequence, consumerSequence);
            return;
        }

        if (settling is Settling.Progress)
        {
            await AskAsync(site, "progress", more: string.Empty, sequence, consumerSequence);
        }

        await AckAsync(site, settling, sequence, consumerSequence);
    }

    private async Task AskAsync(int site, string verb, string more, ulong sequence, ulong consumerSequence)
    {
        var start = context.Clock.Now;
        var answer = await _clients[site].SettleAsync(context.Stream, consumer, verb, sequence, consumerSequence, more);
        context.Journal.Write(new RequestEntry(
            start, context.Clock.Now, $"{verb} of {consumer} {sequence}/{consumerSequence}", answer.Status, answer.Detail));
    }

    private async Task AckAsync(int site, Settling settling, ulong sequence, ulong consumerSequence)
    {
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            var start = context.Clock.Now;
            var client = _clients[(site + attempt) % _clients.Length];
            var answer = settling switch
            {
                Settling.Ack => await client.AckAsync(context.Stream, consumer, sequence, consumerSequence),
                Settling.Term => await client.SettleAsync(context.Stream, consumer, "term", sequence, consumerSequence),
                _ => await client.SettleAsync(context.Stream, consumer, "ack", sequence, consumerSequence),
            };
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
