using Httpmq.Api.Hosting.Configuration;
using Microsoft.Extensions.Configuration;

namespace Httpmq.Tests.Api.Hosting.Configuration;

/// <summary>What comes from the declaration of the keys: the documentation, and lists of sections, which no key of today is.</summary>
internal sealed class DeclarationTests : ConfigurationTest
{
    private const string Yaml =
        """
        auth:
          permissions:
            - subject: orders
              tls:
                port: 1
            - subject: invoices
              hosts:
                - a.example
                - b.example
            - subject: bills
              # the wrong one
              tls:
                version: 3
                port: 70000
        """;

    private static readonly Catalogue Keys = new(static root => ReadPermissions(root));

    [Test]
    public void Document_Committed_IsCurrent() =>
        Assert.That(Repository.Read("docs/configuration.md").TrimEnd(), Is.EqualTo(
            ConfigurationDocument.Text), "run `make doc` and commit the result");

    [Test]
    public void Sections_InAFile_AreBoundInOrder()
    {
        var (permissions, reports) = Read(
            Yaml.Replace("70000", "7", StringComparison.Ordinal).Replace("    version: 3", "", StringComparison.Ordinal));

        Assert.Multiple(() =>
        {
            Assert.That(reports.Problems.Concat(reports.Warnings), Is.Empty);
            Assert.That(
                permissions.Select(one => (one.Subject, one.Port)), Is.EqualTo(new[] { ("orders", 1), ("invoices", 4222), ("bills", 7) }));
            Assert.That(permissions[1].Hosts, Is.EquivalentTo(new[] { "a.example", "b.example" }));
        });
    }

    [Test]
    public void Sections_WrongAndUnknown_AreNamedWithIndexAndLine()
    {
        var (_, reports) = Read(Yaml);

        Assert.That(
            Only(reports.Problems), Is.EqualTo("auth.permissions[2].tls.port: '70000' is not a port (1 to 65535), in FILE line 14"));
        Assert.That(Only(reports.Warnings), Is.EqualTo("auth.permissions[2].tls.version: unknown key, ignored, in FILE line 13"));
    }

    [TestCase("auth: {permissions: [{subject: a}, {sbject: b}]}", "auth.permissions[1].subject: is missing, in FILE line 1")]
    [TestCase(
        "auth:\n  permissions:\n  - subject: [a]\n", "auth.permissions[0].subject: a list stands where one value belongs, in FILE line 3")]
    [TestCase("auth:\n  permissions:\n  - subject: a\n  -\n",
        "auth.permissions[1]: nothing stands where the keys of this section belong, in FILE line 4")]
    [TestCase(
        "auth:\n  permissions: {subject: a}\n", "auth.permissions: a section stands where a list of sections belongs, in FILE line 2")]
    [TestCase(
        "auth:\n  permissions:\n  - subject: a\n    hosts: [x, y z]\n", "auth.permissions[0].hosts: 'x,y z' is not a list of hosts like "
        + "mq.example.com or mq.example.com:3000 (or * for every host), in FILE line 4")]
    public void Sections_Wrong_AreNamed(string yaml, string expected) =>
        Assert.That(Read(yaml).Reports.Problems.Select(InFile), Has.One.EqualTo(expected));

    [Test]
    public void Sections_MisspeltKey_IsNamedWithTheOneMeant() =>
        Assert.That(
            Only(Read("auth: {permissions: [{subject: a, host: b}]}").Reports.Warnings),
            Is.EqualTo("auth.permissions[0].host: unknown key, ignored (did you mean auth.permissions[0].hosts?), in FILE line 1"));

    [Test]
    public void Sections_InTheEnvironment_ReplaceThoseOfTheFile()
    {
        Environment["Httpmq__Auth__Permissions__0__Subject"] = "mine";
        Environment["Httpmq__Auth__Permissions__0__Hosts__0"] = "x.example";
        Environment["Httpmq__Auth__Permissions__0__Hosts__1"] = "y.example";
        Environment["HTTPMQ__AUTH__PERMISSIONS__10__SUBJECT"] = "last";
        Environment["Httpmq__Auth__Permissions__2__Tls__Port"] = "none";
        Environment["Httpmq__Auth__Permissions____Subject"] = "no index";

        var (permissions, reports) = Read(Yaml);

        Assert.Multiple(() =>
        {
            Assert.That(permissions.Select(one => one.Subject), Is.EqualTo(new[] { "mine", null, "last" }));
            Assert.That(permissions[0].Hosts, Is.EquivalentTo(new[] { "x.example", "y.example" }));
            Assert.That(reports.Problems, Is.EqualTo(new[]
            {
                "auth.permissions[2].subject: is missing, in the environment variable Httpmq__Auth__Permissions__2__Tls__Port",
                "auth.permissions[2].tls.port: 'none' is not a port (1 to 65535), in the environment variable "
                    + "Httpmq__Auth__Permissions__2__Tls__Port",
            }));
            Assert.That(reports.Warnings, Has.One.StartsWith("Httpmq__Auth__Permissions____Subject: unknown environment variable"));
        });
    }

    [Test]
    public void Sections_Declared_AreDocumented() =>
        Assert.That(Keys.Settings.Select(setting => (setting.Key, setting.Variable)), Is.EqualTo(new[]
        {
            ("auth.permissions", "Httpmq__Auth__Permissions"),
            ("auth.permissions[].subject", "Httpmq__Auth__Permissions__0__Subject"),
            ("auth.permissions[].tls.port", "Httpmq__Auth__Permissions__0__Tls__Port"),
            ("auth.permissions[].hosts", "Httpmq__Auth__Permissions__0__Hosts"),
        }));

    private static IReadOnlyList<Permission> ReadPermissions(SettingsSection root) =>
        root.Sections("auth.permissions", "who may do what", static item => new Permission(
        item.Required("subject", SettingRules.NotBlank, "what it is for"),
        item.Section("tls").Value("port", "4222", SettingRules.Port, "its port"),
        item.Value("hosts", "", SettingRules.Hosts, "its hosts")));

    private (IReadOnlyList<Permission> Permissions, Reports Reports) Read(string yaml)
    {
        var reports = new Reports();
        var configuration = new ConfigurationBuilder()
            .Add(FileSource.Read(Write("config.yaml", yaml), "--config-file", Keys, reports))
            .Add(EnvironmentSource.Read(Environment, Keys, reports))
            .Build();
        return (ReadPermissions(new SettingsSection(configuration, reports)), reports);
    }

    private string Only(IReadOnlyList<string> lines)
    {
        Assert.That(lines, Has.Count.EqualTo(1));
        return InFile(lines[0]);
    }

    private string InFile(string line) => line.Replace(Missing("config.yaml"), "FILE", StringComparison.Ordinal);

    private sealed record Permission(string Subject, int Port, IReadOnlySet<string> Hosts);
}
