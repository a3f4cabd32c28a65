using System.Collections;
using Httpmq.Api.Access;
using Httpmq.Api.Hosting.Configuration;

namespace Httpmq.Tests.Support;

/// <summary>The section <c>auth</c> as somebody writes it.</summary>
internal static class AccessFile
{
    /// <inheritdoc cref="Read"/>
    public static ConfiguredCallers Callers(string yaml) => new(Read(yaml));

    /// <summary>Reads YAML in which <c>{sha256:some key}</c> stands for the hash of that key.</summary>
    public static AccessSettings Read(string yaml)
    {
        var file = Path.Combine(Path.GetTempPath(), $"httpmq-access-{Guid.NewGuid():n}.yaml");
        File.WriteAllText(file, WithHashes(yaml));
        try
        {
            return CommandLine.Parse(["all", "-c", file], new Hashtable(), isAgain: true) switch
            {
                CommandLineResult.Run run => run.Settings.Access!,
                var other => throw new InvalidOperationException($"{other}"),
            };
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Replaces <c>{sha256:some key}</c> by the hash of that key.</summary>
    public static string WithHashes(string yaml)
    {
        const string Mark = "{sha256:";
        while (yaml.IndexOf(Mark, StringComparison.Ordinal) is >= 0 and var start)
        {
            var end = yaml.IndexOf('}', start);
            yaml = $"{yaml[..start]}{KeyHash.Of(yaml.AsSpan()[(start + Mark.Length)..end])}{yaml[(end + 1)..]}";
        }

        return yaml;
    }
}
