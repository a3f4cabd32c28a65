namespace Httpmq.Infrastructure.Connection;

/// <summary>What can be wrong with a file that holds a secret or a certificate.</summary>
public static class SecretFile
{
    /// <summary>Why it is of no use now; reads on after its path. Null: it can be read, and holds something.</summary>
    public static string? ProblemOf(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return file.ReadByte() < 0 ? "is empty" : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return ReasonOf(exception);
        }
    }

    /// <summary>Whether every user of this machine can read it, as far as its own permissions say.</summary>
    public static bool IsOpenToAll(string path)
    {
        try
        {
            return !OperatingSystem.IsWindows() && File.GetUnixFileMode(path).HasFlag(UnixFileMode.OtherRead);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Reads on after the path, which the message of the exception has as well.</summary>
    internal static string ReasonOf(Exception exception) => exception switch
    {
        FileNotFoundException or DirectoryNotFoundException or ArgumentException => "does not exist",
        UnauthorizedAccessException => "cannot be read: it is a folder, or permission is denied",
        _ => $"cannot be read: {exception.Message.TrimEnd('.')}",
    };
}
