using System.Runtime.Versioning;
using Httpmq.Infrastructure.Connection;

namespace Httpmq.Tests.Api.Hosting.Configuration;

/// <summary>The keys of the login and of TLS at the NATS server.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class NatsAccessTests : ConfigurationTest
{
    private const string Secret = "hunter2";

    [TestCase("user: gateway, password_file: {0}", "User (nats.login.password_file)")]
    [TestCase("token_file: {0}", "Token (nats.login.token_file)")]
    [TestCase("nkey_file: {0}", "NKey (nats.login.nkey_file)")]
    [TestCase("creds_file: {0}", "Credentials (nats.login.creds_file)")]
    public void Login_OfAFile_IsTakenWithoutAWordWhereNobodyElseReadsIt(string login, string expected)
    {
        var run = Accept("dataplane", "-c", Write("c.yaml", "nats: {login: {" + string.Format(null, login, Private("secret")) + "}}"));

        Assert.That(run.Settings.Nats.Login?.ToString(), Is.EqualTo(expected));
        Assert.That(run.Warnings, Is.Empty);
    }

    [Test]
    public void Login_OfTheEnvironment_WinsOverTheFile()
    {
        Environment["Httpmq__Nats__Login__Password"] = Secret;
        var settings = Settings("dataplane", "-c", Write("c.yaml", "nats: {login: {user: gateway}}"));

        Assert.That($"{settings}", Does.Contain("User (nats.login.password)").And.Not.Contain(Secret));
    }

    [Test]
    public void Login_SecretInTheFile_IsTakenWhereNobodyElseReadsIt()
    {
        var file = Write("c.yaml", $"nats:\n  login:\n    token: {Secret}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.That(Settings("dataplane", "-c", file).Nats.Login, Is.Not.Null);

        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.That(Refuse("dataplane", "-c", file), Is.EqualTo(new[]
        {
            $"httpmq: nats.login.token: is in a file that every user of this machine can read; run 'chmod 600 {file}', or name a file with "
                + $"nats.login.token_file, in {file} line 3",
        }));
    }

    [Test]
    public void Login_FileThatEverybodyReads_IsWarnedAbout()
    {
        var file = Private("secret");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Environment["Httpmq__Nats__Login__CredsFile"] = file;

        Assert.That(Accept("dataplane").Warnings, Has.One.StartsWith(
            $"nats.login.creds_file: every user of this machine can read '{file}'; run 'chmod 600' on it, in the environment variable"));
    }

    [TestCase("login: {creds_file: /nowhere/a.creds}", "nats.login.creds_file: '/nowhere/a.creds' does not exist")]
    [TestCase(
        "login: {nkey_file: SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY}",
        "nats.login.nkey_file: the file that it names does not exist")]
    [TestCase("login: {creds_file: FOLDER}", "nats.login.creds_file: 'FOLDER' cannot be read: it is a folder, or permission is denied")]
    [TestCase("login: {nkey_file: EMPTY}", "nats.login.nkey_file: 'EMPTY' is empty")]
    [TestCase("login: {nkey_file: ''}", "nats.login.nkey_file: '' is empty")]
    [TestCase("login: {user: a}", "nats.login.user: 'a' has no password; set nats.login.password_file")]
    [TestCase("login: {password_file: FILE}", "nats.login.password_file: is given without nats.login.user")]
    [TestCase("login: {user: a, password: hunter2, password_file: FILE}",
        "nats.login.password: is given beside nats.login.password_file, and only one of them may be")]
    [TestCase("login: {token_file: FILE, creds_file: FILE}",
        "nats.login.creds_file: is given beside nats.login.token, and only one login may be")]
    [TestCase("login: {user: a, password: ''}", "nats.login.password: '' is empty")]
    [TestCase("login: hunter2", "nats.login: a text stands where the keys of this section belong")]
    [TestCase("login: {token: [hunter2]}", "nats.login.token: a list stands where one value belongs")]
    [TestCase("login: {token: *hunter2}", "not valid YAML: a value that begins with * needs quotes")]
    [TestCase("tls: {mode: maybe}", "nats.tls.mode: 'maybe' is not 'auto' (with tls:// or a certificate always")]
    [TestCase("tls: {ca_file: /nowhere/ca.pem}", "nats.tls.ca_file: '/nowhere/ca.pem' does not exist")]
    [TestCase("tls: {cert_file: FILE}", "nats.tls.cert_file: is given without nats.tls.key_file")]
    [TestCase("tls: {key_file: FILE}", "nats.tls.key_file: is given without nats.tls.cert_file")]
    [TestCase("server_uri: 'ws://a', tls: {mode: require}",
        "nats.server_uri: holds ws://, which is in cleartext although TLS is configured; write wss://")]
    [TestCase("server_uri: 'wss://a', tls: {mode: first}",
        "nats.server_uri: holds wss://, where TLS comes first by itself; leave nats.tls.mode out")]
    [TestCase("server_uri: 'nats://hunter2@a', login: {token_file: FILE}",
        "nats.server_uri: holds a login, and nats.login.token_file is given as well; only one login may be")]
    public void Read_WrongValue_IsNamedAndNoSecretIsShown(string nats, string expected)
    {
        var (file, empty, folder) = (Private("secret"), Write("empty", ""), MakeDirectory("folder"));
        var yaml = Write("c.yaml", "nats: {" + Fill(nats) + "}");
        File.SetUnixFileMode(yaml, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var lines = Refuse("dataplane", "-c", yaml);

        Assert.That(lines, Has.Length.EqualTo(1).And.One.Contains(Fill(expected)));
        Assert.That(lines[0], Does.Not.Contain(Secret));

        string Fill(string text) => text
            .Replace("FILE", file, StringComparison.Ordinal)
            .Replace("EMPTY", empty, StringComparison.Ordinal)
            .Replace("FOLDER", folder, StringComparison.Ordinal);
    }

    /// <summary>Who forgets the address gets no empty server that looks like theirs.</summary>
    [TestCase("login", "token_file")]
    [TestCase("tls", "ca_file")]
    public void Read_ModeAllWithoutAServer_IsRefused(string section, string key)
    {
        var file = Write("c.yaml", "nats: {" + section + ": {" + key + ": " + Private("secret") + "}}");

        Assert.That(Refuse("all", "-c", file), Has.One.StartsWith(
            $"httpmq: nats.{section}: is given without nats.server_uri: mode 'all' would start an empty NATS server of its own"));
    }

    [Test]
    public void Read_LoginInTheUriOfAFileThatEverybodyReads_IsWarnedAbout()
    {
        var file = Write("c.yaml", "nats: {server_uri: 'nats://a:hunter2@b'}");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);

        Assert.That(Accept("dataplane", "-c", file).Warnings, Is.EqualTo(new[]
        {
            $"nats.server_uri: holds a login, and every user of this machine can read the file; run 'chmod 600 {file}', in {file} line 1",
        }));
    }

    [Test]
    public void Read_SeveralLoginsInTheUri_AreWarnedAbout()
    {
        Environment["Httpmq__Nats__ServerUri"] = "nats://a:hunter2@a,nats://b:hunter2@b";

        Assert.That(Accept("dataplane").Warnings, Has.One.StartsWith(
            "nats.server_uri: holds different logins; the first one is used for all servers").And.None.Contains(Secret));
    }

    [Test]
    public void Tls_AllKeys_AreRead()
    {
        var file = Private("some.pem");
        var settings = Settings("dataplane", "-c", Write(
            "c.yaml", "nats: {tls: {mode: first, ca_file: " + file + ", cert_file: " + file + ", key_file: " + file + "}}"));

        Assert.That(settings.Nats.Tls, Is.EqualTo(
            new NatsTls { Mode = NatsTlsMode.First, CaFile = file, CertFile = file, KeyFile = file, SettingName = "nats.tls" }));
    }

    private string Private(string name)
    {
        var path = Write(name, Secret);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }
}
