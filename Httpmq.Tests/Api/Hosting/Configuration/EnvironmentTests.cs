using System.Globalization;
using Httpmq.Api.Hosting.Configuration;
using NUnit.Framework;

namespace Httpmq.Tests.Api.Hosting.Configuration;

internal sealed class EnvironmentTests : ConfigurationTest
{
    private const string Headers = "Httpmq__Management__ApiServer__LoggingConfig__DoNotLogHeaders";

    private static IEnumerable<string> Variables() => Declaration.Catalogue.Settings.Select(setting => setting.Key).SelectMany(key => new[]
    {
        "Httpmq__" + string.Join("__", key.Split('.').Select(Pascal)),
        "Httpmq__" + key.Replace(".", "__", StringComparison.Ordinal),
        "HTTPMQ__" + key.Replace(".", "__", StringComparison.Ordinal).ToUpperInvariant(),
    });

    [TestCaseSource(nameof(Variables))]
    public void Read_EveryKeyInEverySpelling_IsKnown(string variable)
    {
        // No value is right for every key; one that is wrong for nearly all shows that it arrived.
        Environment[variable] = "{";
        var result = CommandLine.Parse(["management"], Environment);

        if (result is CommandLineResult.Exit exit)
        {
            Assert.That(exit.Text, Does.EndWith($"in the environment variable {variable}"));
        }
        else
        {
            var run = (CommandLineResult.Run)result;
            Assert.That(run.Warnings, Is.Empty);
            var (embedded, nats) = (run.Settings.EmbeddedNats, run.Settings.Nats);
            Assert.That(
                new[] { embedded.DataFolder, embedded.Executable, nats.Domain, nats.ApiPrefix, nats.Login is null ? null : "{" },
                Has.One.EqualTo("{"));
        }
    }

    [TestCase("Httpmq__Nats__ServerUri")]
    [TestCase("Httpmq__nats__server_uri")]
    [TestCase("HTTPMQ__NATS__SERVER_URI")]
    [TestCase("httpmq__nats__serveruri")]
    [TestCase("Httpmq:Nats:ServerUri")]
    public void Read_VariableAndFile_VariableWins(string variable)
    {
        Environment[variable] = "nats://environment:4222";

        Assert.That(Settings("management", "-c", Write("config.yaml", OriginalYaml)).Nats.ServerUri, Is.EqualTo("nats://environment:4222"));
    }

    [Test]
    public void Read_VariableOverAWrongFile_IsAccepted()
    {
        Environment["Httpmq__Nats__ServerUri"] = "nats://environment:4222";

        Assert.That(Settings("all", "-c", WriteKey("nats.server_uri", "nowhere")).UsesEmbeddedNats, Is.False);
    }

    [TestCase("Httpmq__", null)]
    [TestCase("Httpmq__Log__Colour", null)]
    [TestCase("Httpmq__Management__ApiServer__Zone", null)]
    [TestCase("Httpmq__Nats__ConectTimeoutSec", "nats.connect_timeout_sec")]
    [TestCase("Httpmq__EmbeddedNats__DataFolders", "embedded_nats.data_folder")]
    [TestCase("Httpmq__Management__ApiServer__ServerConfig__Port__0", null)]
    [TestCase("Httpmq__MaxConnections", "limits.max_connections")]
    [TestCase("Httpmq__Limit__MaxConnections", "limits.max_connections")]
    public void Read_UnknownVariable_IsWarnedAboutAndIgnored(string variable, string? meant)
    {
        Environment[variable] = "x";

        var hint = meant is null ? "" : $" (did you mean {meant}?)";
        Assert.That(Accept("all").Warnings, Is.EqualTo(new[] { $"{variable}: unknown environment variable, ignored{hint}" }));
    }

