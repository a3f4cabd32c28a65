using FsCheck;
using FsCheck.Fluent;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Tests.Fuzz;

namespace Httpmq.Tests.Api.Hosting.Configuration;

/// <summary>Any configuration file is taken, or refused with lines that say why; the program never ends with a stack trace.</summary>
internal sealed class ConfigurationProperties : ConfigurationTest
{
    private static readonly Gen<string> Garbage = Gen.Elements(
        ":", "- ", "\n", "\t", "&a ", "*a", "!!binary ", "{", "}", "[", "\"", "'", "#", "|", ">", "%", "0x", ".inf", "-1", "99999999999",
        "null", "\0", "é", "---\n", "? ", "<<: ");

    [FuzzRun.Property(150)]
    public Property Parse_AnyYaml_IsTakenOrRefusedInWords() =>
        Prop.ForAll(Shrunk.Text(Shrunk.Damaged(Gen.Constant(OriginalYaml), Garbage)), text => Check(Write("config.yaml", text)));

    [FuzzRun.Property(150)]
    public Property Parse_AnyJson_IsTakenOrRefusedInWords() =>
        Prop.ForAll(
            Shrunk.Text(
                Shrunk.Damaged(
                    Gen.Constant(
                        """{"nats":{"server_uri":"nats://a:1","reconnect":{"max_attempts":-1}},"dataplane":{"api_server":{"server_config":{"listen_port":1}}}}"""),
                    Garbage)),
            text => Check(Write("config.json", text)));

    [TestCase(":\n :", TestName = "Parse_YamlWithoutAKey_IsRefusedInWords")]
    public void Parse_Found_IsRefusedInWords(string text) =>
        Assert.That(Refuse("all", "-c", Write("config.yaml", text))[0], Does.Contain("not valid YAML at line"));

    private void Check(string file)
    {
        var result = CommandLine.Parse(["all", "-c", file], Environment);
        Assert.That(result is CommandLineResult.Run or CommandLineResult.Exit { ExitCode: 2, Text.Length: > 0 });
    }
}
