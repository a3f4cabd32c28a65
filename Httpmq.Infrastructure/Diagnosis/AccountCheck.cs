using System.Globalization;
using System.Text.Json;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Diagnosis;

/// <summary>Whether JetStream answers, and how much of its limits the account has used up.</summary>
internal sealed class AccountCheck(ServerVisit visit, NatsOptions options, BrokerNeeds needs)
{
    private const double NearlyFull = 0.8;
    private const double Full = 0.98;

    private static readonly NatsSubOpts ReplyOptions = new() { ThrowIfNoResponders = true };

    private static readonly string[] Units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

    public async Task<IReadOnlyList<CheckResult>> ExamineAsync(CancellationToken cancellationToken)
    {
        try
        {
            var reply = await visit.Connection.RequestAsync<byte[]>(
                options.ApiSubject("INFO"), replyOpts: ReplyOptions, cancellationToken: cancellationToken);
            var account = JsonSerializer.Deserialize(reply.Data ?? [], WireJson.Default.AccountInfoWire)!;
            return account switch
            {
                { Error: { } error } => [Refused($"{error.Description} (err_code {error.ErrCode})")],
                { Type: null } => [Refused("somebody else answers in its place: a stream or a client that has its subjects")],
                _ => Describe(account),
            };
        }
        catch (NatsNoRespondersException)
        {
            return [Refused("nobody answers for it")];
        }
        catch (Exception exception) when (exception is NatsException or JsonException)
        {
            return [Refused($"it does not answer ({exception.GetBaseException().Message.TrimEnd('.')})")];
        }
    }

    private CheckResult Refused(string seen) => CheckResult.Problem(
        BrokerDoctor.JetStream,
        seen,
        options.ApiPrefix is JetStreamSubjects.ApiPrefix
            ? $"enable JetStream in the configuration of nats-server and of the account; where it is in a domain, set {needs.DomainName}"
            : $"correct {needs.DomainName} or {needs.ApiPrefixName}: asked was {options.ApiPrefix}.INFO");

    private static IReadOnlyList<CheckResult> Describe(AccountInfoWire account)
    {
        var domain = account.Domain is { Length: > 0 } name ? $", domain {name}" : "";
        var level = account.Api?.Level is { } number and > 0 ? string.Create(CultureInfo.InvariantCulture, $", API level {number}") : "";
        var results = new List<CheckResult> { CheckResult.Ok(BrokerDoctor.JetStream, $"it answers{domain}{level}") };
        if (account.Tiers is { Count: > 0 } tiers)
        {
            results.AddRange(tiers.OrderBy(static tier => tier.Key, StringComparer.Ordinal).Select(static tier => Judge(
                Use(tier.Value.Streams, tier.Value.Consumers, tier.Value.Memory, tier.Value.Storage, tier.Value.ReservedMemory,
                    tier.Value.ReservedStorage, tier.Value.Limits)) with
            { Subject = $"tier {tier.Key}" }));
        }
        else
        {
            results.Add(Judge(Use(
                account.Streams, account.Consumers, account.Memory, account.Storage, account.ReservedMemory, account.ReservedStorage,
                account.Limits)));
        }

        return results;
    }

    private static CheckResult Judge((string Name, double Used, double Limit, bool IsBytes)[] uses)
    {
        var seen = string.Join(", ", uses.Select(static use => $"{use.Name} {Describe(use.Used, use.Limit, use.IsBytes)}"));
        var share = uses.Where(static use => use.Limit >= 0).Select(static use => use.Limit == 0 ? 0 : use.Used / use.Limit)
            .DefaultIfEmpty().Max();
        const string Advice = "delete what is not needed, set max_age or max_bytes of streams, or raise the account's limits";
        return share switch
        {
            >= Full => CheckResult.Problem(BrokerDoctor.Limits, seen, Advice),
            >= NearlyFull => CheckResult.Warning(BrokerDoctor.Limits, seen, Advice),
            _ => CheckResult.Ok(BrokerDoctor.Limits, seen),
        };
    }

    // What is reserved is not free either.
    private static (string Name, double Used, double Limit, bool IsBytes)[] Use(
        long streams,
        long consumers,
        ulong memory,
        ulong storage,
        ulong reservedMemory,
        ulong reservedStorage,
        AccountLimitsWire? limits) =>
    [
        ("streams", streams, limits?.MaxStreams ?? -1, false),
        ("consumers", consumers, limits?.MaxConsumers ?? -1, false),
        ("memory", Math.Max(memory, reservedMemory), limits?.MaxMemory ?? -1, true),
        ("storage", Math.Max(storage, reservedStorage), limits?.MaxStorage ?? -1, true),
    ];

    private static string Describe(double used, double limit, bool isBytes) =>
        limit < 0 ? $"{Text(used, isBytes)} (no limit)" : $"{Text(used, isBytes)} of {Text(limit, isBytes)}";

    private static string Text(double number, bool isBytes) =>
        isBytes ? Bytes(number) : number.ToString("0", CultureInfo.InvariantCulture);

    /// <summary>Such as <c>1.5 GiB</c>.</summary>
    internal static string Bytes(double number)
    {
        var unit = 0;
        for (; number >= 1024 && unit < Units.Length - 1; unit++)
        {
            number /= 1024;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{number:0.#} {Units[unit]}");
    }
}
