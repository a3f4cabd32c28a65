namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>What has to change before the embedded nats-server can be started.</summary>
public enum EmbeddedNatsProblem
{
    /// <summary>What the message says.</summary>
    Other,

    /// <summary>It does not run on this system.</summary>
    Platform,

    /// <summary>There is no nats-server.</summary>
    ExecutableMissing,

    /// <summary>What was configured as nats-server cannot be run.</summary>
    Executable,

    /// <summary>This nats-server cannot do what was configured for the disk.</summary>
    Sync,

    /// <summary>The data folder cannot be used.</summary>
    DataFolder,

    /// <summary>The data folder is another instance's.</summary>
    DataFolderInUse,

    /// <summary>The port is another program's.</summary>
    Port,

    /// <summary>The store needs a newer nats-server.</summary>
    StoreTooNew,
}

/// <summary>
/// The embedded nats-server could not be started. The message says in one line what is wrong; which setting helps says who knows the
/// settings.
/// </summary>
public sealed class EmbeddedNatsException(EmbeddedNatsProblem problem, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What has to change.</summary>
    public EmbeddedNatsProblem Problem { get; } = problem;

    internal static EmbeddedNatsException Unsupported() =>
        new(EmbeddedNatsProblem.Platform, "The embedded nats-server needs Linux or macOS.");

    internal static EmbeddedNatsException BinaryMissing(string executable, string configured) => new(
        EmbeddedNatsProblem.ExecutableMissing,
        $"No executable '{executable}' was found{SourceOf(executable, configured).TrimEnd(',')}.");

    internal static EmbeddedNatsException NotExecutable(string file, string configured) => new(
        string.Equals(file, configured, StringComparison.Ordinal) ? EmbeddedNatsProblem.Executable : EmbeddedNatsProblem.Other,
        Directory.Exists(file)
            ? $"'{file}'{SourceOf(file, configured)} is a folder. Name the program in it, such as '{Path.Combine(file, "nats-server")}'."
            : $"'{file}'{SourceOf(file, configured)} is not executable. Run 'chmod +x' on it, or name another nats-server.");

    internal static EmbeddedNatsException CannotSync(string executable, string? version) => new(
        EmbeddedNatsProblem.Sync,
        $"'always' needs nats-server 2.10 or newer, and '{executable}' is {version ?? "of an unknown version"}.");

    internal static EmbeddedNatsException BadPort(int port) =>
        new(EmbeddedNatsProblem.Other, $"The embedded nats-server's port must be 0 to 65535, not {port}.");

    internal static EmbeddedNatsException FolderUnusable(string folder, Exception cause) => new(
        EmbeddedNatsProblem.DataFolder,
        $"The data folder '{folder}' cannot be created or written ({ReasonOf(cause)}).",
        cause);

    internal static EmbeddedNatsException FolderInUse(string folder, Exception cause) => new(
        EmbeddedNatsProblem.DataFolderInUse,
        $"The data folder '{folder}' is in use by another instance.",
        cause);

    internal static EmbeddedNatsException FolderHeld(string folder) => new(
        EmbeddedNatsProblem.Other,
        $"The data folder '{folder}' is still held by a nats-server that an earlier instance started. "
        + "Wait until it has ended, or end it.");

    internal static EmbeddedNatsException StoreGone(string store) => new(
        EmbeddedNatsProblem.Other,
        $"The store '{store}' is not there any more, or is no folder. Put it back and it is used again, "
        + "or start this program anew to begin with an empty one.");

    internal static EmbeddedNatsException PortInUse(int port) => new(
        EmbeddedNatsProblem.Port,
        $"Port {port} on 127.0.0.1 is in use by another program.");

    internal static EmbeddedNatsException NotLaunched(string executable, Exception cause) => new(
        EmbeddedNatsProblem.Executable,
        $"'{executable}' could not be run ({ReasonOf(cause)}).",
        cause);

    /// <param name="executable">The program that was started.</param>
    /// <param name="exitCode">Its exit code.</param>
    /// <param name="output">"printed nothing", or "printed last: …".</param>
    internal static EmbeddedNatsException ExitedAtOnce(string executable, int exitCode, string output) => new(
        EmbeddedNatsProblem.Other,
        $"'{executable}' ended while starting with exit code {exitCode} and {output}");

    internal static EmbeddedNatsException Silent(string executable, TimeSpan timeout, string output) => new(
        EmbeddedNatsProblem.Other,
        $"'{executable}' was not ready and said nothing for {timeout.TotalSeconds:0.#} s. It {output}");

    internal static EmbeddedNatsException StoreTooNew(string store, string? before, string? version, string consequence) => new(
        EmbeddedNatsProblem.StoreTooNew,
        $"nats-server {version ?? "of an unknown version"} must not use the store '{store}', "
        + $"which belongs to {before ?? "a newer one"}: {consequence}. "
        + $"Use nats-server {before ?? "2.10"} or newer, or another data folder.");

    internal static EmbeddedNatsException StoreUnknown(string store, Exception cause) => new(
        EmbeddedNatsProblem.Other,
        $"nats-server did not say what it found in the store '{store}' ({ReasonOf(cause)}). Start this program again.", cause);

    internal static EmbeddedNatsException NoJetStream(string executable) => new(
        EmbeddedNatsProblem.Other,
        $"'{executable}' runs, but without JetStream, so nothing could be stored.");

    private static string SourceOf(string executable, string configured) => string.Equals(executable, configured, StringComparison.Ordinal)
        ? string.Empty
        : $", which {NatsServerCommand.Variable} names,";

    /// <summary>The cause without the path, which the message has already, and without .NET's full stop.</summary>
    internal static string ReasonOf(Exception failure)
    {
        var text = failure switch
        {
            System.ComponentModel.Win32Exception win32 => new System.ComponentModel.Win32Exception(win32.NativeErrorCode).Message,
            FileNotFoundException or DirectoryNotFoundException => "No such file or directory",
            _ when failure.InnerException is IOException inner => inner.Message,
            _ => failure.Message,
        };
        var path = text.IndexOf(" : '", StringComparison.Ordinal);
        return (path < 0 ? text : text[..path]).TrimEnd('.');
    }
}
