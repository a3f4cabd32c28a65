using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.EmbeddedNats;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Infrastructure.Diagnosis;

/// <summary>The settings as the person who sets them knows them.</summary>
/// <param name="Executable">The program.</param>
/// <param name="Port">The port.</param>
/// <param name="Sync">When messages are on the disk.</param>
/// <param name="DataFolder">Where it stores.</param>
/// <param name="ServerUri">The address of another NATS server.</param>
public sealed record EmbeddedSettingNames(string Executable, string Port, string Sync, string DataFolder, string ServerUri);

/// <summary>Looks whether the embedded nats-server could be started, or runs: its program, its port, its data folder, the disk.</summary>
/// <param name="options">How it is started.</param>
/// <param name="time">The clock.</param>
public sealed class EmbeddedDoctor(EmbeddedNatsOptions options, TimeProvider time)
{
    private const string Program = "nats_server";
    private const string Port = "port.nats";
    private const string Folder = "data_folder";
    private const string Disk = "disk";

    // Less than nats-server's block of messages, with what else it writes.
    private const long TooLittle = 64L * 1024 * 1024;
    private const long Little = 1024L * 1024 * 1024;

    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private static readonly string[] Examples = ["apt-get install nats-server", "brew install nats-server"];

    private readonly string _folder = Path.GetFullPath(options.DataFolder);

    /// <summary>What advice names.</summary>
    public required EmbeddedSettingNames SettingNames { get; init; }

    /// <summary>How to reach it while a gateway runs it; null: none does.</summary>
    public NatsOptions? Running()
    {
        var key = Path.Combine(_folder, EmbeddedLogin.FileName);
        return IsHeld() && File.Exists(key)
            ? new NatsOptions
            {
                Url = string.Create(CultureInfo.InvariantCulture, $"nats://127.0.0.1:{options.Port}"),
                Login = NatsLogin.OfNKey(Secret.InFile(key)) with { SettingName = $"the key in {key}" },
            }
            : null;
    }

    /// <summary>Each part takes one check's time at most, and all are made at once.</summary>
    public async Task<IReadOnlyList<CheckResult>> ExamineAsync(CancellationToken cancellationToken)
    {
        var parts = await Task.WhenAll(
            Examination.RunAsync(Program, ExamineProgramAsync, time, cancellationToken),
            Examination.RunAsync(Port, _ => Task.FromResult(ExaminePort()), time, cancellationToken),
            Examination.RunAsync(Folder, _ => Task.FromResult(ExamineFolder()), time, cancellationToken),
            Examination.RunAsync(Disk, _ => Task.FromResult(ExamineDisk()), time, cancellationToken));
        return [.. parts.SelectMany(static part => part)];
    }

    private async Task<IReadOnlyList<CheckResult>> ExamineProgramAsync(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
        {
            return
            [
                CheckResult.Problem(Program, "it needs Linux or macOS", "run a nats-server yourself, and set " + SettingNames.ServerUri),
            ];
        }

        var wanted = NatsServerCommand.Choose(options.Executable);
        if (NatsServerCommand.Find(wanted) is not { } executable)
        {
            return [CheckResult.Problem(
                Program,
                Path.Exists(wanted) ? $"'{wanted}' is not executable" : $"there is no executable '{wanted}'",
                $"install it ({string.Join(", ", Examples)}), name another with {SettingNames.Executable}, "
                    + $"or set {SettingNames.ServerUri}")];
        }

        var version = await NatsServerVersion.AskAsync(executable, Examination.AnswerLimit, cancellationToken);
        if (version is null)
        {
            return [CheckResult.Problem(
                Program, $"'{executable}' does not say its version", $"name a nats-server with {SettingNames.Executable}")];
        }

        var facts = ServerFacts.Of(version);
        var seen = $"{executable}, version {version}, {BrokerDoctor.Describe(facts)}";
        return (options.Sync, StoreVersion.WarningFor(_folder, version)) switch
        {
            (EmbeddedNatsSync.Always, _) when !facts.CanSyncAlways => [CheckResult.Problem(
                Program,
                $"{seen}; it cannot force each message to the disk",
                $"use nats-server 2.10 or newer, or leave {SettingNames.Sync} out")],
            (_, { } warning) => [CheckResult.Warning(Program, seen, warning)],
            _ => [CheckResult.Ok(Program, seen)],
        };
    }

    private IReadOnlyList<CheckResult> ExaminePort()
    {
        var address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{options.Port}");
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, options.Port);
            listener.Start();
            return [CheckResult.Ok(Port, $"{address} is free")];
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressAlreadyInUse && IsHeld())
        {
            return [CheckResult.Ok(Port, $"{address} is taken, and a gateway runs on the data folder")];
        }
        catch (SocketException exception)
        {
            return [CheckResult.Problem(
                Port, $"{address}: {exception.Message}", $"end the program that has it, or choose another port with {SettingNames.Port}")];
        }
    }

    private IReadOnlyList<CheckResult> ExamineFolder()
    {
        var exists = Directory.Exists(_folder);
        if (Unwritable(exists ? _folder : NearestAbove(_folder)) is { } reason)
        {
            return [CheckResult.Problem(
                Folder, $"{_folder} cannot be {(exists ? "written" : "created")} ({reason})",
                $"make it writable for who runs the gateway, or choose another with {SettingNames.DataFolder}")];
        }

        if (!exists)
        {
            return [CheckResult.Ok(Folder, $"{_folder} is not there yet; it is created at the start")];
        }

        var mode = OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(_folder);
        var seen = $"{_folder} can be written{(IsHeld() ? ", and a gateway runs on it" : "")}, mode "
            + Convert.ToString((int)mode, 8).PadLeft(4, '0');
        return [(mode & Others) == UnixFileMode.None
            ? CheckResult.Ok(Folder, seen)
            : CheckResult.Warning(Folder, $"{seen}: other users of this machine can enter it", $"run 'chmod 700 {_folder}'")];
    }

    private IReadOnlyList<CheckResult> ExamineDisk()
    {
        var drive = new DriveInfo(Directory.Exists(_folder) ? _folder : NearestAbove(_folder));
        var seen = $"{AccountCheck.Bytes(drive.AvailableFreeSpace)} of {AccountCheck.Bytes(drive.TotalSize)} are free";
        var advice = $"make room, or choose another disk with {SettingNames.DataFolder}; messages are refused when it is full";
        return [drive.AvailableFreeSpace switch
        {
            < TooLittle => CheckResult.Problem(Disk, seen, advice),
            < Little => CheckResult.Warning(Disk, seen, advice),
            _ => CheckResult.Ok(Disk, seen),
        }];
    }

    /// <summary>Whether a gateway has the data folder. Nothing is kept from one that starts at this moment but a moment.</summary>
    private bool IsHeld()
    {
        try
        {
            using var file = new FileStream(
                Path.Combine(_folder, DataFolder.LockFileName), FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static string NearestAbove(string folder)
    {
        var above = Path.GetDirectoryName(folder);
        while (above is not null && !Path.Exists(above))
        {
            above = Path.GetDirectoryName(above);
        }

        return above ?? folder;
    }

    private static string? Unwritable(string folder)
    {
        try
        {
            using var file = new FileStream(
                Path.Combine(folder, $".httpmq-doctor-{Path.GetRandomFileName()}"), FileMode.CreateNew, FileAccess.Write, FileShare.None,
                bufferSize: 1, FileOptions.DeleteOnClose);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return EmbeddedNatsException.ReasonOf(exception);
        }
    }
}
