using Microsoft.Extensions.Logging;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>Looks after a running nats-server until there is a reason to start it anew.</summary>
internal sealed class NatsServerWatch(
    NatsServerProcess process, DataFolder folder, long storeLimit, ILogger log, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    // Generous together (about 20 s): a restart costs every client its connection, so a busy server must not be taken for
    // a hung one. It is needed all the same: nats-server 2.9 deadlocks when a write finds the disk full.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);
    private const int SilencesAllowed = 3;

    /// <summary>Returns why the server needs to be started anew.</summary>
    public async Task<string> UntilFailureAsync(CancellationToken cancellationToken)
    {
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var health = WatchHealthAsync(watching.Token);
        await Task.WhenAny(process.Exited, health).WaitAsync(cancellationToken);
        if (!process.Exited.IsCompleted)
        {
            try
            {
                return await health;
            }
            catch (EmbeddedNatsException unreadable)
            {
                return unreadable.Message;
            }
        }

        await watching.CancelAsync();
        return process.DescribeEnd();
    }

    private async Task<string> WatchHealthAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var silences = 0;
        while (true)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            if (process.IsJetStreamDown)
            {
                return "JetStream shut itself down inside nats-server; the server's log says why.";
            }

            if (process.IsStoreFull && folder.MeasureStoreLimit() > storeLimit + (storeLimit / 16))
            {
                // The limit is fixed when the server starts, and it refuses every publish, so nothing is interrupted.
                return "The store had reached its limit, and there is more space now.";
            }

            switch (await NatsProbe.AskJetStreamAsync(process.Port, AnswerLimit, cancellationToken))
            {
                case JetStreamAnswer.Alive:
                    silences = 0;
                    break;
                case JetStreamAnswer.Gone:
                    return "JetStream is switched off inside nats-server; the server's log says why.";
                default:
                    EmbeddedNatsLog.NoAnswer(log, ++silences);
                    if (silences >= SilencesAllowed)
                    {
                        return "nats-server's JetStream does not answer (a full disk makes some versions hang).";
                    }

                    break;
            }
        }
    }
}
