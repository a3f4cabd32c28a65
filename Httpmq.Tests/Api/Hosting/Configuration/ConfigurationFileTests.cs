using System.Net;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;
using NUnit.Framework;

namespace Httpmq.Tests.Api.Hosting.Configuration;

internal sealed class ConfigurationFileTests : ConfigurationTest
{
    private const string OriginalJson =
        """
        {
        	"nats": { "server_uri": "nats://127.0.0.1:14322", "connect_timeout_sec": 5,
        		"reconnect": { "max_attempts": 7, "wait_interval_sec": 1 } },
        	"management": {
        		"api_server": {
        			"server_config": { "listen_on": "127.0.0.1", "listen_port": 13100,
        				"read_timeout_sec": 0, "write_timeout_sec": 0, "idle_timeout_sec": 0 },
        			"logging_config": { "request_id_header": "My-Request-ID", "do_not_log_headers": [ "Authorization", "X-Secret" ] }
        		},
        		"endpoint_config": { "path_prefix": "/mgmt" }
        	},
        	"dataplane": {
        		"api_server": {
        			"server_config": { "listen_on": "::1", "listen_port": 13101,
        				"read_timeout_sec": 1, "write_timeout_sec": 2, "idle_timeout_sec": 3 },
        			"logging_config": { "request_id_header": "Other-ID", "do_not_log_headers": [] }
        		},
        		"endpoint_config": { "path_prefix": "data/plane/" }
        	}
        }
        """;

    [TestCase("config.yaml", OriginalYaml)]
    [TestCase("config.YML", OriginalYaml)]
    [TestCase("config.json", OriginalJson)]
    public void Read_TheOriginalsFile_GivesEveryValue(string name, string text)
    {
        var run = Accept("-c", Write(name, text), "management");
        var (nats, management, dataplane) = (run.Settings.Nats, run.Settings.Management, run.Settings.Dataplane);

        Assert.Multiple(() =>
        {
            Assert.That(run.Warnings, Is.Empty);
            Assert.That(nats, Is.EqualTo(new NatsSettings
            {
                ServerUri = "nats://127.0.0.1:14322",
                ConnectTimeout = TimeSpan.FromSeconds(5),
                MaxReconnectAttempts = 7,
                ReconnectWait = TimeSpan.FromSeconds(1),
            }));
            Assert.That(management.DoNotLogHeaders, Is.EquivalentTo(new[] { "Authorization", "X-Secret" }));
            Assert.That(management, Is.EqualTo(new ApiServerSettings
            {
                PathPrefix = "/mgmt",
                ListenOn = IPAddress.Loopback,
                ListenPort = 13100,
                ReadTimeout = null,
                WriteTimeout = null,
                IdleTimeout = null,
                RequestIdHeader = "My-Request-ID",
                DoNotLogHeaders = management.DoNotLogHeaders,
            }));
            Assert.That(dataplane.DoNotLogHeaders, Is.Empty);
            Assert.That(dataplane, Is.EqualTo(new ApiServerSettings
            {
                PathPrefix = "/data/plane",
                ListenOn = IPAddress.IPv6Loopback,
                ListenPort = 13101,
                ReadTimeout = TimeSpan.FromSeconds(1),
                WriteTimeout = TimeSpan.FromSeconds(2),
                IdleTimeout = TimeSpan.FromSeconds(3),
                RequestIdHeader = "Other-ID",
                DoNotLogHeaders = dataplane.DoNotLogHeaders,
            }));
        });
    }

    [TestCase("config.yaml", "embedded_nats:\n  data_folder: /data\n  port: 5000\n  executable: /opt/nats-server\n")]
    [TestCase("config.yaml", "EmbeddedNats: {DataFolder: /data, Port: \"5000\", executable: /opt/nats-server}")]
    [TestCase("config.yaml", "x: &x {data_folder: /data, port: 5000}\nembedded_nats:\n  <<: *x\n  executable: /opt/nats-server\n")]
    [TestCase("config.json", """{"embedded_nats":{"data_folder":"/data","port":5000,"executable":"/opt/nats-server"}}""")]
    public void Read_EmbeddedServer_InAnySpelling(string name, string text)
    {
        var settings = Settings("all", "-c", Write(name, text));

        Assert.That(settings.EmbeddedNats, Is.EqualTo(
            new EmbeddedNatsSettings { DataFolder = "/data", Port = 5000, Executable = "/opt/nats-server" }));
        Assert.That(settings.UsesEmbeddedNats, Is.True);
    }

