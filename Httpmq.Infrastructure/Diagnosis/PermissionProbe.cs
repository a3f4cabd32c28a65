using Httpmq.Domain.Features;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Diagnosis;

/// <summary>
/// Tries what the gateway does with NATS, and hears what the server does not permit. It changes nothing: calls of JetStream's API are
/// about a stream of a name that nobody has, with a body that is no JSON; what is published goes to subjects that nobody has, or demands
/// what cannot be.
/// </summary>
internal sealed class PermissionProbe(ServerVisit visit, NatsOptions options, BrokerNeeds needs)
{
    private const string Nobody = "httpmq-doctor-";
    private const string ExpectedStream = "Nats-Expected-Stream";

    // Any stream, and any consumer: what a permission is usually written with.
    private const string AnyName = "*";

    private static readonly byte[] NoJson = "?"u8.ToArray();

    // One page that is empty, of however many streams there are.
    private static readonly byte[] NoPage = """{"offset":1000000000}"""u8.ToArray();

    // What JetStream tells of calls.
    private const string Advisories = $"{JetStreamSubjects.AdvisoryPrefix}API";

    private readonly string _name = Nobody + Inbox.NewId();

    /// <summary>Whether JetStream can be asked, and answers be heard.</summary>
    public bool MayAsk { get; private set; }

    /// <summary>Whether JetStream's advisories can be heard.</summary>
    public bool MayHearAdvisories { get; private set; }

    /// <summary>Whether the server can be asked who the user is.</summary>
    public bool MayAskUser { get; private set; }

    public async Task<IReadOnlyList<CheckResult>> ExamineAsync(CancellationToken cancellationToken)
    {
        var trials = Trials().ToArray();
        var subscriptions = new List<INatsSub<byte[]>>();
        try
        {
            var refusals = await visit.RefusalsOfAsync(() => SendAsync(trials, subscriptions, cancellationToken), cancellationToken);
            return [Judge(trials, refusals)];
        }
        finally
        {
            foreach (var subscription in subscriptions)
            {
                await subscription.DisposeAsync();
            }
        }
    }

    private static bool IsRefused(Trial trial, IReadOnlyCollection<string> refusals) => refusals.Any(refusal => string.Equals(
        trial.IsSubscription ? RequestLimit.SubjectOfRefusedSubscription(refusal) : RequestLimit.SubjectOfRefusal(refusal),
        trial.Subject,
        StringComparison.Ordinal));

    private async Task SendAsync(Trial[] trials, List<INatsSub<byte[]>> subscriptions, CancellationToken cancellationToken)
    {
        var unheard = Inbox.NewSubject();
        foreach (var trial in trials)
        {
            if (trial.IsSubscription)
            {
                subscriptions.Add(await visit.Connection.SubscribeCoreAsync<byte[]>(trial.Subject, cancellationToken: cancellationToken));
                continue;
            }

            await visit.Connection.PublishAsync(
                trial.Subject, trial.Body, trial.Headers, trial.IsCall ? unheard : null, cancellationToken: cancellationToken);
        }
    }

    private CheckResult Judge(Trial[] trials, IReadOnlyCollection<string> refusals)
    {
        var all = trials.Where(trial => IsRefused(trial, refusals)).ToArray();
        var refused = Array.FindAll(all, static trial => !trial.IsForTheDoctor);
        MayAsk = !Array.Exists(refused, static trial => trial.IsVital);
        MayAskUser = !Array.Exists(
            all, static trial => trial.Subject is ClockCheck.AskUser || (trial.IsVital && trial.IsSubscription));
        MayHearAdvisories = !Array.Exists(
            all, trial => string.Equals(trial.Subject, Advisories, StringComparison.Ordinal) || IsStreamInfo(trial));
        if (refused.Length == 0)
        {
            var count = trials.Count(static trial => !trial.IsForTheDoctor);
            return CheckResult.Ok(
                BrokerDoctor.Permissions, $"all {count} that were tried are permitted; subjects of messages were not tried");
        }

        var seen = $"not permitted: {string.Join(", ", refused.Select(static trial => trial.Text).Distinct(StringComparer.Ordinal))}";
        return Array.Exists(refused, static trial => !trial.IsOptional)
            ? CheckResult.Problem(BrokerDoctor.Permissions, seen, "permit them to the gateway's NATS user: docs/nats.md has the list")
            : CheckResult.Warning(
                BrokerDoctor.Permissions, seen, "permit them to the gateway's NATS user: docs/nats.md says what does not work without");
    }

