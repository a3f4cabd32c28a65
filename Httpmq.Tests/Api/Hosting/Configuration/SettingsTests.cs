using System.Net;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;
using NUnit.Framework;

namespace Httpmq.Tests.Api.Hosting.Configuration;

internal sealed class SettingsTests : ConfigurationTest
{
    private const string Management = "management.api_server.server_config";
    private const string Logging = "dataplane.api_server.logging_config";

    [TestCase("management", "nats://127.0.0.1:4222", "0.0.0.0", false)]
    [TestCase("dataplane", "nats://127.0.0.1:4222", "0.0.0.0", false)]
    [TestCase("all", null, "127.0.0.1", true)]
    public void Defaults_OfEachMode_AreTheContracts(string mode, string? serverUri, string listenOn, bool embedded)
    {
        var settings = Settings(mode);

        Assert.Multiple(() =>
        {
            Assert.That(settings.UsesEmbeddedNats, Is.EqualTo(embedded));
            Assert.That(settings.Nats, Is.EqualTo(new NatsSettings
            {
                ServerUri = serverUri,
                ConnectTimeout = TimeSpan.FromSeconds(30),
                MaxReconnectAttempts = -1,
                ReconnectWait = TimeSpan.FromSeconds(15),
            }));
            Assert.That(
                settings.EmbeddedNats, Is.EqualTo(new EmbeddedNatsSettings { DataFolder = null, Port = 4223, Executable = "nats-server" }));
            foreach (var (server, port) in new[] { (settings.Management, 3000), (settings.Dataplane, 3001) })
            {
                Assert.That(server.DoNotLogHeaders, Is.EquivalentTo(
                    new[] { "WWW-Authenticate", "Authorization", "Proxy-Authenticate", "Proxy-Authorization" }));
                Assert.That(server, Is.EqualTo(new ApiServerSettings
                {
                    PathPrefix = "/",
                    ListenOn = IPAddress.Parse(listenOn),
                    ListenPort = port,
                    ReadTimeout = TimeSpan.FromSeconds(60),
                    WriteTimeout = TimeSpan.FromSeconds(60),
                    IdleTimeout = TimeSpan.FromSeconds(600),
                    RequestIdHeader = "Httpmq-Request-ID",
                    DoNotLogHeaders = server.DoNotLogHeaders,
                }));
            }
        });
    }

    [Test]
    public void UsesEmbeddedNats_ModeAllWithAServer_IsFalse()
    {
        Assert.That(Settings("all", "-c", WriteKey("nats.server_uri", "nats://elsewhere:4222")).UsesEmbeddedNats, Is.False);
    }

    [Test]
    public void DoNotLogHeaders_Case_DoesNotMatter()
    {
        Assert.That(Settings("all").Management.DoNotLogHeaders.Contains("authorization"), Is.True);
    }