    [TestCase("config.yaml", "")]
    [TestCase("config.yaml", "---\n# nothing\n")]
    [TestCase("config.yaml", "nats:\nmanagement: ~\ndataplane:\n  api_server: null\n  endpoint_config:\n    path_prefix:\n")]
    [TestCase("config.json", "")]
    [TestCase("config.json", """{"nats":null,"management":{"endpoint_config":{"path_prefix":null}}}""")]
    public void Read_NothingOrNull_LeavesTheDefaults(string name, string text)
    {
        var run = Accept("management", "-c", Write(name, text));

        Assert.That(run.Warnings, Is.Empty);
        Assert.That(run.Settings.Nats, Is.EqualTo(Settings("management").Nats));
        Assert.That(run.Settings.Management.PathPrefix, Is.EqualTo("/"));
        Assert.That(run.Settings.Dataplane.PathPrefix, Is.EqualTo("/"));
    }

    [Test]
    public void Read_UnknownKeys_AreWarnedAboutOnceAndIgnored()
    {
        var file = Write("config.yaml",
            "natz: {a: 1, b: 2}\nnats:\n  server_uri: nats://h:1\n  sever_uri: x\nmanagement:\n  api_server:\n    zone: [1]\n"
            + "    cors: {allowed_origins: '*'}\n");

        var run = Accept("management", "-c", file);

        Assert.That(run.Settings.Nats.ServerUri, Is.EqualTo("nats://h:1"));
        Assert.That(run.Warnings, Is.EqualTo(new[]
        {
            $"natz: unknown key, ignored (did you mean nats?), in {file} line 1",
            $"nats.sever_uri: unknown key, ignored (did you mean nats.server_uri?), in {file} line 4",
            $"management.api_server.zone: unknown key, ignored, in {file} line 7",
            $"management.api_server.cors: unknown key, ignored (did you mean management.api_server.server_config.allowed_origins?), in "
                + $"{file} line 8",
        }));
    }

    [Test]
    public void Read_MergedSections_FillWhatTheSectionLeavesOut()
    {
        const string Text =
            """
            common: &common {listen_on: 10.0.0.1, read_timeout_sec: 5}
            more: &more {write_timeout_sec: 6, listen_on: 10.0.0.2}
            management: {api_server: {server_config: {listen_on: 10.0.0.3, <<: *common}}}
            dataplane: {api_server: {server_config: {<<: [*common, *more]}}}
            nats: &itself {<<: *itself, connect_timeout_sec: 4}
            """;

        var run = Accept("management", "-c", Write("config.yaml", Text));

        Assert.Multiple(() =>
        {
            Assert.That(run.Warnings.Select(warning => warning.Split(':')[0]), Is.EqualTo(new[] { "common", "more" }));
            Assert.That(run.Settings.Management.ListenOn, Is.EqualTo(IPAddress.Parse("10.0.0.3")));
            Assert.That(run.Settings.Management.ReadTimeout, Is.EqualTo(TimeSpan.FromSeconds(5)));
            Assert.That(run.Settings.Dataplane.ListenOn, Is.EqualTo(IPAddress.Parse("10.0.0.1")));
            Assert.That(run.Settings.Dataplane.WriteTimeout, Is.EqualTo(TimeSpan.FromSeconds(6)));
            Assert.That(run.Settings.Nats.ConnectTimeout, Is.EqualTo(TimeSpan.FromSeconds(4)));
        });
    }

    [Test]
    public void Read_SeveralDocuments_UsesTheFirstAndWarns()
    {
        var file = Write("config.yaml", "nats: {server_uri: \"nats://one:1\"}\n---\nnats: {server_uri: \"nats://two:2\"}\n");

        var run = Accept("management", "-c", file);

        Assert.That(run.Settings.Nats.ServerUri, Is.EqualTo("nats://one:1"));
        Assert.That(run.Warnings, Is.EqualTo(new[] { $"{file}: holds several YAML documents, only the first is used" }));
    }

