using System.Globalization;

namespace Httpmq.Api.Hosting.Doctor;

/// <summary>Which process listens on a port, as far as Linux tells whoever asks: of others' processes only root may know.</summary>
internal static class PortOwner
{
    private const string Listening = "0A";

    /// <summary>Such as <c>process 71 (nginx)</c>; null where it cannot be told.</summary>
    public static string? Of(int port) =>
        Process(port) is { } id ? $"process {id} ({Read($"/proc/{id}/comm")?.Trim() ?? "?"})" : null;

    /// <summary>The process's id.</summary>
    public static int? Process(int port)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        var sockets = ((string[])["/proc/net/tcp", "/proc/net/tcp6"]).SelectMany(static table => Read(table)?.Split('\n').Skip(1) ?? [])
            .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length > 9
                && string.Equals(fields[3], Listening, StringComparison.Ordinal)
                && int.TryParse(fields[1].Split(':')[^1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var local)
                && local == port)
            .Select(static fields => $"socket:[{fields[9]}]")
            .ToHashSet(StringComparer.Ordinal);
        return sockets.Count == 0 ? null : Directory.EnumerateDirectories("/proc")
            .Select(static path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0 && Has(id, sockets))
            .Select(static id => (int?)id)
            .FirstOrDefault();
    }

    private static bool Has(int process, HashSet<string> sockets)
    {
        try
        {
            return Directory.EnumerateFiles($"/proc/{process}/fd")
                .Any(file => new FileInfo(file).LinkTarget is { } target && sockets.Contains(target));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
