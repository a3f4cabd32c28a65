using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Diagnosis;
using Httpmq.Infrastructure.EmbeddedNats;

namespace Httpmq.Api.Hosting.Doctor;

/// <summary><c>httpmq doctor</c>: looks whether a gateway with these settings would work, or works, and changes nothing.</summary>
internal static class DoctorCommand
{
    private const string Configuration = "configuration";

    private const int Unwell = 1;

    /// <summary>Prints what was found; the exit code.</summary>
    public static async Task<int> RunAsync(CommandLineResult.Examine command, TextWriter output)
    {
        var results = await ExamineAsync(command, TimeProvider.System, CancellationToken.None);
        var report = new DoctorReport(command.Settings.Mode, results);
        await output.WriteLineAsync(command.AsJson ? report.ToJson() : report.ToText());
        return report.Result is CheckState.Problem ? Unwell : 0;
    }

    /// <summary>All checks, side by side; each takes 5 s at most, and those that follow others 10 s together.</summary>
    internal static async Task<IReadOnlyList<CheckResult>> ExamineAsync(
        CommandLineResult.Examine command, TimeProvider time, CancellationToken cancellationToken)
    {
        var configuration = Judge(command).ToList();
        if (command.Problems.Count > 0)
        {
            // What else would be looked at is not what was meant.
            return configuration;
        }

        var settings = command.Settings;
        var parts = await Task.WhenAll(
            ExamineNatsAsync(settings, time, cancellationToken),
            PortCheck.ExamineAsync(settings, time, cancellationToken),
            RunAsync(CertificateCheck.Name, () => CertificateCheck.Examine(settings, time)),
            RunAsync(OpenFilesCheck.Name, () => OpenFilesCheck.Examine(settings)),
            RunAsync(AccessCheck.Name, () => AccessCheck.Examine(settings)));
        return [.. configuration, .. parts.SelectMany(static part => part)];

        Task<IReadOnlyList<CheckResult>> RunAsync(string name, Func<IReadOnlyList<CheckResult>> examine) =>
            Examination.RunAsync(name, _ => Task.FromResult(examine()), time, cancellationToken);
    }

    private static IEnumerable<CheckResult> Judge(CommandLineResult.Examine command)
    {
        foreach (var problem in command.Problems)
        {
            yield return CheckResult.Problem(Configuration, problem, "correct it; httpmq configuration lists all keys");
        }

        foreach (var warning in command.Warnings)
        {
            yield return CheckResult.Warning(Configuration, warning, "correct it; httpmq configuration lists all keys");
        }

        if (command.Problems.Count + command.Warnings.Count == 0)
        {
            yield return CheckResult.Ok(
                Configuration,
                $"valid for mode {Arguments.NameOf(command.Settings.Mode)}, {command.Settings.ConfigFile ?? "without a file"}");
        }
    }

    private static async Task<IReadOnlyList<CheckResult>> ExamineNatsAsync(
        HttpmqSettings settings, TimeProvider time, CancellationToken cancellationToken)
    {
        var needs = new BrokerNeeds(settings.Mode is not RunMode.Dataplane, settings.Mode is not RunMode.Management)
        {
            MaxMessageBytes = settings.Limits.MaxMessageBytes,
            MaxMessageBytesName = "limits.max_message_bytes",
            DomainName = $"{Catalogue.Nats}.jetstream.domain",
            ApiPrefixName = $"{Catalogue.Nats}.jetstream.api_prefix",
        };
        if (!settings.UsesEmbeddedNats)
        {
            return await new BrokerDoctor(settings.NatsOptions(), needs, time).ExamineAsync(cancellationToken);
        }

        var options = settings.EmbeddedNatsOptions();
        var doctor = new EmbeddedDoctor(options, time)
        {
            SettingNames = new EmbeddedSettingNames(
                "embedded_nats.executable", "embedded_nats.port", "embedded_nats.sync", Declaration.DataFolder, Catalogue.NatsServerUri),
        };
        var results = await doctor.ExamineAsync(cancellationToken);
        return doctor.Running() is { } running
            ? [.. results, .. await new BrokerDoctor(running, needs, time).ExamineAsync(cancellationToken)]
            : results;
    }
}
