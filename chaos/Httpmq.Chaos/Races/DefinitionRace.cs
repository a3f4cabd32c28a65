using System.Globalization;
using System.Text.Json.Nodes;
using Httpmq.Chaos.Faults;
using Httpmq.Chaos.Load;
using Httpmq.Chaos.Servers;
using Httpmq.Checker;

namespace Httpmq.Chaos.Races;

/// <summary>Changes that are asked for at the same moment: each one that is answered 200 must be there afterwards.</summary>
internal sealed class DefinitionRace(TestBed bed, FaultLog log) : IDisposable
{
    private const string Stream = ProbeStreams.Changing;
    private const string StreamPath = $"/v1/admin/stream/{Stream}";
    private const int Rounds = 6;
    private const int LeastMessages = 1000;
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly GatewayClient _management = new(bed.Management.Address);
    private int _number;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ReadyLimit);
        await bed.WaitUntilGatewaysServeAsync(limit.Token);
        log.Begin("definitions race", FaultEffects.HarmsNobody);
        for (var round = 0; round < Rounds; round++)
        {
            _number++;
            await ChangeAsync(cancellationToken);
            await DefineAsync($"define-{_number}", cancellationToken);
        }

        log.End();
    }

    public void Dispose() => _management.Dispose();

    /// <summary>Limits and subjects of one stream.</summary>
    private async Task ChangeAsync(CancellationToken cancellationToken)
    {
        var (messages, subject) = (LeastMessages + _number, $"{Stream}.{_number}");
        var answers = await Task.WhenAll(
            _management.PutAsync($"{StreamPath}/limit", new JsonObject { ["max_msgs"] = messages }),
            _management.PutAsync($"{StreamPath}/subject", new JsonObject { ["subjects"] = new JsonArray(subject) }));
        string[] wanted = [messages.ToString(CultureInfo.InvariantCulture), subject];
        var found = await FoundAsync(
            $"STREAM.INFO.{Stream}",
            config => [((long)config["max_msgs"]!).ToString(CultureInfo.InvariantCulture), string.Join(
                ',', config["subjects"]!.AsArray().Select(each => (string)each!))],
            wanted, cancellationToken);
        WriteDown(["limit", "subject"], answers, wanted, found);
    }

    /// <summary>One consumer, with two filters.</summary>
    private async Task DefineAsync(string consumer, CancellationToken cancellationToken)
    {
        string[] wanted = [$"{Stream}.{_number}", $"{Stream}.>"];
        var answers = await Task.WhenAll(wanted.Select(filter => _management.PostAsync(
            $"{StreamPath}/consumer",
            new JsonObject { ["name"] = consumer, ["mode"] = "pull", ["max_inflight"] = 10, ["filter_subject"] = filter })));
        var found = await FoundAsync(
            $"CONSUMER.INFO.{Stream}.{consumer}", config => [(string?)config["filter_subject"] ?? "no filter"], wanted[..1],
            cancellationToken);
        WriteDown([consumer, consumer], answers, wanted, found is null ? null : [found[0], found[0]]);
        await _management.DeleteAsync($"{StreamPath}/consumer/{consumer}");
    }

    /// <summary>
    /// What JetStream has; asked twice where it is not what was wanted, because an answer may come from a copy that is behind.
    /// </summary>
    private async Task<string[]?> FoundAsync(
        string call, Func<JsonNode, string[]> read, string[] wanted, CancellationToken cancellationToken)
    {
        var found = await ReadAsync();
        if (found is null || !found.SequenceEqual(wanted))
        {
            await Task.Delay(Pause, cancellationToken);
            found = await ReadAsync();
        }

        return found;

        async Task<string[]?> ReadAsync() =>
            await bed.Observer.ConfigurationAsync(call, cancellationToken) is { } config ? read(config) : null;
    }

    private void WriteDown(string[] names, GatewayAnswer[] answers, string[] wanted, string[]? found)
    {
        for (var index = 0; index < names.Length; index++)
        {
            log.Journal.Write(new ChangeEntry(
                log.Clock.Now, $"{names[index]} in round {_number}", answers[index].Status, wanted[index], found?[index],
                answers[index].Detail));
        }
    }
}
