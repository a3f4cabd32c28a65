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
        $"No executable '{executable}' was found{(string.Equals(executable, configured, StringComparison.Ordinal) ? "" : $", which {NatsServerCommand.Variable} names")}. Install it (Debian and Ubuntu: apt-get install nats-server; "
        + "macOS: brew install nats-server), or set nats.server_uri to a running server with JetStream.");

    internal static EmbeddedNatsException BadPort(int port) => new(
        $"The embedded nats-server's port must be 0 to 65535, not {port}.");

    internal static EmbeddedNatsException FolderUnusable(string folder, Exception cause) => new(
        $"The data folder '{folder}' cannot be created or written ({cause.Message}). "
        + "Make it writable or choose another data folder.", cause);

    internal static EmbeddedNatsException FolderInUse(string folder, Exception cause) => new(
        $"The data folder '{folder}' is in use by another instance. Stop that one or choose another data folder.", cause);

    internal static EmbeddedNatsException FolderHeld(string folder) => new(
        $"The data folder '{folder}' is still held by a nats-server that an earlier instance started. "
        + "Wait until it has ended, or end it.");

    internal static EmbeddedNatsException StoreGone(string store) => new(
        $"The store '{store}' is not there any more, or is no folder. Put it back and it is used again, "
        + "or start this program anew to begin with an empty one.");

    internal static EmbeddedNatsException PortInUse(int port) => new(
        $"Port {port} on 127.0.0.1 is in use by another program. Stop that one or set the embedded nats-server's port "
        + "to a free one.");

    internal static EmbeddedNatsException NotLaunched(string executable, Exception cause) => new(
        $"'{executable}' could not be run ({cause.Message}).", cause);

    internal static EmbeddedNatsException ExitedAtOnce(int exitCode, string lastLines) => new(
        $"nats-server ended while starting (exit code {exitCode}). Its last words: {lastLines}");

    internal static EmbeddedNatsException Silent(TimeSpan timeout, string lastLines) => new(
        $"nats-server was not ready and said nothing for {timeout.TotalSeconds:0.#} s. Its last words: {lastLines}");

    internal static EmbeddedNatsException NoJetStream() => new(
        "nats-server runs, but without JetStream, so nothing could be stored.");
}
