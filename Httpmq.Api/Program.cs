using Httpmq.Api.Hosting;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Hosting.Doctor;

if (args is ["openapi", .. var names])
{
    return await OpenApiCommand.RunAsync(names, Console.Out, Console.Error);
}

if (args is ["configuration"])
{
    await Console.Out.WriteLineAsync(ConfigurationDocument.Text);
    return 0;
}

switch (CommandLine.Parse(args, Environment.GetEnvironmentVariables()))
{
    case CommandLineResult.Run run:
        run.LogWarnings();
        return await new HttpmqProcess(run.Settings, Console.Out, Console.Error, ReadAgain).RunAsync();
    case CommandLineResult.Examine examine:
        return await DoctorCommand.RunAsync(examine, Console.Out);
    case CommandLineResult.Exit exit:
        await (exit.ToStandardError ? Console.Error : Console.Out).WriteLineAsync(exit.Text);
        return exit.ExitCode;
    case var other:
        throw new InvalidOperationException($"Unknown result {other}.");
}

CommandLineResult ReadAgain() => CommandLine.Parse(args, Environment.GetEnvironmentVariables(), isAgain: true);