    [TestCase("config.yaml", "nats:\n  server_uri: [a\n  b: c\n", "not valid YAML at line 3, column ")]
    [TestCase("config.yaml", "nats:\n\tserver_uri: x\n", "not valid YAML at line 2, column ")]
    [TestCase("config.yaml", "nats: *nowhere\n", "not valid YAML: a value that begins with * needs quotes")]
    [TestCase("config.yaml", "nats: {}\nnats: {}\n", "not valid YAML at line 2, column 1: ")]
    [TestCase("config.yaml", "nats:\n  server_uri: 'a\n", "not valid YAML at line 2, column 15: ")]
    [TestCase("config.json", "{\n  \"nats\": {\n    \"server_uri\": nats\n  }\n}", "not valid JSON at line 3, column 20: ")]
    [TestCase("config.json", "{\n  \"nats\": {", "not valid JSON at line 2, column ")]
    [TestCase("config.json", "{\"nats\": {},\n}", "not valid JSON at line 2, column 1: take out the comma before this closing bracket")]
    [TestCase("config.json", "{\"x\": [1,]}", "not valid JSON at line 1, column 10: take out the comma before this closing bracket")]
    [TestCase("config.json", "nats:\n  server_uri: x\n", "not valid JSON at line 1, column ")]
    public void Read_BrokenFile_NamesLineAndColumn(string name, string text, string expected)
    {
        var file = Write(name, text);

        Assert.That(Refuse(
            "all", "-c", file), Has.Length.EqualTo(1).And.One.StartsWith($"httpmq: {file}: {expected}").And.None.Contains("LineNumber"));
    }

    [TestCase("config.yaml", "- a\n- b\n", "CONFIG: holds no keys (expected something like 'nats:')")]
    [TestCase("config.json", "\"nats\"", "CONFIG: holds no keys (expected something like 'nats:')")]
    [TestCase("config.yaml", "nats: localhost\n", "nats: 'localhost' stands where the keys of this section belong, in CONFIG line 1")]
    [TestCase("config.json", "{\"nats\":[]}", "nats: a list stands where the keys of this section belong, in CONFIG")]
    [TestCase("config.yaml", "nats:\n  server_uri: [a, b]\n", "nats.server_uri: a list stands where one value belongs, in CONFIG line 2")]
    [TestCase("config.json", "{\"nats\":{\"server_uri\":{}}}", "nats.server_uri: a section stands where one value belongs, in CONFIG")]
    [TestCase("config.yaml", "nats: &n\n  server_uri: *n\n", "nats.server_uri: a section stands where one value belongs, in CONFIG line 1")]
    [TestCase(
        "config.yaml", "nats:\n  server_uri: nats://a:1\n  ServerUri: nats://b:1\n", "nats.server_uri: is there twice, in CONFIG line 3")]
    [TestCase(
        "config.yaml",
        "management: {api_server: {logging_config: {do_not_log_headers: [[a]]}}}",
        "management.api_server.logging_config.do_not_log_headers: a list stands where a list of single values belongs, in CONFIG line 1")]
    public void Read_WrongShape_NamesKeyAndPlace(string name, string text, string expected)
    {
        var file = Write(name, text);

        Assert.That(
            Refuse("all", "-c", file), Is.EqualTo(new[] { "httpmq: " + expected.Replace("CONFIG", file, StringComparison.Ordinal) }));
    }

    [Test]
    public void Read_WhatIsNoFile_IsNamed()
    {
        var missing = Missing("nope.yaml");
        var folder = MakeDirectory("folder.yaml");
        var text = Write("config.txt", OriginalYaml);

        Assert.That(Refuse("all", "-c", missing), Is.EqualTo(new[] { $"httpmq: --config-file: '{missing}' does not exist" }));
        Assert.That(Refuse("all", "-c", folder), Is.EqualTo(new[] { $"httpmq: --config-file: '{folder}' is a directory, not a file" }));
        Assert.That(Refuse("all", "-c", text), Is.EqualTo(new[] { $"httpmq: --config-file: '{text}' is not a .yaml, .yml or .json file" }));

        Environment["CONFIG_FILE"] = missing;
        Assert.That(Refuse("all"), Is.EqualTo(new[] { $"httpmq: CONFIG_FILE: '{missing}' does not exist" }));
    }
}