    [TestCase("Httpmq__Nats__ServerUrl")]
    [TestCase("Httpmq__Nats__Url")]
    [TestCase("Httpmq__Nats__Servers")]
    [TestCase("Httpmq__Nats")]
    [TestCase("Httpmq__Nats__ServerUri__0")]
    [TestCase("Httpmq__Natz__ServerUri")]
    [TestCase("Httpmq__ServerUri")]
    public void Read_MisspeltServerUri_KeepsModeAllFromStartingAnEmptyBroker(string variable)
    {
        Environment[variable] = "nats://nats-1:4222";

        Assert.That(Refuse("all"), Has.Length.EqualTo(1).And.One.StartsWith($"httpmq: {variable}: unknown; did you mean nats.server_uri?"));

        // The other modes have no server of their own to start, and who names one is not held up by a variable more.
        Assert.That(Accept("management").Warnings, Has.One.Contains("(did you mean nats.server_uri?)"));
        Environment["Httpmq__Nats__ServerUri"] = "nats://nats-2:4222";
        Assert.That(Settings("all").Nats.ServerUri, Is.EqualTo("nats://nats-2:4222"));
    }

    [TestCase("https://a.example, http://localhost:8080", new[] { "https://a.example", "http://localhost:8080" })]
    [TestCase("HTTPS://A.Example:443/", new[] { "https://a.example" })]
    [TestCase("*", new[] { "*" })]
    [TestCase("", new string[0])]
    public void Read_AllowedOrigins_AreAsABrowserWritesThem(string text, string[] expected)
    {
        Environment["Httpmq__Dataplane__ApiServer__ServerConfig__AllowedOrigins"] = text;

        Assert.That(Settings("all").Dataplane.AllowedOrigins, Is.EquivalentTo(expected));
    }

    [Test]
    public void Read_AllowedHostsInNumberedVariables_IsAList()
    {
        Environment["Httpmq__Management__ApiServer__ServerConfig__AllowedHosts__0"] = "mq.example";
        Environment["Httpmq__Management__ApiServer__ServerConfig__AllowedHosts__1"] = "mq.example:3000";

        Assert.That(Settings("all").Management.AllowedHosts, Is.EquivalentTo(new[] { "mq.example", "mq.example:3000" }));
    }

    [TestCase("HTTPMQ_MANAGEMENT_URL")]
    [TestCase("Httpmq")]
    [TestCase("Nats__ServerUri")]
    [TestCase("NotHttpmq__Nats__ServerUri")]
    public void Read_SomebodyElsesVariable_IsNoneOfOurBusiness(string variable)
    {
        Environment[variable] = "x";

        var run = Accept("all");

        Assert.That(run.Warnings, Is.Empty);
        Assert.That(run.Settings.Nats.ServerUri, Is.Null);
    }

    [Test]
    public void Read_TwoSpellingsOfOneKey_UsesTheFirstAndWarns()
    {
        Environment["Httpmq__nats__server_uri"] = "nats://second:1";
        Environment["Httpmq__Nats__ServerUri"] = "nats://first:1";

        var run = Accept("all");

        Assert.That(run.Settings.Nats.ServerUri, Is.EqualTo("nats://first:1"));
        Assert.That(run.Warnings, Is.EqualTo(new[] { "Httpmq__nats__server_uri: names nats.server_uri once more, ignored" }));
    }

    [TestCase("A, B", new[] { "A", "B" })]
    [TestCase("A", new[] { "A" })]
    [TestCase("", new string[0])]
    public void Read_ListInOneVariable_ReplacesTheList(string text, string[] expected)
    {
        Environment[Headers] = text;

        Assert.That(Settings("all", "-c", Write("config.yaml", OriginalYaml)).Management.DoNotLogHeaders, Is.EquivalentTo(expected));
    }

    [Test]
    public void Read_ListInNumberedVariables_ReplacesTheList()
    {
        for (var index = 0; index < 12; index++)
        {
            Environment[string.Create(CultureInfo.InvariantCulture, $"{Headers}__{index}")] = $"Header-{index}";
        }

        var run = Accept("all");

        Assert.That(run.Warnings, Is.Empty);
        Assert.That(
            run.Settings.Management.DoNotLogHeaders, Has.Count.EqualTo(12).And.Contain("Header-11").And.Not.Contain("Authorization"));
    }

    private static string Pascal(string snake) =>
        string.Concat(snake.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
}
