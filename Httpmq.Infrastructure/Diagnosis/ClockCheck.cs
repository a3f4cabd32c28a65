using System.Globalization;
using System.Text;
using System.Text.Json;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Diagnosis;

/// <summary>
/// How far this machine's clock is from nats-server's. The server tells its time with what it says of the user, from 2.10 on; where that
/// is not permitted, JetStream tells it with what it says of a call.
/// </summary>
internal sealed class ClockCheck(ServerVisit visit, NatsOptions options, TimeProvider time)
{
    /// <summary>What every user may ask, unless it is denied.</summary>
    public const string AskUser = "$SYS.REQ.USER.INFO";

    private static readonly NatsSubOpts ReplyOptions = new() { ThrowIfNoResponders = true };

    private static readonly TimeSpan ReplyLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Noticeable = TimeSpan.FromSeconds(1);

    // What tokens have as grace.
    private static readonly TimeSpan TooFar = TimeSpan.FromSeconds(30);

    /// <param name="permissions">What can be asked.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<CheckResult>> ExamineAsync(PermissionProbe permissions, CancellationToken cancellationToken)
    {
        var difference = permissions.MayAskUser ? await AskAsync(cancellationToken) : null;
        if (difference is null && permissions is { MayAsk: true, MayHearAdvisories: true })
        {
            difference = await HearAsync(cancellationToken);
        }

        return [difference is { } found ? Judge(found.Difference, found.Uncertainty) : CheckResult.Ok(
            BrokerDoctor.Clock, "it is not known: the server does not tell the gateway's NATS user its time")];
    }

    private static CheckResult Judge(TimeSpan difference, TimeSpan uncertainty)
    {
        var seen = string.Create(
            CultureInfo.InvariantCulture,
            $"this machine is {difference.Duration().TotalSeconds:0.000} s {(difference < TimeSpan.Zero ? "behind" : "ahead of")} "
                + $"nats-server, known to ± {uncertainty.TotalSeconds:0.000} s");
        const string Advice = "set both clocks, by NTP; times of messages, schedules, TTLs and tokens depend on them";
        return (difference.Duration() - uncertainty) switch
        {
            var least when least >= TooFar => CheckResult.Problem(BrokerDoctor.Clock, seen, Advice),
            var least when least >= Noticeable => CheckResult.Warning(BrokerDoctor.Clock, seen, Advice),
            _ => CheckResult.Ok(BrokerDoctor.Clock, seen),
        };
    }

    /// <summary>Of a call that fails, JetStream tells whoever listens, with the time: here of one about a stream that nobody has.</summary>
    private async Task<(TimeSpan Difference, TimeSpan Uncertainty)?> HearAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(ReplyLimit, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var asked = options.ApiSubject($"STREAM.INFO.httpmq-doctor-{Inbox.NewId()}");
        try
        {
            await using var advisories = await visit.Connection.SubscribeCoreAsync<byte[]>(
                $"{JetStreamSubjects.AdvisoryPrefix}API", cancellationToken: ended.Token);
            var (sent, start) = (time.GetUtcNow(), time.GetTimestamp());

            // Where nobody answers, nobody tells either.
            await visit.Connection.RequestAsync<byte[]>(asked, replyOpts: ReplyOptions, cancellationToken: ended.Token);
            await foreach (var advisory in advisories.Msgs.ReadAllAsync(ended.Token))
            {
                // Others' calls are told as well.
                if (advisory.Data is { } data && data.AsSpan().IndexOf(Encoding.UTF8.GetBytes(asked)) >= 0)
                {
                    return Compare(data, static told => told.GetProperty("timestamp"), sent, time.GetElapsedTime(start));
                }
            }
        }
        catch (Exception exception) when (IsNoAnswer(exception, limit))
        {
            // It does not tell.
        }

        return null;
    }

    private async Task<(TimeSpan Difference, TimeSpan Uncertainty)?> AskAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(ReplyLimit, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var (sent, start) = (time.GetUtcNow(), time.GetTimestamp());
            var reply = await visit.Connection.RequestAsync<byte[]>(AskUser, replyOpts: ReplyOptions, cancellationToken: ended.Token);
            return Compare(
                reply.Data ?? [], static told => told.GetProperty("server").GetProperty("time"), sent, time.GetElapsedTime(start));
        }
        catch (Exception exception) when (IsNoAnswer(exception, limit))
        {
            return null;
        }
    }

    private static bool IsNoAnswer(Exception exception, CancellationTokenSource limit) =>
        exception is NatsException or JsonException or KeyNotFoundException or InvalidOperationException
        || (exception is OperationCanceledException && limit.IsCancellationRequested);

    // Half of the way there and back is not known.
    private static (TimeSpan Difference, TimeSpan Uncertainty)? Compare(
        byte[] answer, Func<JsonElement, JsonElement> find, DateTimeOffset sent, TimeSpan trip)
    {
        using var document = JsonDocument.Parse(answer);
        var found = find(document.RootElement);
        return found.ValueKind is JsonValueKind.String && found.TryGetDateTimeOffset(out var server)
            ? (sent + (trip / 2) - server, trip / 2)
            : null;
    }
}