    private IEnumerable<Trial> Trials()
    {
        yield return Trial.Subscription(Inbox.NewSubject(), $"{Inbox.Prefix}>") with { IsVital = true };
        yield return Trial.Publication(Inbox.NewSubject(), $"{Inbox.Prefix}>");
        yield return Trial.Publication(ClockCheck.AskUser, ClockCheck.AskUser) with { IsCall = true, IsForTheDoctor = true };
        yield return Trial.Subscription(Advisories, Advisories) with { IsForTheDoctor = true };
        foreach (var call in Calls())
        {
            yield return call;
        }

        if (needs.Manages)
        {
            // Nobody stores it: the stream, where it is there, has another name.
            yield return Trial.Publication(options.LockSubject(_name), options.LockSubject(">")) with
            {
                IsOptional = true,
                Headers = new NatsHeaders { [ExpectedStream] = _name },
            };
            yield return Trial.Publication($"{GatewaySubjects.ConsumerReset}{_name}.{_name}", $"{GatewaySubjects.ConsumerReset}>") with
            {
                IsOptional = true,
            };
        }

        if (needs.Delivers)
        {
            yield return Trial.Publication($"{JetStreamSubjects.AckPrefix}{_name}.{_name}.1.1.1.1.0", $"{JetStreamSubjects.AckPrefix}>");
            yield return Trial.Publication($"$JS.FC.{_name}.{_name}.x", "$JS.FC.>") with { IsOptional = true };
            yield return Trial.Subscription(
                $"{JetStreamSubjects.AdvisoryPrefix}CONSUMER.DELETED.*.*", $"{JetStreamSubjects.AdvisoryPrefix}>");
            yield return Trial.Subscription($"{GatewaySubjects.ConsumerReset}*.*", $"{GatewaySubjects.ConsumerReset}>") with
            {
                IsOptional = true,
            };
        }
    }

    private IEnumerable<Trial> Calls()
    {
        yield return Call("INFO") with { IsVital = true };
        yield return Call("STREAM.NAMES") with { Body = NoPage };
        foreach (var call in (string[])["STREAM.INFO", "STREAM.MSG.GET"])
        {
            yield return Call($"{call}.{_name}");
        }

        foreach (var call in (string[])["CONSUMER.INFO", "CONSUMER.CREATE", "CONSUMER.DELETE"])
        {
            yield return Call($"{call}.{_name}.{_name}");
        }

        if (needs.Delivers)
        {
            yield return Call($"CONSUMER.MSG.NEXT.{_name}.{_name}");
        }

        if (!needs.Manages)
        {
            yield break;
        }

        yield return Call("STREAM.LIST") with { Body = NoPage };
        foreach (var call in (string[])
            ["STREAM.CREATE", "STREAM.UPDATE", "STREAM.DELETE", "STREAM.PURGE", "STREAM.MSG.DELETE", "CONSUMER.LIST", "CONSUMER.NAMES"])
        {
            yield return Call($"{call}.{_name}");
        }

        yield return Call($"CONSUMER.DURABLE.CREATE.{_name}.{_name}");
        foreach (var (call, feature) in ((string, Feature)[])
            [("PAUSE", Feature.Pause), ("UNPIN", Feature.PriorityGroups), ("RESET", Feature.ConsumerReset)])
        {
            if (visit.Facts.Has(feature))
            {
                yield return Call($"CONSUMER.{call}.{_name}.{_name}");
            }
        }
    }

    private bool IsStreamInfo(Trial trial) =>
        string.Equals(trial.Subject, options.ApiSubject($"STREAM.INFO.{_name}"), StringComparison.Ordinal);

    private Trial Call(string call)
    {
        var subject = options.ApiSubject(call);
        return Trial.Publication(subject, subject.Replace(_name, AnyName, StringComparison.Ordinal)) with { IsCall = true, Body = NoJson };
    }

    /// <summary>Something that may not be permitted.</summary>
    /// <param name="Subject">Its subject.</param>
    /// <param name="Text">What it is, for people.</param>
    private sealed record Trial(string Subject, string Text)
    {
        public bool IsSubscription { get; init; }

        /// <summary>JetStream answers.</summary>
        public bool IsCall { get; init; }

        /// <summary>Without it nothing is answered.</summary>
        public bool IsVital { get; init; }

        /// <summary>The gateway does not need it.</summary>
        public bool IsForTheDoctor { get; init; }

        /// <summary>Without it something is missing that the gateway can do without.</summary>
        public bool IsOptional { get; init; }

        public byte[] Body { get; init; } = [];

        public NatsHeaders? Headers { get; init; }

        public static Trial Publication(string subject, string pattern) => new(subject, $"publish {pattern}");

        public static Trial Subscription(string subject, string pattern) => new(subject, $"subscribe {pattern}") { IsSubscription = true };
    }
}
