using System.CommandLine;
using Httpmq.Chaos;
using Httpmq.Chaos.Faults;

var seed = new Option<int>("--seed") { Description = "Decides which faults come and when", DefaultValueFactory = _ => 1 };
var duration = new Option<int>("--duration") { Description = "Seconds under load", DefaultValueFactory = _ => 60 };
var calm = new Option<int>("--calm") { Description = "Seconds at the beginning in which nothing is broken", DefaultValueFactory = _ => 8 };
var faults = new Option<string>("--faults")
{
    Description = $"Which faults, separated by commas: all, {string.Join(", ", FaultKinds.All.Select(FaultKinds.NameOf))}",
    DefaultValueFactory = _ => "all",
};
var inflight = new Option<int>("--inflight") { Description = "Publishes in flight from each of the four publishers", DefaultValueFactory = _ => 8 };
var gateway = new Option<string>("--gateway") { Description = "The gateway's program, Httpmq.Api.dll", Required = true };
var folder = new Option<string?>("--folder") { Description = "Where journal and logs are kept; else they are removed when everything holds" };
var run = new RootCommand("Breaks a JetStream cluster and the gateways in front of it, and checks that nothing acknowledged is lost")
{
    seed, duration, calm, faults, inflight, gateway, folder,
};
run.SetAction(async (parsed, cancellationToken) =>
{
    if (!FaultKinds.TryParse(parsed.GetValue(faults)!, out var kinds, out var unknown))
    {
        await Console.Error.WriteLineAsync($"chaos: no fault is called '{unknown}'");
        return ExitCodes.Unusable;
    }

    var options = new ChaosOptions
    {
        Seed = parsed.GetValue(seed),
        Duration = TimeSpan.FromSeconds(parsed.GetValue(duration)),
        Calm = TimeSpan.FromSeconds(parsed.GetValue(calm)),
        Faults = kinds,
        Inflight = parsed.GetValue(inflight),
        GatewayProgram = Path.GetFullPath(parsed.GetValue(gateway)!),
        Folder = parsed.GetValue(folder),
    };
    return await Session.RunAsync(options, Console.Out, cancellationToken) is { Holds: true } ? ExitCodes.Holds : ExitCodes.Violated;
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
