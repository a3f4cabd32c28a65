using System.Diagnostics;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>
/// The argument vector that starts nats-server so that it cannot outlive us and is not hit by our terminal's Ctrl-C.
/// Every link of the chain execs the next, so the process that is started is nats-server itself in the end.
/// </summary>
internal static class NatsServerCommand
{
    public const string LockFileName = "nats-server.lock";
    public const string ConfigFileName = "nats-server.conf";

    /// <summary>What is looked for on the PATH unless something else is configured.</summary>
    public const string DefaultName = "nats-server";

    /// <summary>The environment variable that names the nats-server where none is configured.</summary>
    public const string Variable = "NATS_SERVER";

    private static readonly string[] UsualFolders = ["/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin", "/usr/bin", "/bin"];

    // 1: a parent that died before its death signal was armed would never be noticed, hence the look at PPID.
    // 2: nats-server itself inherits descriptor 9 and with it the lock on its store, so that a later instance can tell
    //    whether the store is still held, however the earlier one ended. Systems without flock(1) go without.
    // 3: what nats-server creates is for its owner alone.
    private const string Prologue =
        """
        [ "$PPID" = "$1" ] || exit 70
        umask 077
        exec 9>>"$2" || exit 73
        if command -v flock >/dev/null; then flock -n 9 || exit 75; fi
        shift 2

        """;

    private const string Plain = Prologue + """exec "$@" </dev/null""";

    // The watchdog reads a pipe whose other end only we hold. End of file means that we are gone; a line means that
    // nats-server is, so that nobody kills a stranger who was given its process id meanwhile.
    private const string Watched = Prologue +
        """
        exec 3<&0
        ( trap '' HUP INT TERM; exec 9>&-; read -r _ <&3 || kill -KILL $$ ) >/dev/null 2>&1 &
        exec "$@" </dev/null 3<&-
        """;

    /// <summary>Which nats-server to look for: the configured one, else the environment's, else the one on the PATH.</summary>
    public static string Choose(string configured) =>
        string.Equals(configured, DefaultName, StringComparison.Ordinal)
        && Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen ? chosen : configured;

    /// <summary>The full path of an executable, or null when there is none.</summary>
    public static string? Find(string executable)
    {
        if (executable.Contains('/', StringComparison.Ordinal))
        {
            return IsExecutable(executable) ? Path.GetFullPath(executable) : null;
        }

        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        return path.Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(UsualFolders)
            .Select(folder => Path.Combine(folder, executable))
            .FirstOrDefault(IsExecutable);
    }

    /// <summary>setpriv(1), when it can set the parent-death signal (BusyBox has one that cannot).</summary>
    public static string? FindSetpriv() =>
        OperatingSystem.IsLinux() && Find("setpriv") is { } setpriv
        && File.ResolveLinkTarget(setpriv, returnFinalTarget: true) is not { Name: "busybox" } ? setpriv : null;

    /// <summary>
    /// The vector. With <paramref name="setpriv"/> null, the process's standard input must be a pipe that the parent holds,
    /// and the parent must write a line to it once the process has ended.
    /// </summary>
    public static string[] Build(string server, string dataFolder, int port, int parentProcessId, string? setpriv) =>
    [
        .. OwnSession(),
        .. setpriv is null ? (string[])[] : [setpriv, "--pdeathsig", "KILL"],
        "/bin/sh", "-c", setpriv is null ? Watched : Plain, "nats-server",
        parentProcessId.ToString(), Path.Combine(dataFolder, LockFileName),
        server,
        "--config", Path.Combine(dataFolder, ConfigFileName),
        "--addr", "127.0.0.1",
        "--port", port == 0 ? "-1" : port.ToString(),
        "--name", "httpmq",
        "--jetstream", "--store_dir", dataFolder,
    ];

    public static ProcessStartInfo ToStartInfo(string[] vector)
    {
        var start = new ProcessStartInfo(vector[0])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in vector.AsSpan(1))
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    // A terminal sends Ctrl-C to the whole foreground group; the store must outlive the gateway's draining.
    private static string[] OwnSession()
    {
        if (Find("setsid") is { } setsid)
        {
            return [setsid];
        }

        return Find("perl") is { } perl ? [perl, "-MPOSIX", "-e", "POSIX::setsid(); exec @ARGV"] : [];
    }

    private static bool IsExecutable(string file) =>
        !OperatingSystem.IsWindows() && File.Exists(file)
        && (File.GetUnixFileMode(file) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute))
            != UnixFileMode.None;
}
