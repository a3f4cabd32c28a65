using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Httpmq.Api.Access;
using Httpmq.Api.Hosting;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.RateLimits;
using Httpmq.Tests.Fuzz;
using Httpmq.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Httpmq.Tests.Api.Hosting.Configuration;

/// <summary>Any configuration file is taken, or refused with lines that say why; the program never ends with a stack trace.</summary>
internal sealed class ConfigurationProperties : ConfigurationTest
{
    private const string AccessKey = "hmq_of-the-properties";

    private static readonly string AccessYaml = AccessFile.WithHashes(
        $$"""
        nats:
          server_uri: tls://a.example:4222
          tls:
            mode: require
          jetstream: { domain: hub }
        limits:
          max_message_bytes: 1048576
          max_subscriptions: 100
        auth:
          anonymous: [reader]
          api_keys:
            - { name: shop, sha256: ["{sha256:{{AccessKey}}}"], roles: [writer, reader] }
            - name: billing
              sha256: {sha256:other}
              roles: writer
          roles:
            writer: { publish: { allow: ["orders.>", "${name}.x"], deny: ["orders.audit.>"] } }
            reader:
              read: { allow: [">"] }
              consume: { allow: ["ORDERS/w-*"] }
              admin: { deny: ["*"] }
        """);

    private static readonly Gen<string> Garbage = Gen.Elements(
        ":", "- ", "\n", "\t", "&a ", "*a", "!!binary ", "{", "}", "[", "\"", "'", "#", "|", ">", "%", "0x", ".inf", "-1", "99999999999",
        "null", "\0", "é", "---\n", "? ", "<<: ");

    private static readonly Gen<string> Words = Gen.Elements(
        "auth", "nats", "jwt", "allow", "deny", "${name}", "${x}", "*", "a..b", "$JS.>", "anonymous", "[shop]", "{ }", "~",
        "!!set ", "0x1",
        new string('a', 300), "\ud83d\ude00", "\u001b[31m", "tls", "require", "roles", "\n  - ", "\n    ", ": [", "]: ");

    private static readonly string[] Values =
    [
        "", " ", "x", "-1", "0", "1", "99999999999999999999", "1e5", "NaN", "true", "null", ",", "a,,b", "*", ">", "a..b", "/",
        "..", "\0", "\n",
        "\u001b[31m", "\ud83d", "é", "[::1]:1", "nats://", "nats://a:b@c:d@e", "tls://[",
        "http://x", new string('x', 5000), "${name}", "%00",
    ];

    // A key, an option, a variable or a file, and what is wrong with it.
    private static readonly Regex Line = new("^httpmq: .*: .", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));

    [FuzzRun.Property(150)]
    public Property Parse_AnyYaml_IsTakenOrRefusedInWords() =>
        Prop.ForAll(
            Shrunk.Text(Shrunk.Damaged(Gen.Constant(OriginalYaml), Garbage)), text => Check(Write("config.yaml", text), inWords: false));

    [FuzzRun.Property(150)]
    public Property Parse_AnyJson_IsTakenOrRefusedInWords() =>
        Prop.ForAll(
            Shrunk.Text(
                Shrunk.Damaged(
                    Gen.Constant(
                        """{"nats":{"server_uri":"nats://a:1","reconnect":{"max_attempts":-1}},"dataplane":{"api_server":{"server_config":{"listen_port":1}}}}"""),
                    Garbage)),
            text => Check(Write("config.json", text), inWords: false));

    /// <summary>Of the sections that decide who may do what, and what is shown to NATS.</summary>
    [FuzzRun.Property(300, seed: 1)]
    public Property Parse_AnyAccess_IsTakenOrRefusedInWords() =>
        Prop.ForAll(Shrunk.Text(Shrunk.Damaged(Gen.Constant(AccessYaml), Gen.OneOf(Garbage, Words))), text =>
        {
            var result = Check(Write("config.yaml", text));

            // A section that is not read as one must not open the gateway.
            if (result is CommandLineResult.Run run && text.Contains("\nauth:\n", StringComparison.Ordinal))
            {
                Assert.That(run.Settings.Access, Is.Not.Null);
            }
        });

    /// <summary>A running gateway keeps what it had, whatever becomes of its file.</summary>
    [FuzzRun.Property(150, seed: 1)]
    public Property Reload_AnyAccess_KeepsTheRulesOfBeforeOrTakesValidOnes()
    {
        var file = Write("reloaded.yaml", AccessYaml);
        var callers = new ConfiguredCallers(Settings("all", "-c", file).Access!);
        var reload = new AccessReload(
            file, Settings("all", "-c", file).Access!, () => CommandLine.Parse(["all", "-c", file], Environment), callers,
            new RateLimiter(null), new ProcessLog(Settings("all").Log), NullLogger<AccessReload>.Instance);
        return Prop.ForAll(Shrunk.Text(Shrunk.Damaged(Gen.Constant(AccessYaml), Gen.OneOf(Garbage, Words))), text =>
        {
            Write("reloaded.yaml", AccessYaml);
            reload.Compare();
            reload.Compare();
            Write("reloaded.yaml", text);
            reload.Compare();
            reload.Compare();

            var request = new DefaultHttpContext();
            request.Request.Headers["X-API-Key"] = AccessKey;
            if (CommandLine.Parse(["all", "-c", file], Environment) is not CommandLineResult.Run)
            {
                // A key is known at once.
                string? name = null;
                _ = FindAsync();
                Assert.That(name, Is.EqualTo("shop"));

                async Task FindAsync() => name = (await callers.IdentifyAsync(request)).Caller?.Name;
            }
        });
    }

    /// <summary>Each key of the configuration, with what may not be its value.</summary>
    [Test]
    public void Parse_AnyValueOfEachKey_IsTakenOrRefusedByItsName()
    {
        foreach (var setting in Declaration.Catalogue.Settings
            .Where(static setting => setting.Kind is SettingKind.Value or SettingKind.Values))
        {
            foreach (var value in Values)
            {
                Environment.Clear();
                Environment[setting.Variable.Replace("<name>", "Some", StringComparison.Ordinal)] = value;
                var result = CommandLine.Parse(["all"], Environment);
                var what = $"{setting.Variable}={value}: {(result as CommandLineResult.Exit)?.Text}";

                // Beside it others may be missing, or be given twice.
                Assert.That(
                    result is CommandLineResult.Run
                        || (result is CommandLineResult.Exit { ExitCode: 2 } exit
                            && Array.TrueForAll(exit.Text.Split('\n'), static line => Line.IsMatch(line))),
                    what);
                Assert.That(what, Does.Not.Contain("   at "));
            }
        }
    }

    [TestCase(":\n :", TestName = "Parse_YamlWithoutAKey_IsRefusedInWords")]
    public void Parse_Found_IsRefusedInWords(string text) =>
        Assert.That(Refuse("all", "-c", Write("config.yaml", text))[0], Does.Contain("not valid YAML at line"));

    private CommandLineResult Check(string file, bool inWords = true)
    {
        var result = CommandLine.Parse(["all", "-c", file], Environment);
        Assert.That(result is CommandLineResult.Run or CommandLineResult.Exit { ExitCode: 2, Text.Length: > 0 });
        if (inWords && result is CommandLineResult.Exit { Text: var text })
        {
            Assert.That(text.Split('\n'), Has.All.Matches<string>(static line => Line.IsMatch(line)), text);
        }

        return result;
    }
}
