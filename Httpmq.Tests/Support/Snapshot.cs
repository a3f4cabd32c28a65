namespace Httpmq.Tests.Support;

/// <summary>Committed files that are made from the code: a change of the code that changes them must be committed with them.</summary>
internal static class Snapshot
{
    private const string Update = "HTTPMQ_UPDATE_SNAPSHOTS";

    /// <summary>Compares, or writes the file where <c>HTTPMQ_UPDATE_SNAPSHOTS=1</c> says so (<c>make snapshots</c>).</summary>
    /// <param name="file">The file, relative to the repository.</param>
    /// <param name="content">What it should be.</param>
    public static void Check(string file, string content)
    {
        if (Environment.GetEnvironmentVariable(Update) is "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Repository.PathOf(file))!);
            File.WriteAllText(Repository.PathOf(file), content);
            return;
        }

        var committed = File.Exists(Repository.PathOf(file)) ? Repository.Read(file) : string.Empty;
        Assert.That(committed, Is.EqualTo(content),
            $"{file} is not what the code makes of it; if the change is meant, run 'make snapshots' and commit it");
    }
}
