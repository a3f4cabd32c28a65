using System.CommandLine;
using Httpmq.Chaos;
using Httpmq.Chaos.Faults;

var seed = new Option<int>("--seed") { Description = "Decides which faults come and when", DefaultValueFactory = _ => 1 };
var duration = new Option<int>("--duration") { Description = "Seconds under load", DefaultValueFactory = _ => 60 };
var calm = new Option<int>("--calm") { Description = "Seconds at the beginning in which nothing is broken", DefaultValueFactory = _ => 8 };
var faults = new Option<string>("--faults")
{
    Description = $"Which faults, separated by commas: all, none, {string.Join(", ", FaultKinds.All.Select(FaultKinds.NameOf))}",
    DefaultValueFactory = _ => "all",
};
var servers = new Option<string?>("--servers")
{
    Description = "The nats-servers of the three nodes, separated by commas; one for all. Without it NATS_SERVER, else what "
        + "scripts/nats-server chooses",
};
var upgrade = new Option<string?>("--upgrade")
{
    Description = "nats-servers, separated by commas, to which all nodes are upgraded under load, node by node",
};
var copies = new Option<int>("--copies") { Description = "Copies of the stream, 1 or 3", DefaultValueFactory = _ => 3 };
var inflight =
    new Option<int>("--inflight") { Description = "Publishes in flight from each of the four publishers", DefaultValueFactory = _ => 8 };
var verbs = new Option<bool>("--verbs")
{
    Description = "Subscribers also nak, term and send progress, and acknowledge by the route that settles",
};
var gateway = new Option<string>("--gateway") { Description = "The gateway's program, Httpmq.Api.dll", Required = true };
var folder =
    new Option<string?>("--folder") { Description = "Where journal and logs are kept; else they are removed when everything holds" };
var run = new RootCommand("Breaks a JetStream cluster and the gateways in front of it, and checks that nothing acknowledged is lost")
{
    seed, duration, calm, faults, servers, upgrade, copies, inflight, verbs, gateway, folder,
};
run.SetAction(async (parsed, cancellationToken) =>
{
    if (!FaultKinds.TryParse(parsed.GetValue(faults)!, out var kinds, out var unknown))
    {
        await Console.Error.WriteLineAsync($"chaos: no fault is called '{unknown}'");
        return ExitCodes.Unusable;
    }

    var missing = Paths(servers).Concat(Paths(upgrade)).FirstOrDefault(path => !File.Exists(path));
    if (missing is not null)
    {
        await Console.Error.WriteLineAsync($"chaos: there is no nats-server '{missing}'");
        return ExitCodes.Unusable;
    }

    var options = new ChaosOptions
    {
        Seed = parsed.GetValue(seed),
        Duration = TimeSpan.FromSeconds(parsed.GetValue(duration)),
        Calm = TimeSpan.FromSeconds(parsed.GetValue(calm)),
        Faults = kinds,
        Inflight = parsed.GetValue(inflight),
        Verbs = parsed.GetValue(verbs),
        GatewayProgram = Path.GetFullPath(parsed.GetValue(gateway)!),
        Folder = parsed.GetValue(folder),
        Copies = parsed.GetValue(copies),
        Upgrades = Paths(upgrade),
    };
    options = Paths(servers) is { Count: > 0 } chosen ? options with { Servers = chosen } : options;
    return await Session.RunAsync(options, Console.Out, cancellationToken) is { Holds: true } ? ExitCodes.Holds : ExitCodes.Violated;

    List<string> Paths(Option<string?> option) =>
        [.. (parsed.GetValue(option) ?? string.Empty).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
});
var check = new Command("check", "Judges the journal of an earlier run");
var journal = new Argument<string>("journal");
check.Arguments.Add(journal);
check.SetAction(parsed =>
{
    var verdict = ChaosRun.Check(parsed.GetValue(journal)!);
    Report.Print(verdict, Console.Out);
    return verdict.Holds ? ExitCodes.Holds : ExitCodes.Violated;
});
run.Subcommands.Add(check);
return await run.Parse(args).InvokeAsync();
