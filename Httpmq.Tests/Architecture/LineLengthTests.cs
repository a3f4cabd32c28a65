using System.Text.RegularExpressions;

namespace Httpmq.Tests.Architecture;

/// <summary>Lines of C# have at most 140 characters, as <c>.editorconfig</c> says to editors, which do not check it.</summary>
internal sealed partial class LineLengthTests
{
    private const int Longest = 140;

    /// <summary>Made by tools; nobody reads them.</summary>
    private static readonly string[] Unread = ["bin", "obj", "Generated", "TestResults"];

    [Test]
    public void Sources_EveryLine_FitsTheScreen()
    {
        var files = FilesBelow(new DirectoryInfo(Repository.PathOf("."))).ToList();

        Assert.That(files, Has.Count.GreaterThan(100), "the sources were found");
        Assert.That(string.Join('\n', files.SelectMany(TooLongIn)), Is.Empty, $"lines of more than {Longest} characters; break them");
    }

    [TestCase("x", 140, false)]
    [TestCase("x", 141, true)]
    [TestCase("    é", 141, true)]
    [TestCase("        {\"name\":", 200, false)]
    [TestCase("        $$\"\"\"{\"name\":", 200, false)]
    [TestCase("        \"\"\"[{\"name\":", 200, false)]
    [TestCase("/// <example>{\"name\":", 200, false)]
    [TestCase("        Send(\"\"\"{\"name\":", 200, true)]
    [TestCase("        { Name:", 200, true)]
    public void IsTooLong_OfALine_SparesOnlyJsonThatIsAloneOnItsLine(string start, int length, bool expected) =>
        Assert.That(IsTooLong(start.PadRight(length, 'x')), Is.EqualTo(expected));

    private static IEnumerable<FileInfo> FilesBelow(DirectoryInfo folder) =>
        folder.EnumerateFiles("*.cs").Concat(folder.EnumerateDirectories()
            .Where(static child => child.Name[0] is not '.' && !Unread.Contains(child.Name, StringComparer.Ordinal))
            .SelectMany(FilesBelow));

    private static IEnumerable<string> TooLongIn(FileInfo file) =>
        from line in File.ReadLines(file.FullName).Index()
        where IsTooLong(line.Item)
        select $"{Path.GetRelativePath(Repository.PathOf("."), file.FullName)}:{line.Index + 1}: {line.Item.Length} characters";

    private static bool IsTooLong(string line) => line.Length > Longest && !Json.IsMatch(line);

    /// <summary>
    /// The exceptions: JSON as it is on the wire, alone on its line. With breaks it would be another text, or harder to compare.
    /// </summary>
    [GeneratedRegex("^\\s*(/// <example>|\\$*\"{3}(INFO )?)?[\\[{]+\"\\w", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Json { get; }
}