    [TestCase("nats.server_uri", "127.0.0.1:4222")]
    [TestCase("nats.server_uri", "localhost:4222")]
    [TestCase("nats.server_uri", "''", "")]
    [TestCase("nats.server_uri", "http://127.0.0.1:4222")]
    [TestCase("nats.server_uri", "nats://")]
    [TestCase("nats.server_uri", "nats://host:70000")]
    [TestCase("nats.server_uri", "nats://host:0")]
    [TestCase("nats.server_uri", "nats://one:4222,")]
    [TestCase("nats.server_uri", "nats://one:4222,two:4222")]
    [TestCase("nats.connect_timeout_sec", "0")]
    [TestCase("nats.connect_timeout_sec", "-1")]
    [TestCase("nats.connect_timeout_sec", "1.5")]
    [TestCase("nats.connect_timeout_sec", "30s")]
    [TestCase("nats.connect_timeout_sec", "2147484")]
    [TestCase("nats.connect_timeout_sec", "99999999999999999999")]
    [TestCase("nats.reconnect.max_attempts", "-2")]
    [TestCase("nats.reconnect.max_attempts", "many")]
    [TestCase("nats.reconnect.wait_interval_sec", "0")]
    [TestCase("nats.jetstream.domain", "a.b")]
    [TestCase("nats.jetstream.domain", "'*'", "*")]
    [TestCase("nats.jetstream.domain", "''", "")]
    [TestCase("nats.jetstream.domain", "'a b'", "a b")]
    [TestCase("nats.jetstream.api_prefix", "$JS.API.")]
    [TestCase("nats.jetstream.api_prefix", "$JS.>")]
    [TestCase("nats.jetstream.api_prefix", "''", "")]
    [TestCase("embedded_nats.data_folder", "''", "")]
    [TestCase("embedded_nats.port", "0")]
    [TestCase("embedded_nats.executable", "' '", " ")]
    [TestCase("embedded_nats.sync", "sometimes")]
    [TestCase("embedded_nats.sync", "''", "")]
    [TestCase(Management + ".listen_on", "localhost")]
    [TestCase(Management + ".listen_on", "127.1")]
    [TestCase(Management + ".listen_on", "300.0.0.1")]
    [TestCase(Management + ".listen_on", "'[::1]:3000'", "[::1]:3000")]
    [TestCase(Management + ".listen_port", "0")]
    [TestCase(Management + ".listen_port", "70000")]
    [TestCase(Management + ".listen_port", "-1")]
    [TestCase(Management + ".listen_port", "abc")]
    [TestCase(Management + ".listen_port", "true")]
    [TestCase(Management + ".read_timeout_sec", "-1")]
    [TestCase(Management + ".write_timeout_sec", "-1")]
    [TestCase(Management + ".idle_timeout_sec", "x")]
    [TestCase(Management + ".allowed_origins", "'null'", "null")]
    [TestCase(Management + ".allowed_origins", "a.example")]
    [TestCase(Management + ".allowed_origins", "https://a.example/app")]
    [TestCase(Management + ".allowed_origins", "ftp://a.example")]
    [TestCase(Management + ".allowed_origins", "['https://a.example', b]", "https://a.example,b")]
    [TestCase(Management + ".allowed_hosts", "http://a.example")]
    [TestCase(Management + ".allowed_hosts", "a.example/x")]
    [TestCase(Management + ".allowed_hosts", "'a b'", "a b")]
    [TestCase(Logging + ".request_id_header", "''", "")]
    [TestCase(Logging + ".request_id_header", "'My Header'", "My Header")]
    [TestCase(Logging + ".do_not_log_headers", "['a:b']", "a:b")]
    [TestCase("dataplane.endpoint_config.path_prefix", "''", "")]
    [TestCase("dataplane.endpoint_config.path_prefix", "//")]
    [TestCase("dataplane.endpoint_config.path_prefix", "/a//b")]
    [TestCase("dataplane.endpoint_config.path_prefix", "/a/../b")]
    [TestCase("dataplane.endpoint_config.path_prefix", "/a?b")]
    [TestCase("dataplane.endpoint_config.path_prefix", "'/{a}'", "/{a}")]
    public void Read_WrongValue_IsNamedWithKeyAndSource(string key, string yaml, string? value = null)
    {
        var file = WriteKey(key, yaml);
        var line = key.Split('.').Length;
        var complaint = $"httpmq: {key}: '{value ?? yaml}' is ";

        // Whatever the mode: a file that is shared by both is wrong for both.
        Assert.That(
            Refuse("management", "-c", file),
            Has.Length.EqualTo(1).And.One.StartsWith(complaint).And.One.EndsWith($", in {file} line {line}"));

        var variable = "Httpmq__" + key.Replace(".", "__", StringComparison.Ordinal);
        Environment[variable] = value ?? yaml;
        Assert.That(
            Refuse("dataplane"),
            Has.Length.EqualTo(1).And.One.StartsWith(complaint).And.One.EndsWith($", in the environment variable {variable}"));
    }

    [Test]
    public void Read_SeveralWrongValues_AreAllReported()
    {
        Environment["Httpmq__Dataplane__ApiServer__ServerConfig__ListenOn"] = "here";
        var file = Write(
            "config.yaml", "management:\n  api_server:\n    server_config:\n      listen_port: 70000\nnats:\n  server_uri: nowhere\n");

        Assert.That(Refuse("all", "-c", file), Is.EqualTo(new[]
        {
            $"httpmq: nats.server_uri: 'nowhere' is not nats://host:port (or tls, ws, wss; several separated by commas), in {file} line 6",
            $"httpmq: management.api_server.server_config.listen_port: '70000' is not a port (1 to 65535), in {file} line 4",
            "httpmq: dataplane.api_server.server_config.listen_on: 'here' is not an IP address, "
                + "in the environment variable Httpmq__Dataplane__ApiServer__ServerConfig__ListenOn",
        }));
    }

    [TestCase("nats://127.0.0.1:4222")]
    [TestCase("nats://host")]
    [TestCase("tls://host:4443")]
    [TestCase("ws://host:80/path")]
    [TestCase("wss://[::1]:443")]
    [TestCase("nats://one:4222, nats://two:4222", "nats://one:4222,nats://two:4222")]
    public void ServerUri_OneOrSeveral_IsAccepted(string text, string? expected = null)
    {
        Assert.That(Settings("management", "-c", WriteKey("nats.server_uri", text)).Nats.ServerUri, Is.EqualTo(expected ?? text));
    }

