using System.Globalization;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Infrastructure.Diagnosis;

namespace Httpmq.Api.Hosting.Doctor;

/// <summary>Whether as many connections can be open as may: each is an open file.</summary>
internal static class OpenFilesCheck
{
    public const string Name = "open_files";

    private const string Line = "Max open files";

    // Of the process itself: libraries, connections to NATS, logs.
    private const int Own = 300;

    public static IReadOnlyList<CheckResult> Examine(HttpmqSettings settings)
    {
        var served = settings.Served().ToArray();
        var gateway = served.Select(static one => PortOwner.Process(one.Server.ListenPort)).FirstOrDefault(static id => id is not null);
        if (Read(gateway is { } id ? $"/proc/{id}/limits" : "/proc/self/limits") is not { } limit)
        {
            return [];
        }

        var ports = served.Sum(static one => PortCheck.PortsOf(one.Group, one.Server).Count());
        var wanted = ((long)settings.Limits.MaxConnections * ports) + Own;
        var whose = gateway is null ? "this shell's limit" : $"the limit of process {gateway}";
        var seen = string.Create(
            CultureInfo.InvariantCulture,
            $"{whose} is {limit}; limits.max_connections on {ports} ports may need {wanted}");
        return [limit >= wanted
            ? CheckResult.Ok(Name, seen)
            : CheckResult.Warning(
                Name, seen, "raise it (systemd: LimitNOFILE=; ulimit -n), or lower limits.max_connections")];
    }

    /// <summary>The soft limit; null where there is none, or it cannot be told.</summary>
    private static long? Read(string file)
    {
        try
        {
            var line = File.ReadLines(file).FirstOrDefault(static line => line.StartsWith(Line, StringComparison.Ordinal));
            return long.TryParse(
                line?[Line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture, out var limit)
                ? limit
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
