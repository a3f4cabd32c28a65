using System.Text.RegularExpressions;

namespace Httpmq.Tests.Documents;

/// <summary>Links between the documents of the repository lead to a file, and to a heading of it.</summary>
internal sealed partial class LinkTests
{
    private static readonly string[] Folders = ["docs", "clients", "deploy", "bench", "chaos"];

    [Test]
    public void Links_OfAllDocuments_LeadSomewhere()
    {
        var files = Folders.SelectMany(static folder => Directory.GetFiles(Repository.PathOf(folder), "*.md", SearchOption.AllDirectories))
            .Concat(Directory.GetFiles(Repository.PathOf(""), "*.md"))
            .Where(static file => !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal));
        var broken =
            from file in files
            from link in Link().Matches(File.ReadAllText(file))
            let parts = link.Groups["target"].Value.Split('#')
            let target = parts[0].Length == 0 ? file : Path.Combine(Path.GetDirectoryName(file)!, parts[0])
            where !(File.Exists(target) || Directory.Exists(target)) || (parts.Length > 1 && !Anchors(target).Contains(parts[1]))
            select $"{Path.GetRelativePath(Repository.PathOf(""), file)}: {link.Groups["target"].Value}";

        Assert.That(broken, Is.Empty);
    }

    /// <summary>As GitHub makes them: in lower case, without punctuation, with hyphens for spaces.</summary>
    private static HashSet<string> Anchors(string file) => Heading().Matches(File.ReadAllText(file))
        .Select(static heading => Punctuation().Replace(heading.Groups["text"].Value.Trim().ToLowerInvariant(), string.Empty)
            .Replace(' ', '-'))
        .ToHashSet(StringComparer.Ordinal);

    [GeneratedRegex(@"\]\((?<target>(?!https?:|mailto:)[^)\s]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (?<text>.+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]", RegexOptions.None, 1000)]
    private static partial Regex Punctuation();
}
