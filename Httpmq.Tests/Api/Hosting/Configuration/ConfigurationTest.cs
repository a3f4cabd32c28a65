using System.Collections;
using Httpmq.Api.Hosting.Configuration;
using NUnit.Framework;

namespace Httpmq.Tests.Api.Hosting.Configuration;

/// <summary>A folder for configuration files and an environment, both empty at the start of each test.</summary>
internal abstract class ConfigurationTest
{
    /// <summary>The original's file with every key that it has, none at its default.</summary>
    protected const string OriginalYaml =
        """
        ---
        nats:
          server_uri: nats://127.0.0.1:14322
          connect_timeout_sec: 5
          reconnect:
            max_attempts: 7
            wait_interval_sec: 1
        management:
          api_server:
            server_config:
              listen_on: 127.0.0.1
              listen_port: 13100
              read_timeout_sec: 0
              write_timeout_sec: 0
              idle_timeout_sec: 0
            logging_config:
              request_id_header: My-Request-ID
              do_not_log_headers:
                - Authorization
                - X-Secret
          endpoint_config:
            path_prefix: /mgmt
        dataplane:
          api_server:
            server_config:
              listen_on: "::1"
              listen_port: 13101
              read_timeout_sec: 1
              write_timeout_sec: 2
              idle_timeout_sec: 3
            logging_config:
              request_id_header: "Other-ID"
              do_not_log_headers: []
          endpoint_config:
            path_prefix: data/plane/
        """;

    private string _folder = "";

    protected Hashtable Environment { get; private set; } = [];

    [SetUp]
    public void MakeFolder()
    {
        _folder = Directory.CreateTempSubdirectory("httpmq-configuration-").FullName;
        Environment = [];
    }

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    protected string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    protected string MakeDirectory(string name) => Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;

    protected string Missing(string name) => Path.Combine(_folder, name);

    protected CommandLineResult.Run Accept(params string[] arguments)
    {
        var result = CommandLine.Parse(arguments, Environment);
        Assert.That(result, Is.InstanceOf<CommandLineResult.Run>(), (result as CommandLineResult.Exit)?.Text);
        return (CommandLineResult.Run)result;
    }

    protected HttpmqSettings Settings(params string[] arguments) => Accept(arguments).Settings;

    /// <summary>The lines of a refusal, which go to standard error with a code that is not 0.</summary>
    protected string[] Refuse(params string[] arguments)
    {
        var exit = CommandLine.Parse(arguments, Environment) as CommandLineResult.Exit;
        Assert.That(exit, Is.Not.Null, "accepted");
        Assert.That(exit!.ExitCode, Is.EqualTo(2));
        Assert.That(exit.ToStandardError, Is.True);
        return exit.Text.Split('\n');
    }

    /// <summary>A YAML file with a single key, from its dotted name.</summary>
    protected string WriteKey(string key, string yamlValue)
    {
        var parts = key.Split('.');
        var lines = parts.Select((part, depth) => new string(' ', depth * 2) + part + ":");
        return Write("config.yaml", string.Join('\n', lines) + " " + yamlValue + "\n");
    }
}
