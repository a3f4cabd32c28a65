using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using Httpmq.Api.Hosting.Configuration;

namespace Httpmq.Tests.Documents;

/// <summary>The examples of docs/nats.md are configurations.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed partial class NatsPageTests
{
    private const string Folder = "/etc/httpmq/";

    [Test]
    public void Examples_OfThePage_AreAcceptedWithoutAWarning()
    {
        var folder = Directory.CreateTempSubdirectory("httpmq-page-").FullName;
        try
        {
            var page = Repository.Read("docs/nats.md");
            foreach (Match named in NamedFile().Matches(page))
            {
                var file = Path.Combine(folder, named.Groups["name"].Value);
                File.WriteAllText(file, "something");
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            var examples = Example().Matches(page).Select(static match => match.Groups["text"].Value).ToArray();
            Assert.That(examples, Has.Length.GreaterThan(6));
            foreach (var example in examples)
            {
                var path = Path.Combine(folder, "example.yaml");
                File.WriteAllText(path, example.Replace(Folder, folder + "/", StringComparison.Ordinal));
                var result = CommandLine.Parse(["dataplane", "-c", path], new Dictionary<string, string>(StringComparer.Ordinal));

                Assert.That((result as CommandLineResult.Exit)?.Text, Is.Null, example);
                Assert.That((result as CommandLineResult.Run)?.Warnings, Is.Empty, example);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [GeneratedRegex("```yaml\n(?<text>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Example();

    [GeneratedRegex(@"/etc/httpmq/(?<name>[\w.-]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NamedFile();
}
