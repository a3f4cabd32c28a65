using Httpmq.Domain.Features;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Diagnosis;

/// <summary>
/// Looks whether a gateway could work with a NATS server, and changes nothing there: each server of the list, login, JetStream and its
/// limits, permissions, the clock.
/// </summary>
/// <param name="options">How to reach NATS.</param>
/// <param name="needs">What the gateway needs.</param>
/// <param name="time">The clock.</param>
public sealed class BrokerDoctor(NatsOptions options, BrokerNeeds needs, TimeProvider time)
{
    /// <summary>The checks, by their names.</summary>
    internal const string Connection = "nats.connection";
    internal const string Login = "nats.login";
    internal const string Version = "nats.version";
    internal const string JetStream = "jetstream";
    internal const string Limits = "jetstream.limits";
    internal const string Permissions = "nats.permissions";
    internal const string Clock = "clock";

    private static readonly Version Oldest = new(2, 9);

    /// <summary>Takes two checks' time at most: the servers side by side, and then what one of them says.</summary>
    public async Task<IReadOnlyList<CheckResult>> ExamineAsync(CancellationToken cancellationToken)
    {
        var visits = new List<ServerVisit>();
        try
        {
            var results = new List<CheckResult>();
            foreach (var found in await Task.WhenAll(
                ServerVisit.Of(options, time).Select(visit => VisitAsync(visit, visits, cancellationToken))))
            {
                results.AddRange(found);
            }

            var open = visits.Where(static visit => visit.IsOpen).ToArray();
            if (open.Length == 0)
            {
                return results;
            }

            results.AddRange(DescribeVersions(open));
            results.AddRange(await AskAsync(open[0], cancellationToken));
            return results;
        }
        finally
        {
            foreach (var visit in visits)
            {
                await visit.DisposeAsync();
            }
        }
    }

    private async Task<IReadOnlyList<CheckResult>> VisitAsync(
        ServerVisit visit, List<ServerVisit> visits, CancellationToken cancellationToken)
    {
        visits.Add(visit);
        var results = await Examination.RunAsync(Connection, visit.MakeAsync, time, cancellationToken);
        return [.. results.Select(result => result with { Subject = visit.Address })];
    }

    private async Task<IReadOnlyList<CheckResult>> AskAsync(ServerVisit visit, CancellationToken cancellationToken)
    {
        // What is not permitted is not answered either: who waited for it would not know why.
        var probe = new PermissionProbe(visit, options, needs);
        var permissions = await Examination.RunAsync(Permissions, probe.ExamineAsync, time, cancellationToken);
        var account = new AccountCheck(visit, options, needs);
        var clock = new ClockCheck(visit, options, time);
        var answers = await Task.WhenAll(
            probe.MayAsk
                ? Examination.RunAsync(JetStream, account.ExamineAsync, time, cancellationToken)
                : Task.FromResult<IReadOnlyList<CheckResult>>(
                [
                    CheckResult.Problem(
                        JetStream, "it cannot be asked: the NATS user may not", $"see {Permissions}"),
                ]),
            Examination.RunAsync(Clock, token => clock.ExamineAsync(probe, token), time, cancellationToken));
        return [.. answers[0], .. permissions, .. answers[1]];
    }

    private IEnumerable<CheckResult> DescribeVersions(ServerVisit[] open)
    {
        var versions = open.Select(static visit => visit.Facts.Name ?? "?").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .ToArray();
        if (versions.Length > 1)
        {
            yield return CheckResult.Warning(
                Version,
                $"the servers are of several versions: {string.Join(", ", versions)}",
                "upgrade all of them: which features there are depends on who answers");
        }

        var oldest = open.Select(static visit => visit.Facts).MinBy(static facts => facts.Version)!;
        if (oldest.Version < Oldest)
        {
            yield return CheckResult.Problem(Version, $"nats-server {oldest.Name} is too old", $"use {Oldest} or newer");
        }
        else if (versions.Length == 1)
        {
            yield return CheckResult.Ok(Version, $"nats-server {oldest.Name} {Describe(oldest)}");
        }

        if (needs.Delivers && needs.MaxMessageBytes > open.Min(static visit => visit.Facts.MaxPayload))
        {
            yield return CheckResult.Warning(
                Version,
                $"{needs.MaxMessageBytesName} is {needs.MaxMessageBytes}, and the server takes "
                    + $"{open.Min(static visit => visit.Facts.MaxPayload)} bytes (max_payload)",
                "raise max_payload, or lower the limit");
        }
    }

    /// <summary>What a server has and lacks of what Httpmq uses.</summary>
    internal static string Describe(ServerFacts facts)
    {
        var lacking = Feature.All.Where(feature => !facts.Has(feature)).ToArray();
        return lacking.Length == 0
            ? "has all features that Httpmq uses"
            : $"lacks {string.Join(", ", lacking.Select(static feature => $"{feature.Name} ({feature.Since})"))}";
    }
}
