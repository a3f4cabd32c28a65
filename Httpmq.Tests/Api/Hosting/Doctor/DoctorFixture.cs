using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Hosting.Doctor;
using Httpmq.Infrastructure.Diagnosis;

namespace Httpmq.Tests.Api.Hosting.Doctor;

/// <summary>Runs the doctor as the command does, with an environment of its own.</summary>
internal abstract class DoctorFixture
{
    protected string Folder { get; private set; } = "";

    [SetUp]
    public void MakeFolder() => Folder = Directory.CreateTempSubdirectory("httpmq-doctor-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(Folder, recursive: true);

    protected string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>What it finds; a busy machine has ten times as long for an answer, unless the time is given.</summary>
    protected static async Task<Found> ExamineAsync(
        string mode, Dictionary<string, string> environment, TimeProvider? time = null, params string[] arguments)
    {
        foreach (var group in (string[])["Management", "Dataplane"])
        {
            environment.TryAdd($"Httpmq__{group}__ApiServer__ServerConfig__ListenPort", $"{Ports.Free()}");
        }

        var command = CommandLine.Parse(["doctor", mode, .. arguments], environment);
        Assert.That(command, Is.InstanceOf<CommandLineResult.Examine>(), (command as CommandLineResult.Exit)?.Text);
        var examine = (CommandLineResult.Examine)command;
        var results = await DoctorCommand.ExamineAsync(examine, time ?? new ScaledTime(10), CancellationToken.None);
        return new Found(results, new DoctorReport(examine.Settings.Mode, results));
    }

    protected static Dictionary<string, string> Nats(string uri) => new(StringComparer.Ordinal) { ["Httpmq__Nats__ServerUri"] = uri };

    /// <summary>What was found.</summary>
    protected sealed record Found(IReadOnlyList<CheckResult> Results, DoctorReport Report)
    {
        /// <summary>The one of this check.</summary>
        public CheckResult this[string check] => this[check, null];

        /// <summary>The one of this check and subject.</summary>
        public CheckResult this[string check, string? subject]
        {
            get
            {
                var found = Results.Where(result => result.Check == check && (subject is null || result.Subject == subject)).ToArray();
                Assert.That(found, Has.Length.EqualTo(1), $"{check} {subject}\n{Report.ToText()}");
                return found.FirstOrDefault() ?? CheckResult.Ok(check, "");
            }
        }

        public void Is(string check, CheckState state, string seen)
        {
            var result = this[check];
            Assert.That((result.State, result.Seen), NUnit.Framework.Is.EqualTo((state, result.Seen)), Report.ToText());
            Assert.That(result.Seen, Does.Contain(seen), Report.ToText());
        }
    }

    /// <summary>A clock on which everything may take longer, or less long, and that may be wrong.</summary>
    protected sealed class ScaledTime(double factor, TimeSpan ahead = default) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime * factor : dueTime, period);
    }
}
