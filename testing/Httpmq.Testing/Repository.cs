namespace Httpmq.Testing;

/// <summary>The files of this repository.</summary>
internal static class Repository
{
    private static readonly string Root = FindRoot();

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    public static string Read(string relative) => File.ReadAllText(PathOf(relative));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Httpmq.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("This does not run within the repository.");
        }

        return folder.FullName;
    }
}
