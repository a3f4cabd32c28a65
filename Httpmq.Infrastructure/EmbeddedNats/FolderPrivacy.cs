#pragma warning disable CA1416 // There is no embedded nats-server on Windows.
namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>Keeps the other users of the machine out of the data folder.</summary>
internal static class FolderPrivacy
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    // What is in a data folder, and at the root of a file system.
    private static readonly string[] Known =
    [
        EmbeddedNats.DataFolder.StoreName, EmbeddedNats.DataFolder.LockFileName, EmbeddedLogin.FileName, StoreVersion.FileName,
        NatsServerCommand.ConfigFileName, NatsServerCommand.LockFileName, "lost+found",
    ];

    /// <summary>Creates a folder for its owner alone; those above it are as usual.</summary>
    public static void CreateFolder(string path)
    {
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path) ?? path);
            Directory.CreateDirectory(path, Owner);
        }
    }

    /// <summary>Opens a file for writing, which only its owner can read.</summary>
    public static FileStream Create(string path, FileMode mode, FileAccess access = FileAccess.Write, FileShare share = FileShare.Read)
    {
        try
        {
            if (File.Exists(path) && (File.GetUnixFileMode(path) & Others) != UnixFileMode.None)
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It belongs to somebody else, who lets us write: the folder keeps others out, or it was said that it does not.
        }

        return new FileStream(path, new FileStreamOptions
        {
            Mode = mode,
            Access = access,
            Share = share,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
    }

    /// <summary>
    /// Closes a data folder to others that an earlier version, or somebody else, has created. One that holds other things is left as it
    /// is; its store is closed all the same.
    /// </summary>
    /// <returns>What its owner should know, a sentence without its full stop; null: nothing.</returns>
    public static string? Ensure(string path)
    {
        var store = Path.Combine(path, EmbeddedNats.DataFolder.StoreName);
        if (Directory.Exists(store) && TryClose(store) is { } problem)
        {
            return problem;
        }

        if ((File.GetUnixFileMode(path) & Others) == UnixFileMode.None)
        {
            return null;
        }

        if (Directory.EnumerateFileSystemEntries(path).Select(Path.GetFileName).Except(Known, StringComparer.Ordinal).FirstOrDefault()
            is { } foreign)
        {
            return $"Other users of this machine can enter the data folder '{path}'. It was left so because it holds '{foreign}'; its "
                + "store is closed to them";
        }

        return TryClose(path)
            ?? $"Other users of this machine could enter the data folder '{path}'; from now on only its owner can (mode 0700)";
    }

    private static string? TryClose(string folder)
    {
        try
        {
            var mode = File.GetUnixFileMode(folder);
            if ((mode & Others) != UnixFileMode.None)
            {
                File.SetUnixFileMode(folder, mode & ~Others);
            }

            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return $"Other users of this machine can enter '{folder}', and its permissions cannot be changed "
                + $"({EmbeddedNatsException.ReasonOf(failure)})";
        }
    }
}