    [Test]
    public void Jetstream_DomainAndPrefix_ArePutWhereTheyAreNamedAndNotBoth()
    {
        Environment["Httpmq__Nats__Jetstream__Domain"] = "hub";
        Assert.That((Settings("all").Nats.Domain, Settings("all").Nats.ApiPrefix), Is.EqualTo(("hub", (string?)null)));

        Environment["Httpmq__Nats__Jetstream__ApiPrefix"] = "from.hub";
        Assert.That(
            Refuse("all"),
            Has.Length.EqualTo(1).And.One.Contains("nats.jetstream.api_prefix: 'from.hub' is given beside jetstream.domain"));

        Environment.Remove("Httpmq__Nats__Jetstream__Domain");
        Assert.That((Settings("all").Nats.Domain, Settings("all").Nats.ApiPrefix), Is.EqualTo(((string?)null, "from.hub")));
    }

    [TestCase("/", "/")]
    [TestCase("/api", "/api")]
    [TestCase("api", "/api")]
    [TestCase("/api/", "/api")]
    [TestCase("a/b-c_d.e~1/", "/a/b-c_d.e~1")]
    public void PathPrefix_Slashes_AreMadeRegular(string text, string expected)
    {
        Assert.That(
            Settings("all", "-c", WriteKey("management.endpoint_config.path_prefix", text)).Management.PathPrefix, Is.EqualTo(expected));
    }

    [Test]
    public void ServerUri_WithPassword_IsShownNowhere()
    {
        Environment["Httpmq__Nats__ServerUri"] = "nats://me:s3cret@one:4222,tls://t0ken@two:4222";
        var settings = Settings("dataplane");

        Assert.That(settings.Nats.ServerUri, Does.Contain("s3cret"));
        Assert.That(settings.Nats.DisplayUri, Is.EqualTo("nats://***@one:4222,tls://***@two:4222"));
        Assert.That(settings.ToString(), Does.Contain("***@one").And.Not.Contain("s3cr").And.Not.Contain("t0ken"));

        Environment["Httpmq__Nats__ServerUri"] = "nats://me:s3cr@t@one:4222,me:s3cr@t@two:4222";
        Assert.That(Refuse("dataplane"), Has.One.Contains("'nats://***@one:4222,***@two:4222'").And.None.Contains("s3cr"));

        Environment.Clear();
        var file = Write("me@home.yaml", "nats: nats://me:s3cret@one:4222\n");
        Assert.That(Refuse("dataplane", "-c", file), Has.One.Contains("'nats://***@one:4222' stands").And.One.Contains("me@home.yaml"));
    }

    [Test]
    public void Read_ValueOfSeveralLines_IsReportedOnOne()
    {
        Environment["Httpmq__Nats__ServerUri"] = "a\nb\u001b[31m" + new string('x', 1000);

        Assert.That(Refuse("all"), Has.Length.EqualTo(1).And.One.Contains(@"'a\u000ab\u001b[31mxxx").And.One.Length.LessThan(400));
    }

    [TestCase("management.api_server.server_config.listen_port: '3001' is also the port of management", 3001, 3001, 4223)]
    [TestCase("dataplane.api_server.server_config.listen_port: '4223' is also the port of the embedded NATS server", 3000, 4223, 4223)]
    [TestCase("management.api_server.server_config.listen_port: '5000' is also the port of the embedded NATS server", 5000, 3001, 5000)]
    public void Read_SamePortTwiceInModeAll_IsRefused(string expected, int management, int dataplane, int embedded)
    {
        Environment["Httpmq__Management__ApiServer__ServerConfig__ListenPort"] = $"{management}";
        Environment["Httpmq__Dataplane__ApiServer__ServerConfig__ListenPort"] = $"{dataplane}";
        Environment["Httpmq__EmbeddedNats__Port"] = $"{embedded}";

        Assert.That(Refuse("all"), Has.Length.EqualTo(1).And.One.Contains(expected.Split(' ', 2)[1]));
        Assert.That(Settings("management").Management.ListenPort, Is.EqualTo(management));
    }

    [Test]
    public void Read_SamePortOnTwoAddresses_IsAccepted()
    {
        Environment["Httpmq__Management__ApiServer__ServerConfig__ListenOn"] = "127.0.0.2";
        Environment["Httpmq__Management__ApiServer__ServerConfig__ListenPort"] = "3001";

        Assert.That(Settings("all").Management.ListenPort, Is.EqualTo(3001));
    }
}
