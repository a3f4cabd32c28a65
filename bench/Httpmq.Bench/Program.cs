using System.Runtime.InteropServices;
using Httpmq.Bench;
using Httpmq.Bench.Cases;
using Httpmq.Bench.Endurance;
using Httpmq.Bench.Loads;
using Httpmq.Bench.Measuring;
using Httpmq.Bench.Nats;
using Httpmq.Bench.Processes;
using Httpmq.Bench.Reporting;
using Httpmq.Testing;

using var stopping = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    if (args is [FloorServer.Option, var port])
    {
        await FloorServer.RunAsync(port, stopping.Token);
        return 0;
    }

    var options = BenchOptions.Parse(args);
    if (options.List)
    {
        foreach (var one in AllCases.List)
        {
            Console.WriteLine($"{one.Name,-22} {one.Description}{(one.ByDefault ? string.Empty : " (only when named)")}");
        }

        return 0;
    }

    var endurance = options.Soak || options.Abuse;
    var cases = endurance ? [] : AllCases.Select(options.Cases);
    var baseline = await Baseline.OpenAsync(options);
    await using var natsServer = await MeasuredNats.StartAsync();
    var version = await natsServer.VersionAsync();
    Console.Error.WriteLine($"nats-server {version}, {natsServer.Process.Program}");
    await using var gateway = await Gateway.StartAsync(options.App!, natsServer.Process.Url);
    await using var nats = new RawNats(natsServer.Process.Url);
    using var management = new Management(gateway.ManagementUri);
    var context = new BenchContext(natsServer, gateway, nats, management, new Meter(natsServer, gateway, options.Allocations), options);
    if (endurance)
    {
        var soaked = !options.Soak || await new Soak(context, Console.Out).RunAsync(stopping.Token);
        var suffered = !options.Abuse || await new AbuseRun(context, Console.Out).RunAsync(stopping.Token);
        return soaked && suffered ? 0 : 1;
    }

    var results = await new Runner(context, Console.Error).RunAsync(cases, stopping.Token);
    Console.Error.WriteLine();
    Table.Print(results, Console.Out);
    AllocationTable.Print(results, Console.Out);
    var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
    if (options.Json is { } path)
    {
        await JsonReport.WriteAsync(path, results.Select(Report));
    }

    CaseReport[] measured = [.. results.Where(static result => !result.Failed && result.Gateway is not null).Select(Report)];
    baseline.Print(measured, Console.Out);
    if (options.WriteBaseline)
    {
        await baseline.WriteAsync(measured, Console.Error);
    }

    return results.Any(result => result.Failed) ? 1 : 0;

    CaseReport Report(CaseResult result) => CaseReport.Of(result, today, version);
}
catch (Exception exception) when (exception is BenchException or ServerFailedException)
{
    Console.Error.WriteLine(exception.Message);
    return 2;
}
catch (OperationCanceledException)
{
    return 130;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stopping.Cancel();
}
