using Httpmq.Tests.Support;

namespace Httpmq.Tests.Documents;

/// <summary>What the documentation tells a reader to type, typed: with a real curl, against a real gateway and nats-server.</summary>
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class DocumentSessionTests
{
    private static IEnumerable<string> All() => Directory.GetFiles(Repository.PathOf("docs"), "*.md", SearchOption.AllDirectories)
        .Append(Repository.PathOf("README.md"))
        .Select(static file => Path.GetRelativePath(Repository.PathOf(""), file));

    public static IEnumerable<string> Sessions() => All().Where(static file => MarkdownSession.Of(Repository.Read(file)).Any());

    [TestCaseSource(nameof(Sessions))]
    public async Task Session_OfADocument_DoesWhatItShows(string file)
    {
        if (!ServerUnderTest.IsAtLeast(2, 14))
        {
            Assert.Ignore("The documents show what the newest nats-server has.");
        }

        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await OwnGateway.StartAsync(nats);
        await using var shell = new Shell(gateway);
        using (Assert.EnterMultipleScope())
        {
            foreach (var commands in MarkdownSession.Of(Repository.Read(file)))
            {
                await shell.RunAsync(commands);
            }
        }
    }

    [Test]
    public void Commands_OfAllDocuments_BelongToASession()
    {
        var unmarked = from file in All() from line in MarkdownSession.Unmarked(Repository.Read(file)) select $"{file}:{line}";

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Sessions(), Is.SupersetOf(new[] { "README.md", "docs/api.md" }));
            Assert.That(unmarked, Is.Empty);
        }
    }
}
