using System.Globalization;
using Httpmq.Api.Configuration;
using NUnit.Framework;

namespace Httpmq.Tests.Api.Configuration;

internal sealed class EnvironmentTests : ConfigurationTest
{
    private const string Headers = "Httpmq__Management__ApiServer__LoggingConfig__DoNotLogHeaders";

    private static IEnumerable<string> Variables() => SettingKeys.All.SelectMany(key => new[]
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
            Assert.That(new[] { run.Settings.EmbeddedNats.DataFolder, run.Settings.EmbeddedNats.Executable }, Has.One.EqualTo("{"));
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

    [TestCase("Httpmq__Nats__ServerUrl")]
    [TestCase("Httpmq__Nats")]
    [TestCase("Httpmq__")]
    [TestCase("Httpmq__Nats__ServerUri__0")]
    [TestCase("Httpmq__Log__Level")]
    public void Read_UnknownVariable_IsWarnedAboutAndIgnored(string variable)
    {
        Environment[variable] = "x";

        Assert.That(Accept("all").Warnings, Is.EqualTo(new[] { $"{variable}: unknown environment variable, ignored" }));
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
        Assert.That(run.Settings.Management.DoNotLogHeaders, Has.Count.EqualTo(12).And.Contain("Header-11").And.Not.Contain("Authorization"));
    }

    private static string Pascal(string snake) =>
        string.Concat(snake.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
}
