namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>
/// The embedded nats-server could not be started. The message is one line for the person at the terminal: what is wrong,
/// and what to do about it.
/// </summary>
public sealed class EmbeddedNatsException(string message, Exception? inner = null) : Exception(message, inner)
{
    internal static EmbeddedNatsException Unsupported() => new(
        "The embedded nats-server needs Linux or macOS. Run a nats-server yourself and set nats.server_uri.");

    internal static EmbeddedNatsException BinaryMissing(string executable, string configured) => new(
        $"No executable '{executable}' was found, which {SourceOf(executable, configured)} names. "
        + "Install it (Debian and Ubuntu: apt-get install nats-server; "
        + "macOS: brew install nats-server), or set nats.server_uri to a running server with JetStream.");

    internal static EmbeddedNatsException NotExecutable(string file, string configured) => new(Directory.Exists(file)
        ? $"'{file}', which {SourceOf(file, configured)} names, is a folder. Name the program in it, such as '{Path.Combine(file, "nats-server")}'."
        : $"'{file}', which {SourceOf(file, configured)} names, is not executable. Run 'chmod +x' on it, or name another nats-server.");

    internal static EmbeddedNatsException CannotSync(string executable, string? version) => new(
        $"embedded_nats.sync: 'always' needs nats-server 2.10 or newer, and '{executable}' is "
        + $"{version ?? "of an unknown version"}. Name a newer one with embedded_nats.executable, or leave embedded_nats.sync out.");

    internal static EmbeddedNatsException BadPort(int port) => new(
        $"The embedded nats-server's port must be 0 to 65535, not {port}.");

    internal static EmbeddedNatsException FolderUnusable(string folder, Exception cause) => new(
        $"The data folder '{folder}' cannot be created or written ({ReasonOf(cause)}). "
        + "Make it writable, or choose another one with --data-folder or embedded_nats.data_folder.", cause);

    internal static EmbeddedNatsException FolderInUse(string folder, Exception cause) => new(
        $"The data folder '{folder}' is in use by another instance. "
        + "Stop that one, or choose another folder with --data-folder or embedded_nats.data_folder.", cause);

    internal static EmbeddedNatsException FolderHeld(string folder) => new(
        $"The data folder '{folder}' is still held by a nats-server that an earlier instance started. "
        + "Wait until it has ended, or end it.");

    internal static EmbeddedNatsException StoreGone(string store) => new(
        $"The store '{store}' is not there any more, or is no folder. Put it back and it is used again, "
        + "or start this program anew to begin with an empty one.");

    internal static EmbeddedNatsException PortInUse(int port) => new(
        $"embedded_nats.port: Port {port} on 127.0.0.1 is in use by another program. Stop that program, or set embedded_nats.port "
        + "(environment: Httpmq__EmbeddedNats__Port) to a free one.");

    internal static EmbeddedNatsException NotLaunched(string executable, Exception cause) => new(
        $"embedded_nats.executable: '{executable}' could not be run ({ReasonOf(cause)}).", cause);

    /// <param name="executable">The program that was started.</param>
    /// <param name="exitCode">Its exit code.</param>
    /// <param name="output">"printed nothing", or "printed last: …".</param>
    internal static EmbeddedNatsException ExitedAtOnce(string executable, int exitCode, string output) => new(
        $"'{executable}' ended while starting with exit code {exitCode} and {output}");

    internal static EmbeddedNatsException Silent(string executable, TimeSpan timeout, string output) => new(
        $"'{executable}' was not ready and said nothing for {timeout.TotalSeconds:0.#} s. It {output}");

    internal static EmbeddedNatsException StoreTooNew(string store, string? before, string? version, string consequence) => new(
        $"nats-server {version ?? "of an unknown version"} must not use the store '{store}', which belongs to {before ?? "a newer one"}: {consequence}. "
        + $"Name nats-server {before ?? "2.10"} or newer with embedded_nats.executable, or choose another data folder.");

    internal static EmbeddedNatsException StoreUnknown(string store, Exception cause) => new(
        $"nats-server did not say what it found in the store '{store}' ({ReasonOf(cause)}). Start this program again.", cause);

    internal static EmbeddedNatsException NoJetStream(string executable) => new(
        $"'{executable}' runs, but without JetStream, so nothing could be stored.");

    private static string SourceOf(string executable, string configured) =>
        string.Equals(executable, configured, StringComparison.Ordinal) ? "embedded_nats.executable" : NatsServerCommand.Variable;

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
